/*
 * envd - handlers of the daemon's calls, as if it ran inside the sandbox
 * (envd.md). The route table names them; rpc.h has what precedes them.
 */
#ifndef HOST_ENVD_H
#define HOST_ENVD_H

#include "host/process.h"
#include "host/routes.h"
#include "wire/connect.h"

void serve_health(struct call *c);
void serve_metrics(struct call *c);
void serve_envs(struct call *c);
/* Calls of files, which this host does not answer yet: `unimplemented`, 501. */
void serve_without_files(struct call *c);

void serve_start(struct call *c);
void serve_connect(struct call *c);
void serve_list(struct call *c);
void serve_send_input(struct call *c);
void serve_stream_input(struct call *c);
void serve_stream_input_begin(struct call *c);
void serve_stream_input_finish(void *upload); /* what begin() set as the sink's context */
void serve_close_stdin(struct call *c);
void serve_update(struct call *c);
void serve_send_signal(struct call *c);

/* ---- for the handlers of processes */
/* A running one, or NULL with the error in *ce. */
struct process *serve_find(struct process_table *t,
    const struct process_selector *selector, struct connect_error *ce);

#endif
