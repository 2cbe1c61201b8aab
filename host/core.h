/*
 * core - the parts of a running host, for the files of this room.
 *
 * host_open() builds them on a loop and begins to serve; host_shutdown() ends
 * every sandbox and reports when nothing runs any more; then host_close().
 * host_run() does all of it in a process of its own; tests do it in theirs.
 */
#ifndef HOST_CORE_H
#define HOST_CORE_H

#include "base/loop.h"
#include "host/box.h"
#include "host/host.h"
#include "host/server.h"
#include "wire/hostfile.h"

#define HOST_CLIENT_ID "6532622b"
#define HOST_ENVD_VERSION "0.6.13"
#define HOST_ENVD_PORT 49983
#define HOST_MAX_TIMEOUT_S ((int64_t)24 * 3600)
/* There is one project; its number means nothing and is always the same. */
#define HOST_TEAM_ID "7c9e6679-7425-40de-944b-e07fc1f90ae7"

struct registry;
struct metrics;
struct journal;
struct store;
struct answers;
struct ports;
struct catalogue;
struct builder;
struct team;

struct host {
	struct loop *loop;    /* borrowed */
	char *state_dir;      /* owned */
	char *data_dir;	      /* owned: sandboxes, database */
	char *init_path;      /* owned */
	char *system_layer;   /* owned; NULL: none is needed */
	int lock_fd;	      /* holds the lock while open */
	struct hostfile file; /* port and key */
	struct box_support support;
	size_t replay_ring;    /* bytes of output kept of each process */
	struct server *server; /* owned, as the rest */
	struct store *store;
	struct journal *journal;
	struct metrics *metrics;
	struct catalogue *catalogue; /* of templates */
	struct registry *registry;
	struct builder *builder;
	struct team *team;
	struct ports *ports;
	bool hurried;		 /* host_shutdown() did not wait for everything */
	struct answers *answers; /* of creates with an Idempotency-Key */
};

struct host *host_open(
    struct loop *loop, const struct host_options *options, struct error *err) MUST_CHECK;
/* done() once, when every sandbox has ended and all is written. */
void host_shutdown(struct host *h, void (*done)(void *ctx), void *ctx);
void host_close(
    struct host *h); /* after host_shutdown(), or at once: then boxes are killed */

#endif
