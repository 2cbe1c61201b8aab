/*
 * session - one shell or process of a sandbox as a channel that outlives cuts:
 * send, resize, close; bytes and states come back (law 6).
 *
 * A session knows sandbox, pid and tag, never a screen or a terminal. Re-joins
 * ask the control plane first, verify the tag, and connect by pid. The tag of
 * a shell we start is "sandtop/1/<8 hex digits>/<unix time>"; a start whose
 * answer is lost is looked for by it, so that one is never started twice.
 */
#ifndef FLEET_SESSION_H
#define FLEET_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "fleet/fleet.h"

struct session;

enum session_state {
	SESSION_OPENING, /* asking the control plane, waking, starting */
	SESSION_LIVE,
	SESSION_RECONNECTING, /* cut; next try at session_retry_ms() */
	SESSION_PAUSED,	      /* the sandbox sleeps; it was not woken */
	SESSION_GONE,	      /* the sandbox is gone */
	SESSION_EXITED,	      /* the process ended */
	SESSION_FAILED,	      /* never came to life: session_error() */
};
const char *session_state_name(enum session_state state); /* "LIVE" */

struct session_events {
	void (*data)(void *ctx, const char *bytes, size_t len);
	/* At the end of the turn: read session_state(). */
	void (*state)(void *ctx);
	/* Output between the two wall times was not seen. Drawn as a divider; full-screen
	 * programs must be made to redraw (session does it by a resize dance). */
	void (*gap)(void *ctx, int64_t from_ms, int64_t to_ms);
};

struct session_open {
	const char *sandbox_id;
	uint32_t pid;	 /* 0: start a new process; else join this one */
	const char *tag; /* with pid: must match, else FAILED; NULL: any */
	const char *cmd; /* NULL: /bin/bash -i -l */
	const struct strlist *args;
	const char *user;	  /* NULL: default */
	const char *cwd;	  /* NULL: home */
	const struct pairs *envs; /* over TERM, COLORTERM, LANG, LC_ALL */
	const char *new_tag;	  /* with pid 0: NULL makes one of ours */
	bool
	    wake; /* resume a paused sandbox first (asked before!), with the ttl setting */
	int cols, rows;
};
/* All copied. Events come from the loop; all may be NULL. Freed before the fleet. */
struct session *session_open(struct fleet *f, const struct session_open *open,
    const struct session_events *events, void *ctx);
/* Detaches: the process lives on. NULL is fine; allowed from inside an event. */
void session_free(struct session *s);

/* false: not taken, because it is not LIVE or too much waits already. What the sandbox
 * has not acknowledged counts in session_unsent(). */
bool session_send(struct session *s, const char *bytes, size_t len);
void session_resize(struct session *s, int cols, int rows);
void session_redraw(struct session *s); /* the size once more, by a change and back */
void session_retry(
    struct session *s); /* now, when RECONNECTING or PAUSED (asks state only) */
/* PAUSED: resume (the person said so), then re-join. When that fails: PAUSED again, or
 * FAILED where nothing ever ran; session_error() says why. */
void session_wake(struct session *s);
void session_signal(struct session *s, int signum); /* 15 or 9; failures are messages */

enum session_state session_state(const struct session *s);
const struct error *session_error(const struct session *s);
const char *session_sandbox(const struct session *s); /* borrowed id */
uint32_t session_pid(const struct session *s);
const char *session_tag(const struct session *s); /* "" none */
const char *session_exit_text(
    const struct session *s); /* "exit status 0", "signal: killed" */
/* -1: by signal; 255: it ended while nobody looked. */
int session_exit_code(const struct session *s);
/* EXITED, and how was not seen. */
bool session_end_unseen(const struct session *s);
int session_lag_ms(const struct session *s); /* -1 unknown */
size_t session_unsent(const struct session *s);
int64_t session_retry_at_ms(const struct session *s); /* wall; 0: none */

/* Processes envd knows in a running sandbox; asks nothing of one that is not. */
struct shell_info {
	uint32_t pid;
	char *tag;	    /* owned, verbatim; NULL: none */
	char *command;	    /* owned, clean: "bash -i -l" */
	bool ours;	    /* our tag: can be offered again */
	int64_t started_ms; /* from our tag; 0 unknown */
};
struct shell_list {
	struct shell_info *items; /* owned */
	size_t count;
};
void shell_list_clear(struct shell_list *l);
typedef void shells_done(
    void *ctx, const struct shell_list *list, const struct error *err);
/* Returns an id for shells_cancel. */
uint64_t fleet_shells(
    struct fleet *f, const char *sandbox_id, shells_done *done, void *ctx);
void fleet_shells_cancel(struct fleet *f, uint64_t id);

#endif
