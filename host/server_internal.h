/* server_internal - what server.c and request.c share. */
#ifndef HOST_SERVER_INTERNAL_H
#define HOST_SERVER_INTERNAL_H

#include "host/mhd_lazy.h"

#include "base/str.h"
#include "host/server.h"

/* One TCP connection, kept so that those who never send a request are cut. */
struct connection {
	struct server *server;		/* borrowed */
	struct connection *prev, *next; /* borrowed: the server's list */
	struct request *request; /* borrowed: the one being served, NULL between two */
	int fd;			 /* libmicrohttpd's */
	uint64_t since_ms;	 /* of the last progress */
	uint64_t begun_ms;	 /* of the request being served */
	bool used;		 /* a request was begun on it */
	bool cut;		 /* shut down by us, about to go */
};

struct server {
	struct loop *loop;		    /* borrowed */
	const struct server_events *events; /* borrowed */
	void *ctx;			    /* borrowed */
	struct MHD_Daemon *daemon;	    /* owned */
	struct watch *watch;		    /* owned: the daemon's epoll descriptor */
	struct timer *again;		    /* owned: when libmicrohttpd wants to run */
	struct timer *sweep;		    /* owned: cuts those who stall */
	uint64_t deferred;		    /* loop_defer's id; 0: none */
	struct request *woken;		    /* borrowed list: streams with more to send */
	bool resumed;			    /* libmicrohttpd has something to do */
	struct connection *connections;	    /* owned list */
	size_t connection_count, connection_limit;
	size_t crowded_at; /* so many connections, and the idle ones must go */
	uint64_t progress; /* calls of libmicrohttpd so far */
	bool stuck;	   /* it says it has work, and does none */
	int port;
	bool stopping;
};

struct request {
	struct server *server;		   /* borrowed */
	struct connection *on;		   /* borrowed */
	struct MHD_Connection *connection; /* borrowed; NULL until the header is read */
	char *path;			   /* owned: before the '?' */
	const char *query;		   /* borrowed: into path's memory */
	const char *method;		   /* borrowed from libmicrohttpd */

	struct buf body;
	size_t body_limit, body_seen;
	request_sink *sink;
	void *sink_ctx; /* borrowed */

	void (*hold)(void *ctx, struct request *r);
	void *hold_ctx; /* borrowed */
	void (*gone)(void *ctx);
	void *gone_ctx;			    /* borrowed */
	void (*raw)(void *ctx, int events); /* set: the answer is written by the owner */
	void *raw_ctx;			    /* borrowed */

	struct pairs headers;	       /* of the reply */
	struct MHD_Response *response; /* owned until queued */
	int status;
	request_source *source; /* NULL: a whole reply */
	void *source_ctx;	/* borrowed */
	struct buf pending;	/* framed, on its way to the socket */
	size_t pending_at;
	struct request *next_woken; /* borrowed */
	struct watch *watch; /* owned: on the socket while libmicrohttpd looks away */

	bool headed, told, answered, queued, suspended;
	bool chunked;	/* the client understands chunks */
	bool streaming; /* the header is out, the body is written here */
	bool woken;	/* on the server's list */
	bool exhausted; /* the source gave all */
	bool breaks;	/* then the connection is broken, not the answer ended */
	bool early;	/* answered past libmicrohttpd; the rest of the body is dropped */
	bool dead;	/* the client left */
	bool held;	/* answered, but that may not leave yet */
};

/* Cuts who stalls, as the sweep does every few seconds. */
void server_cut_stalled(struct server *s, uint64_t now_ms);
/* What in the header makes it unclear where the request ends, or whom it is for; NULL: in
 * order. request_check.c */
const char *request_refusal(const struct request *r, const char *version);

struct request *request_new(struct server *s, const char *uri, struct connection *on);
void request_free(struct request *r);
/* libmicrohttpd's access handler, once it is known whose call it is. */
enum MHD_Result request_advance(struct request *r, struct MHD_Connection *connection,
    const char *method, const char *version, const char *bytes, size_t *len);
/* Our own eye on the socket; made when missing. */
void request_look(struct request *r, int events);
void request_left(struct request *r); /* tells the owner, once */
void request_pump(struct request *r); /* a woken stream: sends what its source has */
/* At the end of this turn: woken streams are pumped, then libmicrohttpd runs. */
void server_run_soon(struct server *s);

#endif
