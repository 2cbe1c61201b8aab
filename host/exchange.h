/*
 * exchange - one request to a service inside a sandbox and its answer: what the files of
 * ports share. exchange.c is its life, exchange_splice.c moves the bytes, exchange_dial.c
 * finds the service, ports.c begins and ends them.
 *
 * exchange_fail(), exchange_complete() and all that may call them end the exchange: its
 * memory may be gone afterwards.
 */
#ifndef HOST_EXCHANGE_H
#define HOST_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "host/backlog.h"
#include "host/port_head.h"
#include "host/ports.h"
#include "host/sandbox.h"

#define EXCHANGE_PIECE (64 * 1024)    /* read at once */
#define EXCHANGE_UP_HIGH (256 * 1024) /* more of a body waits in the client's socket */

struct ports {
	struct loop *loop;	/* borrowed */
	struct exchange *first; /* owned list */
	size_t count;
	struct ports_limits limits;
	struct timer *sweep; /* owned */
};

struct exchange {
	struct exchange *prev, *next;
	struct ports *ports;	   /* borrowed */
	struct registry *registry; /* borrowed */
	struct request
	    *request; /* borrowed; NULL: over, waits for a callback to be freed */
	struct port_question question;
	char id[32];
	int port;

	int fd;		     /* the service's; -1: none */
	struct watch *watch; /* owned: on fd */
	struct timer *retry; /* owned */
	int dials;
	bool over6;   /* this dial is the one to ::1 */
	bool waiting; /* a socket or a resume will be reported */
	bool waking;  /* it is a resume */
	bool connected;

	int client;		  /* its socket once the answer has begun, else -1 */
	struct backlog up;	  /* to the service */
	struct buf head;	  /* of the answer, until it is whole */
	struct backlog down;	  /* to the client */
	int64_t left;		  /* of the answer's body; -1: until the service ends */
	bool body_complete, deaf; /* of the question; the service takes no more of it */
	bool headed;
	bool tunnel;			  /* upgraded */
	bool service_ended, client_ended; /* said all they will say */
	uint64_t moved_ms;
};

/* Under way from now on, with nothing sent. */
struct exchange *exchange_new(
    struct ports *p, struct request *r, const struct sandbox *s, int port);
void exchange_free(struct exchange *e);
/* The connection to the service, if there is one. */
void exchange_hang_up(struct exchange *e);
/* The request is answered or gone. Memory stays for a callback that is still due. */
void exchange_finish(struct exchange *e);
/* With an answer of our own, where none has begun. */
void exchange_fail(struct exchange *e, int status, const char *message, int port);
void exchange_complete(struct exchange *e);
void exchange_moved(struct exchange *e); /* a byte did, now */
/* Sets who is looked at for what. */
void exchange_look(struct exchange *e);

/* ---- bytes */
/* The sink of the request. */
size_t exchange_on_body(void *exchange, const char *bytes, size_t len);
void exchange_on_service(
    struct exchange *e, int events); /* of a connection that stands */
void exchange_flush_up(struct exchange *e);

/* ---- the service: tries its port, some times; then what waits is sent */
void exchange_dial(struct exchange *e);

#endif
