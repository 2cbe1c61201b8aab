/*
 * front - what stands before a sandbox: which one a request is for, whether it
 * runs, whether the caller may come in, whether it is woken. In the cloud these
 * are the proxies; control-plane.md 5, envd.md 1.
 */
#ifndef HOST_FRONT_H
#define HOST_FRONT_H

#include "host/routes.h"
#include "host/sandbox.h"

struct target {
	bool is_sandbox; /* else the request is for the API */
	char id[32];
	int port;
	const char *problem; /* plain text of a 400; NULL: none */
};

void front_parse(const struct request *r, struct target *out);
/* The same, and who made the signature of a URL that names no sandbox: so look the URLs of
 * files that the SDKs make with the address `host env` prints. */
void front_find(const struct host *h, const struct request *r, struct target *out);
/* Such a URL that nobody here made. */
bool front_is_signed(const struct request *r);
bool front_has_token(const struct request *r, const struct sandbox *s);
/* CORS headers of every envd answer. */
void front_add_cors(struct request *r);
/* The running sandbox, or NULL when it was answered, or is being woken: then the request
 * comes back through routes_ready(). */
struct sandbox *front_admit(
    struct host *h, struct request *r, const struct target *target);
/* The host answers that port itself: envd's, and the code interpreter's where there is one. */
bool front_is_ours(const struct host *h, const struct target *target);
/* 403 for a port of a closed sandbox without its token; false: it may go on. */
bool front_refuse_closed(struct host *h, struct request *r, const struct target *target);
/* From head(): a request for a port that is not envd's, of a sandbox that runs or is woken.
 * false: it is answered when its body is complete. */
bool front_take_port(struct host *h, struct request *r, const struct target *target);

#endif
