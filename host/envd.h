/*
 * envd - handlers of the daemon's calls, as if it ran inside the sandbox
 * (envd.md). The route table names them; rpc.h has what precedes them.
 */
#ifndef HOST_ENVD_H
#define HOST_ENVD_H

#include "host/init/protocol.h"
#include "host/process.h"
#include "host/routes.h"
#include "wire/connect.h"
#include "wire/filesystem.h"

void serve_health(struct call *c);
void serve_metrics(struct call *c);
void serve_envs(struct call *c);

void serve_stat(struct call *c);
void serve_list_dir(struct call *c);
void serve_make_dir(struct call *c);
void serve_move(struct call *c);
void serve_remove(struct call *c);

void serve_download(struct call *c);
void serve_upload(struct call *c);
void serve_upload_begin(struct call *c);
void serve_compose(struct call *c);

void serve_start(struct call *c);
void serve_connect(struct call *c);
void serve_list(struct call *c);
void serve_send_input(struct call *c);
void serve_stream_input(struct call *c);
void serve_stream_input_begin(struct call *c);
void serve_close_stdin(struct call *c);
void serve_update(struct call *c);
void serve_send_signal(struct call *c);

/* ---- for the handlers of processes */
/* A running one, or NULL with the error in *ce. */
struct process *serve_find(struct process_table *t,
    const struct process_selector *selector, struct connect_error *ce);

/* ---- for the handlers of files */
enum connect_code serve_file_code(enum init_result result);
/* The message; false: answered. */
bool serve_file_call(struct call *c, struct filesystem_call *out);

#endif
