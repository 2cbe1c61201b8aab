/*
 * process - the processes that envd clients started in one sandbox: descriptors,
 * output kept for viewers and for replay, input waiting to be written, exits
 * remembered for 30 s. envd.md 3.1 to 3.8; design.md 7 for the bounded viewers.
 *
 * A process runs whether or not somebody looks: without viewers its output goes
 * to the ring only. A sole viewer that does not read throttles the process; of
 * several, one that stays behind while another keeps up is ended.
 */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "host/box.h"
#include "host/output.h"
#include "wire/connect.h"
#include "wire/process.h"

#define PROCESS_RING_BYTES (256u * 1024) /* kept for replay */
#define PROCESS_LAG_BYTES (256u * 1024)	 /* what a viewer may be behind */
#define PROCESS_RETAIN_MS 30000		 /* how long an exit is remembered */

struct process;
struct process_table;
struct viewer;

/* From the loop. */
struct process_events {
	void (*started)(void *ctx, const struct process *p);
	void (*ended)(void *ctx, const struct process *p, int wait_status);
	/* A whole line of output, for processes whose tag begins with "log:". */
	void (*line)(void *ctx, const struct process *p, const char *line, size_t len);
};

/* `keep`: bytes of output that stay for replay, of each process. */
struct process_table *process_table_new(
    struct loop *loop, size_t keep, const struct process_events *events, void *ctx);
void process_table_free(struct process_table *t); /* drops everything; NULL is fine */
/* All streams end with `unavailable`; the processes stay (a pause). */
void process_table_cut_viewers(struct process_table *t, const char *why);
/* Everything inside is gone (kill, cold pause): streams end, processes are forgotten. */
void process_table_drop(struct process_table *t, const char *why);
/* The box reported an exit. */
void process_table_exited(struct process_table *t, int pid, int wait_status);
size_t process_table_count(const struct process_table *t); /* running ones */
void process_table_encode(const struct process_table *t, struct buf *out);
/* Running processes first, then remembered exits. NULL: none; then *ce is filled. */
struct process *process_find(struct process_table *t,
    const struct process_selector *selector, struct connect_error *ce);

/* p is NULL when it failed; then ce says how. */
typedef void process_started(
    void *ctx, struct process *p, const struct connect_error *ce);
/* Reports once from the loop. lifetime_ms 0: none; on expiry the process is killed. */
void process_start(struct process_table *t, struct box *box,
    const struct process_start *start, const char *user, int64_t lifetime_ms,
    process_started *done, void *ctx);

int process_pid(const struct process *p);
const char *process_tag(const struct process *p); /* NULL: none */
const char *process_user(const struct process *p);
const struct process_config *process_config_of(const struct process *p);
bool process_is_running(const struct process *p);
bool process_has_pty(const struct process *p);
bool process_is_throttled(const struct process *p); /* it waits for its viewers */
/* After this an exit no longer waits for those who hold its pipes open. */
void process_expect_kill(struct process *p);
bool process_resize(
    struct process *p, unsigned cols, unsigned rows, struct connect_error *ce);

/* ---- input. Writes happen in the order of the calls. */
typedef void process_written(
    void *ctx, const struct connect_error *ce); /* NULL: written */
/* Takes `bytes`. Reports once, from the loop or from within the call. */
void process_write(struct process *p, enum process_input_kind kind, char *bytes,
    size_t len, process_written *done, void *ctx);
size_t process_write_backlog(const struct process *p);
bool process_close_stdin(struct process *p, struct connect_error *ce);

#endif
