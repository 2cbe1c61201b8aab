/* builder_internal - one build under way, for builder.c and builder_steps.c. */
#ifndef HOST_BUILDER_INTERNAL_H
#define HOST_BUILDER_INTERNAL_H

#include "host/builder.h"
#include "host/catalogue.h"
#include "host/errand.h"

struct work {
	struct work *next;	 /* owned by the builder's list */
	struct builder *builder; /* borrowed */
	struct build *build;	 /* borrowed */
	struct build *base;	 /* borrowed and held while its tree is copied */
	struct build_order order;
	struct outset outset;  /* as far as the steps went */
	struct box *box;       /* owned */
	struct box_copy *copy; /* owned */
	struct errand *errand,
	    *server;	     /* owned: a step or the ready command; the start command */
	struct timer *timer; /* owned: deadline of a step, then of being ready */
	struct timer *again; /* owned: the ready command once more */
	struct transfer *transfer; /* borrowed: frees itself */
	struct buf said;	   /* owned: standard output of the errand, in short */
	size_t step;		   /* the one that runs, from 0 */
	bool running, readying, ending;
	char *failure;	  /* owned; NULL: it is fine so far */
	uint64_t freeing; /* deferred call; 0: none */
};

/* A tar file on its way into the box. */
struct transfer {
	struct work *work; /* borrowed; NULL: nobody waits */
	int from, to;	   /* owned */
	int failure;	   /* errno */
};

struct builder {
	struct host *host;  /* borrowed */
	struct work *works; /* owned list, oldest first */
	bool closing;
};

/* ---- builder.c */
/* An entry of the build's log, with the step that runs. */
void builder_note(struct work *w, const char *level, const char *text);
/* Ends the build: it has failed. */
void builder_fail(struct work *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
void builder_on_line(void *ctx, bool error, const char *line); /* of an errand */
/* "ended with status 3" */
const char *builder_end_text(int status, char *out, size_t size);
/* After the last step. */
void builder_begin_ready(struct work *w);

/* ---- builder_steps.c */
/* Runs the step w->step and all after it. */
void builder_run_step(struct work *w);

#endif
