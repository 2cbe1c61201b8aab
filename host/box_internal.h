/* box_internal - a box from the inside, for box.c, box_request.c and box_probe.c. */
#ifndef HOST_BOX_INTERNAL_H
#define HOST_BOX_INTERNAL_H

#include "host/box.h"
#include "host/box_group.h"
#include "host/box_link.h"
#include "host/box_map.h"
#include "host/box_net.h"

struct request;

struct box {
	struct loop *loop;		 /* borrowed */
	const struct box_events *events; /* borrowed */
	void *ctx;			 /* borrowed */
	char *id, *dir;			 /* owned */
	struct pairs envs;		 /* owned; of every process */
	struct box_support support;
	bool wants_internet;

	struct box_link *link; /* owned */
	struct box_map *map;   /* owned; NULL: none to make */
	struct box_net *net;   /* owned; NULL: none */
	struct box_net *left;  /* owned; NULL: none; was cut off and is not gone yet */
	struct box_group group;
	struct timer *deadline; /* owned; for answering, then for ending */
	int child;		/* bubblewrap, or the supervisor itself; 0: reaped */
	int supervisor;		/* its pid as we see it; 0: it has not spoken yet */
	int pidfd;		/* owned; the supervisor's; -1 until it has spoken */
	int log;		/* owned; -1 once it has spoken */

	bool ready;
	bool asked;	  /* box_kill() was called */
	bool ending;	  /* being killed, whoever wanted it */
	bool ended;	  /* nothing is left, and that was said */
	bool freed;	  /* the memory goes at the end of this turn */
	struct error why; /* first reason of an end nobody asked for */

	struct request *requests; /* owned; not answered yet */
	size_t request_count, request_cap;
	uint32_t last_id;
	uint64_t failing; /* deferred call that answers what could not be sent */
	uint64_t cpu_us;  /* what was last said: it never goes back */
};

/* box_request.c */
void box_answer(struct box *b, struct box_link_message *reply);
void box_answer_all(struct box *b, const char *why); /* with failure */
void box_forget_requests(struct box *b);

/* Why there is no internet; NULL: no such failure. */
const char *box_internet_failure(const struct box *b);
int box_internet_pid(const struct box *b); /* 0: nothing runs */

#endif
