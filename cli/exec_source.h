/* exec_source - our standard input on its way to the remote, in pieces of 64 KiB. */
#ifndef CLI_EXEC_SOURCE_H
#define CLI_EXEC_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "cli/own_fd.h"

/* From the loop. */
struct exec_source_events {
	void (*data)(void *ctx, const char *bytes, size_t len);
	void (*end)(void *ctx, int errnum); /* 0: the end; else reading failed */
};

struct exec_source {
	const struct exec_source_events *events; /* borrowed */
	void *ctx;				 /* borrowed */
	struct loop *loop;			 /* borrowed */
	struct own_fd fd;
	struct watch *watch; /* owned; NULL: always ready */
	uint64_t deferred;   /* 0: none */
	bool wanted, over;
	char *piece; /* owned */
};

/* false: there is no input (closed, or a terminal: a person types into a shell). */
bool exec_source_open(struct exec_source *s, struct loop *loop,
    const struct exec_source_events *events, void *ctx);
/* Whether data is taken now. */
void exec_source_want(struct exec_source *s, bool wanted);
void exec_source_close(struct exec_source *s); /* zeroed is fine */

#endif
