/*
 * exec - one remote command, from its start to our exit code (envd.md 3.2, 3.6,
 * 3.8, 6.1; laws 1, 5, 6).
 *
 * The command outlives its stream: when that is lost the control plane is asked, and
 * only a sandbox that runs is spoken to again, by pid, after the tag was verified. ^C
 * sends SIGTERM, the second SIGKILL, the third leaves. No deadline is ever sent: our own
 * clock sends the signals.
 */
#ifndef CLI_EXEC_H
#define CLI_EXEC_H

#include "cli/cli.h"
#include "cli/exec_sink.h"
#include "cli/exec_source.h"
#include "cli/remote.h"

struct exec {
	struct cli *cli;	  /* borrowed */
	struct remote *remote;	  /* borrowed */
	struct sandbox *sandbox;  /* borrowed; it runs */
	const char *line;	  /* borrowed: the shell line */
	const char *user, *cwd;	  /* borrowed; NULL: the sandbox's own */
	const struct pairs *envs; /* borrowed */
	const char *tag;	  /* borrowed; NULL: one of ours */
	int64_t timeout_s;	  /* 0: none */
	bool detach, raw;
	int rejoin_ms; /* first wait before asking again, doubled; 0: 1000 */

	/* private */
	char own_tag[32];
	struct envd *envd;	    /* owned */
	struct envd_stream *stream; /* owned; NULL: lost */
	struct exec_sink out, err;
	struct exec_source in;
	bool has_in, in_ended;
	uint32_t pid;		/* 0: not known yet */
	int64_t seen;		/* bytes of output so far */
	int signal;		/* to be sent once the process can be reached; 0: none */
	int strikes;		/* ^C */
	int forced;		/* exit code that goes before the remote's; -1: none */
	struct timer *deadline; /* owned */
	bool killing;		/* the deadline's SIGTERM was sent */
	struct timer *retry;	/* owned */
	int tries;
	bool said_lost, held, over;
	int exit_code;
};

/* Runs it to its end; the exit code. */
int exec_run(struct exec *e);

#endif
