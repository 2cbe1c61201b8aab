/*
 * routes - the one table of what this host answers: the control plane's REST
 * API and envd's calls. Dispatch finds the route, checks who may use it and
 * calls its handler with a struct call; nothing else decides who answers.
 */
#ifndef HOST_ROUTES_H
#define HOST_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "host/core.h"
#include "host/server.h"

enum route_side { ROUTE_API, ROUTE_ENVD, ROUTE_INTERPRETER };
enum route_auth {
	ROUTE_OPEN,   /* nobody is asked */
	ROUTE_KEY,    /* X-API-Key */
	ROUTE_TOKEN,  /* X-Access-Token of the sandbox */
	ROUTE_SIGNED, /* the token, or a signature in the URL */
};
enum route_kind {
	ROUTE_PLAIN,  /* the handler looks at the body */
	ROUTE_UNARY,  /* Connect: one message, one reply */
	ROUTE_STREAM, /* Connect: one message, a stream of replies */
	ROUTE_UPLOAD, /* Connect: a stream of messages, one reply */
};

struct sandbox;
struct call;

struct route {
	enum route_side side;
	enum route_kind kind;
	enum route_auth auth;
	int generation;		   /* 2: the newer form of the same call */
	const char *method, *path; /* "{}" stands for one segment */
	void (*run)(struct call *c);
	/* Takes the body as it comes: sets a sink whose context begins with a struct
	 * route_sink. It may decline, then run() gets the body whole. */
	void (*begin)(struct call *c);
};

/* The first member of a sink's context. */
struct route_sink {
	void (*finish)(void *sink); /* the body is complete */
};

/* Lives during the handler only. */
struct call {
	struct host *host;
	struct request *request;
	const struct route *route;
	char param[2][256];	 /* segments that stood for "{}", decoded */
	struct sandbox *sandbox; /* envd side: running */
	const char *user;	 /* envd side: who was named, "user" if nobody */
	const char *message;	 /* STREAM: the one message; borrowed */
	size_t message_len;
	int64_t timeout_ms; /* RPCs: Connect-Timeout-Ms; 0: none */
};

/* The route for that path; `allowed` gets the methods when only those do not fit. */
const struct route *routes_find(enum route_side side, const char *method,
    const char *path, char param[2][256], const char **allowed);
size_t routes_count(void);
const struct route *routes_at(size_t index);

/* For server_events. */
void routes_head(void *ctx, struct request *r);
void routes_ready(void *ctx, struct request *r);
void routes_too_long(void *ctx, struct request *r);

#endif
