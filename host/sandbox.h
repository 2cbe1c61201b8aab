/*
 * sandbox - one sandbox of the local host: what the API shows of it, its state,
 * and while it runs its box and processes. registry - all of them.
 *
 *   starting -> running <-> paused -> resuming -> running
 *   any of them -> ending -> gone
 *
 * A pause keeps the processes frozen in memory, or, asked so, ends them and
 * keeps the files. After a restart of the host only files are left: sandboxes
 * that ran or were frozen come back paused, and a resume starts a fresh
 * container on the same files. control-plane.md 6.
 */
#ifndef HOST_SANDBOX_H
#define HOST_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "host/box.h"
#include "host/catalogue.h"
#include "host/core.h"
#include "host/journal.h"
#include "host/metrics.h"
#include "host/process.h"
#include "host/watcher.h"
#include "wire/rest.h"

enum sandbox_state {
	SANDBOX_STARTING,
	SANDBOX_RUNNING,
	SANDBOX_PAUSED,
	SANDBOX_RESUMING,
	SANDBOX_ENDING,
};

/* s is NULL when it failed or ended meanwhile; then err says why: ERROR_CANCELLED means that
 * the host ends, and with it all requests. */
struct sandbox;
typedef void sandbox_done(void *ctx, struct sandbox *s, const struct error *err);

struct waiter {
	struct waiter *next; /* owned by the list */
	sandbox_done *done;
	void *ctx; /* borrowed */
};

struct interpreter;
struct snapshot;
struct startup;

struct sandbox {
	struct sandbox *next;	   /* owned by the registry's list */
	struct registry *registry; /* borrowed */
	struct rest_sandbox info;
	struct pairs envs;
	struct outset outset;	 /* owned; its envs are in `envs` */
	struct error unready;	 /* why the template's commands did not succeed */
	struct startup *startup; /* owned; the template's commands are being run */
	char *dir;		 /* owned; NULL: simulated */
	uint32_t simulated;	 /* its number; 0: it is real. simulate.h */
	enum sandbox_state state;
	int64_t created_ms, timeout_s;
	bool pause_memory; /* auto-pause keeps the memory */

	struct box *box;		 /* owned; NULL: no processes */
	bool box_ending;		 /* it was killed and has not ended yet */
	struct process_table *processes; /* owned; NULL: simulated */
	struct watcher_table *watchers;	 /* owned; NULL: simulated */
	struct interpreter *interpreter; /* owned; NULL: simulated */
	int64_t resume_timeout_s;	 /* of the resume under way */
	struct waiter *waiters;		 /* owned list: of the transition under way */

	struct journal_share log_share;
	struct series series;
	struct box_copy *filling;  /* owned; STARTING: its files are being copied */
	struct build *from;	   /* borrowed and held: whose tree that is */
	struct snapshot *snapshot; /* owned; its files are being copied elsewhere */
	unsigned slot;		   /* of the sampler */
	uint64_t seen_cpu_us,
	    seen_at_us; /* envd's /metrics measures from its own last call */
};

/* ---- registry */
struct registry *registry_new(struct host *host);
void registry_free(struct registry *r); /* kills what runs; NULL is fine */
/* Reads what the last host left; at start, blocks. */
bool registry_load(struct registry *r, struct error *err) MUST_CHECK;
struct sandbox *registry_first(const struct registry *r); /* then s->next */
/* Also with a "-clientID" behind; not those that are starting or ending. */
struct sandbox *registry_find(const struct registry *r, const char *id);
/* The same, of those that requests for processes, files and ports can reach. */
struct sandbox *registry_find_real(const struct registry *r, const char *id);
size_t registry_count(const struct registry *r, enum sandbox_state state);
/* i and 20 of [a-z0-9], perhaps with a "-clientID", which is cut off in `out`. */
bool sandbox_id_parse(const char *text, char out[32]);
/* Ends what runs without forgetting it; done() once when all boxes have ended. */
void registry_shutdown(struct registry *r, void (*done)(void *ctx), void *ctx);
/* Something that a shutdown may be waiting for has ended. */
void registry_settle(struct registry *r);

/* Its template has the code interpreter: port 49999 is answered by us. */
bool sandbox_has_interpreter(const struct sandbox *s);
/* Removes a directory of a box, off the loop; a shutdown waits for it. */
void registry_remove_dir(struct registry *r, const char *dir);
/* What a request's path means: an empty one is the template's directory, if it has one. What
 * begins with no slash belongs to the user's home, which the supervisor knows. */
const char *sandbox_path(const struct sandbox *s, const char *given);
/* What every process gets: ids, then the create's own. */
void sandbox_default_envs(const struct sandbox *s, struct pairs *out);

/* ---- changes. Each reports once, from the loop or from within the call. */
void sandbox_create(struct registry *r, const struct rest_create *spec,
    struct build *build, int64_t timeout_s, sandbox_done *done, void *ctx);
/* Another one with the files of `files`, otherwise as `source` is now. */
void sandbox_fork(struct sandbox *source, struct build *files, int64_t timeout_s,
    sandbox_done *done, void *ctx);
/* Copies the files of a running one to `to`, which is made; its processes stand still
 * meanwhile. ERROR_CONFLICT: another copy is under way. done gets NULL when it failed or the
 * sandbox ended; what was copied then is still there. */
void sandbox_snapshot(struct sandbox *s, const char *to, sandbox_done *done, void *ctx);
/* done gets NULL and no error (err->code NONE) when it is gone. */
void sandbox_kill(struct sandbox *s, const char *why, sandbox_done *done, void *ctx);
/* Of a running one. `memory` false: only files are kept. */
void sandbox_pause(
    struct sandbox *s, bool memory, const char *why, sandbox_done *done, void *ctx);
/* Of a paused one; joins a resume that is under way, whose time-out then counts. `cold`: a
 * fresh container even where memory was kept. */
void sandbox_resume(
    struct sandbox *s, int64_t timeout_s, bool cold, sandbox_done *done, void *ctx);
/* Replaces what a running one may reach outside. */
bool sandbox_set_network(
    struct sandbox *s, bool denies_all, bool internet, struct error *err) MUST_CHECK;
void sandbox_set_end(struct sandbox *s, int64_t timeout_s);    /* from now, up or down */
void sandbox_extend_end(struct sandbox *s, int64_t timeout_s); /* never shortens */

#endif
