/*
 * box_program - running bubblewrap, slirp4netns and the like: found by name or
 * by an override in the environment, with exactly the descriptors they need, a
 * clean environment, a session of their own and their words kept in memory.
 */
#ifndef HOST_BOX_PROGRAM_H
#define HOST_BOX_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

enum { BOX_PROGRAM_FDS_MAX = 6 };

struct box_program_start {
	const char *program;	      /* a name to look up in PATH, or a path */
	const char *override;	      /* variable that names another path; NULL: none */
	const struct strlist *args;   /* without the first, which is the program */
	int log;		      /* its stdout and stderr; -1: nowhere */
	int fds[BOX_PROGRAM_FDS_MAX]; /* what it sees as 3, 4, ... */
	int fd_count;
};

/* On the main thread only: bubblewrap dies with the thread that started it. */
bool box_program_run(
    const struct box_program_start *start, int *pid, struct error *err) MUST_CHECK;
/* The path that would be run; NULL: not installed. Caller frees. */
char *box_program_find(const char *program, const char *override);

/* A file in memory for what a program says. */
int box_program_log_new(void);
/* First line of it that says something, made safe; "": none. Caller frees. */
char *box_program_log_first(int log);
/* Such a line ends with the kernel's words for a full disk. */
bool box_program_said_full(const char *said);

#endif
