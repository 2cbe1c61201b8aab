/* exec_private - what exec.c and exec_rejoin.c share. */
#ifndef CLI_EXEC_PRIVATE_H
#define CLI_EXEC_PRIVATE_H

#include "cli/exec.h"

extern const struct envd_stream_events exec_stream_events;

/* The end: what is still on its way to our outputs is written first. */
void exec_finish(struct exec *e, int code);
void exec_fail(struct exec *e, const struct error *err);
/* Sends e->signal if there is one and the process can be reached. */
void exec_send_signal(struct exec *e);
const char *exec_tag(const struct exec *e);

/* exec_rejoin.c: the stream is lost, the process perhaps not. */
void exec_rejoin(struct exec *e, const struct error *why);
void exec_rejoined(struct exec *e);
void exec_on_replay(void *ctx, int64_t offset);

#endif
