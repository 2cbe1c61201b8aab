/*
 * exec_sink - one of the remote's two outputs on its way to ours.
 *
 * Byte-exact into anything but a terminal; into a terminal text and colours only
 * (law 4), unless `raw`. What the reader cannot take yet waits here; exec_sink_is_full()
 * tells the owner to hold the stream, `drained` that it may go on.
 */
#ifndef CLI_EXEC_SINK_H
#define CLI_EXEC_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/loop.h"
#include "cli/own_fd.h"
#include "cli/terminal_text.h"

enum { SINK_FULL = 256 * 1024 };

struct exec_sink_events {
	void (*drained)(void *ctx); /* all that waited is written */
	void (*broken)(void *ctx, int fd, int errnum);
};

struct exec_sink {
	const struct exec_sink_events *events; /* borrowed */
	void *ctx;			       /* borrowed */
	int number;			       /* 1 or 2 */
	struct own_fd fd;
	struct watch *watch; /* owned; NULL: always ready */
	struct buf pending;
	bool broken; /* nobody reads: what comes is dropped */
	bool filters;
	struct terminal_text text;
};

struct exec_sink_options {
	int fd;
	bool raw, color;
};
void exec_sink_open(struct exec_sink *s, struct loop *loop,
    const struct exec_sink_options *options, const struct exec_sink_events *events,
    void *ctx);
void exec_sink_write(struct exec_sink *s, const char *bytes, size_t len);
bool exec_sink_is_full(const struct exec_sink *s);
bool exec_sink_is_empty(const struct exec_sink *s);
/* Ends what is half said on a terminal (colours). */
void exec_sink_end(struct exec_sink *s);
void exec_sink_close(struct exec_sink *s);

#endif
