/*
 * viewer - one stream of events of one process: the reply to Start or Connect.
 * It reads the process's output at its own offset and encodes only what the
 * client takes.
 */
#ifndef HOST_VIEWER_H
#define HOST_VIEWER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/process.h"
#include "host/server.h"

#define VIEWER_FROM_NOW UINT64_MAX

struct viewer_options {
	uint64_t from;	     /* byte offset, or VIEWER_FROM_NOW */
	int keepalive_s;     /* at least 1 */
	int64_t deadline_ms; /* of the stream; 0: none */
};

/* Answers the request with the stream; Sandtop-Replay-At is set when `from` is an offset.
 * The viewer frees itself when the stream is over. */
void viewer_open(
    struct process *p, struct request *r, const struct viewer_options *options);
/* Ends the stream with an error after what is already on its way. */
void viewer_fail(struct viewer *v, enum connect_code code, const char *message);

/* For process.c. */
struct viewer *viewer_next(const struct viewer *v);
uint64_t viewer_offset(const struct viewer *v);
bool viewer_is_failed(const struct viewer *v);
void viewer_wake(struct viewer *v);
/* The process is forgotten before its viewer. */
void viewer_orphan(struct viewer *v, const char *why);
void viewer_set_next(struct viewer *v, struct viewer *next);

#endif
