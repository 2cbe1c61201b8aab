/*
 * session_internal - struct session, for session.c, session_link.c and
 * session_fleet.c only.
 *
 * session.c is the owner's side, session_link.c the way to the process,
 * session_fleet.c what the rest of the fleet and the clock bring about. State
 * events are told at the end of the turn, so none of these functions ever
 * finds its session freed; data and gaps are told in the last step of what
 * brought them.
 */
#ifndef FLEET_SESSION_INTERNAL_H
#define FLEET_SESSION_INTERNAL_H

#include "fleet/internal.h"
#include "fleet/session.h"

struct session {
	struct session *next; /* borrowed: the fleet's list */
	struct fleet *fleet;  /* borrowed */
	struct session_events events;
	void *ctx; /* borrowed */
	enum session_state state;
	uint64_t tell; /* deferred call: the state is to be told; 0: it is known */
	struct error error;

	/* what was asked for */
	char *sandbox_id; /* owned */
	char *user;	  /* owned; NULL: default */
	struct process_start start;
	bool wake;   /* resume it when it is found paused */
	bool waking; /* that is under way */
	int cols, rows;

	/* what is running */
	uint32_t pid; /* 0: not known yet */
	char *tag;    /* owned; NULL: none, or not known yet */
	bool any_tag; /* until the first look at it */
	bool unclear; /* a start was sent, and nobody knows what became of it */
	int looks;    /* for it, in vain */
	bool lived;   /* was LIVE once */
	struct process_event end;

	/* the connection */
	api_call get_call;
	uint64_t asked;	   /* tick of that */
	struct envd *envd; /* owned */
	envd_call list_call;
	struct envd_stream *stream; /* owned */
	bool joining;		    /* the stream is a Connect */
	struct buf held; /* typed when the control plane had to be asked first */
	int64_t cut_ms;	 /* wall: when output stopped; 0: it did not */
	/* Output bytes seen, where the server counts them; -1: it does not. */
	int64_t offset;
	int64_t skip;		  /* of what it repeats */
	bool missed;		  /* it cannot repeat all */
	int sent_cols, sent_rows; /* the size it was told last; 0: not by us */
	uint64_t live_ms;	  /* loop time of the last start of output */
	int failures;		  /* in a row */
	int64_t retry_at_ms;	  /* wall; 0: no try is planned */
	struct timer *retry;	  /* owned */
	struct timer *redraw;	  /* owned: the way back of a resize */

	/* the end of the sandbox's time */
	struct timer *end_timer; /* owned */
	int64_t end_ms;		 /* as the control plane said last; 0: unknown */
	int64_t checked_end_ms;	 /* this one was read again shortly before */
	bool waits_for_end;	 /* closed just before it */
	/* wall: past its end the control plane's word holds until then */
	int64_t confirmed_until_ms;
};

/* ---- session.c */
/* The only place where a session changes state. */
void session_enter(struct session *s, enum session_state to);
/* Before it is LIVE: what to show while it is looked for. */
void session_enter_waiting(struct session *s);
void session_fail(struct session *s, const struct error *err);
/* Before the stream is let go other than by its owner or its process. */
void session_warn_of_doubt(struct session *s);
bool session_is_connected(const struct session *s); /* may hold envd calls */
/* Once the end has passed the control plane must say `running` before the next word. */
bool session_may_speak(const struct session *s);

/* ---- session_link.c */
/* Asks the control plane, and goes on from what it says. */
void session_ask(struct session *s);
void session_begin_wake(struct session *s);
void session_cut(struct session *s, const struct error *err);
void session_drop_envd(struct session *s);
void session_drop_calls(struct session *s);
void session_redraw_by_size(struct session *s);
void session_on_retry(void *ctx);
void session_on_redraw_back(void *ctx);

/* ---- session_fleet.c */
/* The control plane has said that it runs. */
void session_watch_end(struct session *s, const struct sandbox *sandbox);
/* Instead of a stream: the end is too near for one. */
void session_wait_for_end(struct session *s, const struct sandbox *sandbox);
void session_on_end_timer(void *ctx);

#endif
