/* process_internal - what process.c, process_input.c and viewer.c share. */
#ifndef HOST_PROCESS_INTERNAL_H
#define HOST_PROCESS_INTERNAL_H

#include "host/process.h"
#include "host/viewer.h"

/* One descriptor of output: the PTY, or standard output or error. */
struct source {
	struct process *process; /* borrowed */
	struct watch *watch;	 /* owned; NULL when closed. For a PTY also of input */
	int fd;			 /* -1: closed or never there */
	enum process_stream stream;
	struct buf line; /* a started line, when lines are reported */
};

struct input {
	struct input *next; /* owned */
	char *bytes;	    /* owned */
	size_t len, done_len;
	process_written *done;
	void *ctx; /* borrowed */
};

struct process {
	struct process_table *table; /* borrowed */
	struct process *next;	     /* owned by the table's list */
	struct box *box;	     /* borrowed: dropped only after the table */
	int pid;
	struct process_config config;
	char *tag, *user; /* owned */
	bool pty, has_stdin, lines;

	struct source sources[2]; /* PTY alone, or standard output and error */
	struct output output;
	struct viewer *viewers; /* owned by their streams */
	bool throttled;

	int in_fd;		/* stdin pipe, or the PTY's descriptor; -1: none */
	struct watch *in_watch; /* owned; NULL with a PTY, which source 0 watches */
	struct input *inputs, **inputs_tail; /* owned list */
	size_t backlog;

	struct timer
	    *timer; /* owned: lifetime, then the grace after an exit, then memory */
	bool exited, ended; /* reaped; and all output read */
	bool hasty;	    /* an exit does not wait for the end of output */
	int status;
};

struct process_table {
	struct loop *loop;		     /* borrowed */
	const struct process_events *events; /* borrowed */
	void *ctx;			     /* borrowed */
	size_t keep;			     /* bytes for replay */
	struct process *first;		     /* owned list */
	struct start *starting;		     /* owned list */
};

/* A viewer came, went or moved on: perhaps the process may write again. */
void process_flow(struct process *p);
/* For a process that ended and that nobody looks at any more. */
void process_viewer_left(struct process *p, struct viewer *v);
void process_input_ready(struct process *p);
void process_input_fail(struct process *p);
/* Which events the PTY's watch is for. */
void process_watch(struct process *p);

#endif
