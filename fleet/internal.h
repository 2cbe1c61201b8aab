/*
 * internal - struct fleet, for the files of fleet/ only.
 *
 * news.c writes what answers say into the model, sync.c sweeps the list,
 * sampling.c fetches figures, actions.c changes things, session*.c and
 * shells.c speak to processes. All call fleet_changed() or fleet_redraw() and
 * nothing else to be drawn, and no call into another of these files ever runs
 * an owner's callback: those come at the end of the turn.
 *
 * Which of two answers is newer is told by fleet_tick(), a count that grows
 * with every question asked and every action answered, and never by a clock.
 */
#ifndef FLEET_INTERNAL_H
#define FLEET_INTERNAL_H

#include "fleet/fleet.h"
#include "net/api.h"
#include "net/envd.h"
#include "net/http.h"

enum {
	SWEEP_IDLE_MS = 30000,	 /* not focused */
	PAUSED_EVERY_MS = 30000, /* paused pages */
	GONE_KEPT_MS = 60000,
	READS_MAX = 8,	  /* confirming GETs in flight; and as many reads of figures */
	BATCH_MAX = 100,  /* ids of one metrics call */
	BATCHES_MAX = 10, /* batches per round */
	HISTORY_SAMPLES = 180,
	/* A stream that is attached when the snapshot is taken blocks later viewers. */
	CLOSE_BEFORE_PAUSE_MS = 3000,
};

struct sync {
	api_call call;	     /* 0: none */
	struct timer *timer; /* owned */
	uint64_t asked;	     /* tick of the current sweep, or the last one */
	uint32_t sweep;	     /* its number */
	uint64_t paused_ms;  /* loop time at which paused ones were last listed */
	bool with_paused;    /* the current one lists them too */
	bool has_total;	     /* it was told how many run */
	bool heard;	     /* a page of it has come */
	bool again;	     /* a full one was asked for meanwhile */
	int confirming;
};

struct sampling {
	struct timer *timer; /* owned */
	struct strlist visible;
	/* the round: visible ones first, then others from where the last one stopped */
	uint32_t round;
	size_t visible_at, others_left, turn;
	int batches;   /* in flight */
	bool no_batch; /* the server lacks the route: single calls */
	int reading;   /* single reads in flight */
	/* the sandbox whose detail is open */
	char *detail; /* owned id; NULL: none */
	int64_t detail_span_s;
	bool detail_due;      /* its span is to be read */
	struct timer *second; /* owned: on a local host its figures come each second */
	struct envd *envd;    /* owned: for that */
	envd_call envd_call;
	int envd_failures, envd_skip; /* in a row; seconds to be left out */
	bool envd_doubt;	      /* it failed: the control plane is asked first */
};

/* A read about one sandbox that is under way: what its answer needs to know. */
typedef void read_over(struct fleet *f, const char *id, const struct error *err);
struct ticket {
	struct ticket *next; /* borrowed */
	struct fleet *fleet; /* borrowed */
	char *id;	     /* owned */
	uint64_t asked;	     /* tick */
	read_over *over;     /* may be NULL */
};

struct fleet {
	struct loop *loop;		/* borrowed */
	struct fleet_settings settings; /* texts owned */
	struct fleet_events events;
	void *ctx;	   /* borrowed */
	struct http *http; /* owned */
	struct api *api;   /* owned */
	struct model model;
	struct messages messages;
	bool started, focused;
	uint64_t ticks;
	uint64_t quiet_until_ms; /* loop time: a Retry-After that polling obeys */
	struct sync sync;
	struct sampling sampling;
	struct ticket *tickets;	  /* owned list */
	struct action *actions;	  /* owned list */
	struct session *sessions; /* borrowed list: sessions belong to who opened them */
	uint64_t sessions_due;	  /* deferred call: they have news to look at; 0: none */
	struct shells_request *shells_requests; /* owned list */
	struct timer *housekeeping;		/* owned: gone rows go */
	uint64_t next_id;
};

