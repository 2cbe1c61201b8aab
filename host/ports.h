/*
 * ports - HTTP to services that listen inside a sandbox's own network: one
 * exchange per request, from the client's header to the last byte of the
 * answer. docs/notes/0005, control-plane.md 5.
 *
 * The sandbox's supervisor makes the socket, so that "port 3000" is the
 * sandbox's and nobody else's. Request bodies come decoded from our server and
 * are sent on as they come; answers pass byte for byte behind a header that
 * says the connection ends. After "101 Switching Protocols" both directions
 * are spliced. Each side is read only as fast as the other takes it.
 *
 * An exchange lives no longer than its request, its sandbox's run and the time
 * nothing may move on it.
 */
#ifndef HOST_PORTS_H
#define HOST_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include "host/core.h"
#include "host/sandbox.h"
#include "host/server.h"

#define PORTS_NOT_FOUND_TEXT "The sandbox was not found"
#define PORTS_CLOSED_TEXT "The sandbox is running but port is not open"

struct ports *ports_new(struct loop *loop);
/* After the server and the registry: no request is told any more. NULL is fine. */
void ports_free(struct ports *p);
struct ports_limits {
	size_t per_sandbox, all; /* exchanges at once; a 429 beyond */
	uint64_t idle_ms;	 /* without a byte either way: then it is ended */
	int dials;		 /* of a port that is closed: it may be about to open */
};
/* As the descriptors allow; tests set others, before anything is under way. */
struct ports_limits *ports_limits(struct ports *p);
size_t ports_count(const struct ports *p);

/* From head(): takes the request over. `wake_s` not 0: a paused sandbox is resumed first,
 * for so long. */
void ports_begin(
    struct ports *p, struct request *r, struct sandbox *s, int port, int64_t wake_s);
/* From ready(): the body is complete. `exchange` is the request's sink's. */
void ports_body_complete(void *exchange);
/* The sandbox was killed, paused, or ended: nothing of it goes on. */
void ports_cut(struct ports *p, const char *id);

#endif
