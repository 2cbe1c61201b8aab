/* interpreter_internal - contexts and executions, for interpreter.c and its routes. */
#ifndef HOST_INTERPRETER_INTERNAL_H
#define HOST_INTERPRETER_INTERNAL_H

#include "host/interpreter.h"
#include "host/kernel.h"
#include "wire/interpreter.h"

#define INTERPRETER_CONTEXTS_MAX 64
#define INTERPRETER_QUEUE_MAX 64 /* cells that wait for one context */

struct execution {
	struct execution *next;	 /* owned by the context's queue */
	struct context *context; /* borrowed; NULL: only the stream is left */
	struct request *request; /* borrowed; NULL: the client has left */
	struct timer *keepalive; /* owned */
	char *code;		 /* owned */
	struct pairs envs;	 /* owned */
	struct buf out;		 /* owned; events on their way */
	bool running, complete;
};

struct context {
	struct context *next;		  /* owned by the interpreter's list */
	struct interpreter *interpreter;  /* borrowed */
	struct interpreter_context named; /* owned */
	const struct kernel_driver *driver;
	bool is_default;	 /* of its language */
	struct kernel *kernel;	 /* owned; NULL: none yet */
	struct execution *queue; /* owned; the first one runs */
	bool busy;		 /* the kernel runs a cell, perhaps nobody's any more */
};

struct interpreter {
	struct loop *loop;	  /* borrowed */
	struct box *box;	  /* borrowed; of the last request */
	struct context *contexts; /* owned list, oldest first */
};

/* Cuts the streams of a context with an error of that name. */
void context_cut(struct context *c, const char *name, const char *value);
struct context *context_new(struct interpreter *i, const struct kernel_driver *driver,
    const char *cwd, bool is_default);
struct context *context_find(const struct interpreter *i, const char *id);
struct context *context_default(
    struct interpreter *i, const struct kernel_driver *driver);
void context_end_kernel(struct context *c);
void context_remove(struct context *c);
size_t context_waiting(const struct context *c);
/* Takes what is in `what`; answers with a stream. */
void context_execute(
    struct context *c, struct request *r, struct interpreter_execute *what);

#endif