/* ---- fleet.c */
void fleet_changed(struct fleet *f);	     /* rows are other ones now */
void fleet_redraw(struct fleet *f);	     /* only what is said about them is */
int64_t fleet_now_ms(const struct fleet *f); /* wall */
uint64_t fleet_tick(struct fleet *f);
bool fleet_is_offline(const struct fleet *f);
/* `ms` of a timer of ours, as settings.second_ms has it; at least 1. */
uint64_t fleet_timer_ms(const struct fleet *f, int64_t ms);
/* The wait before try `attempt` (1: the first repeat): a step of the table, in ms, with
 * up to a quarter of it on top. */
uint64_t fleet_backoff_ms(
    const struct fleet *f, const int *steps_ms, size_t count, int attempt);
/* A server that asks for quiet gets it from all polls; milliseconds left of that. */
void fleet_obey(struct fleet *f, const struct error *err);
uint64_t fleet_quiet_ms(const struct fleet *f);
/* Where envd of a sandbox answers, with its token. */
struct envd *fleet_envd(struct fleet *f, const struct sandbox *s, const char *user);
/* Tickets still out when the fleet goes are freed with it. */
struct ticket *ticket_new(struct fleet *f, const char *id, read_over *over);
void ticket_free(struct ticket *t);
/* Frees it, and then tells whoever waits for it. */
void ticket_end(struct ticket *t, const struct error *err);

/* ---- news.c. `asked` is the tick at which the question was asked. */
struct sandbox *fleet_take_news(
    struct fleet *f, const struct rest_sandbox *news, uint64_t asked, bool detail);
/* GET /sandboxes/{id} said 404. */
void fleet_take_absence(struct fleet *f, const char *id, uint64_t asked);
/* What an action of ours has brought about; older news does not undo it. */
void fleet_set_state(struct fleet *f, struct sandbox *s, enum sandbox_state state);
void fleet_mark_gone(struct fleet *f, struct sandbox *s, const char *reason);
/* GET /sandboxes/{id} into the model; `over` (may be NULL) comes after that. */
void fleet_read(struct fleet *f, const char *id, read_over *over);
/* It runs, its end has not passed, and no automatic pause is about to freeze whatever
 * is attached: envd may be spoken to, as far as is known. */
bool fleet_may_attach(const struct fleet *f, const struct sandbox *s);

/* ---- sync.c */
void sync_init(struct fleet *f);
void sync_clear(struct fleet *f);
void sync_now(struct fleet *f, bool with_paused);
void sync_set_rhythm(struct fleet *f); /* the focus came or went */
void sync_stop(struct fleet *f);       /* until sync_now() */

/* ---- sampling.c */
void sampling_init(struct fleet *f);
void sampling_clear(struct fleet *f);
void sampling_now(struct fleet *f);
void sampling_set_rhythm(struct fleet *f);
void sampling_before_pause(struct fleet *f, const char *id);

/* ---- actions.c */
void actions_clear(struct fleet *f);

/* ---- session_fleet.c: what sessions learn from the rest of the fleet. */
/* Our streams to a sandbox close before we pause it, and come back if that failed. */
void sessions_before_pause(struct fleet *f, const char *sandbox_id);
void sessions_after_failed_pause(struct fleet *f, const char *sandbox_id);
void sessions_after_resume(struct fleet *f, const char *sandbox_id);
void sessions_after_failed_resume(
    struct fleet *f, const char *sandbox_id, const struct error *err);
/* The model learned a new state or end of it. */
void sessions_news(struct fleet *f, const struct sandbox *sandbox);
/* The control plane answers again. */
void sessions_online(struct fleet *f);
int sessions_count(const struct fleet *f, const char *sandbox_id);

/* ---- shells.c */
void shells_before_pause(struct fleet *f, const char *sandbox_id);
void shells_clear(struct fleet *f);

#endif
