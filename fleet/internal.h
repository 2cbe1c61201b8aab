/*
 * internal - struct fleet, for the files of fleet/ only.
 *
 * sync.c sweeps the list, sampling.c fetches figures, actions.c changes things,
 * session.c and shells.c speak to processes. All write the model; all call
 * fleet_changed() and nothing else to be drawn.
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
	CONFIRM_MAX = 8,  /* confirming GETs and history reads in flight */
	BATCH_MAX = 100,  /* ids of one metrics call */
	BATCHES_MAX = 10, /* batches per round */
	HISTORY_SAMPLES = 180,
};

struct sync {
	api_call call;	     /* 0: none */
	struct timer *timer; /* owned */
	int64_t sweep;	     /* number of the current or last one */
	int64_t started_ms;  /* wall, of the current one */
	int64_t paused_ms;   /* when paused ones were last listed; 0: never */
	bool with_paused;    /* the current one lists them too */
	bool again;	     /* a refresh was asked for meanwhile */
	int confirming;
};

struct sampling {
	struct timer *timer; /* owned */
	struct strlist visible;
	size_t turn;   /* where the round of the others goes on */
	int batches;   /* in flight */
	bool no_batch; /* the server lacks the route: single calls */
	int reading;   /* history reads in flight */
	char *detail;  /* owned id; NULL: none open */
	int64_t detail_span_s;
	api_call detail_call;
	struct timer *second; /* owned: local host, sandbox in focus */
	struct envd *envd;    /* owned: for the above */
	envd_call envd_call;
};

/* A read about one sandbox that is under way: what its answer needs to know. */
struct ticket {
	struct ticket *next; /* borrowed */
	struct fleet *fleet; /* borrowed */
	char *id;	     /* owned */
	int64_t asked_ms;    /* wall */
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
	struct sync sync;
	struct sampling sampling;
	struct ticket *tickets;	  /* owned list */
	struct action *actions;	  /* owned list */
	struct session *sessions; /* borrowed list: sessions belong to who opened them */
	struct shells_request *shells_requests; /* owned list */
	struct timer *housekeeping;		/* owned: gone rows go */
	uint64_t next_id;
};

void fleet_changed(struct fleet *f);
int64_t fleet_now_ms(const struct fleet *f); /* wall */
bool fleet_is_offline(const struct fleet *f);

/* fleet.c: tickets still out when the fleet goes are freed with it. */
struct ticket *ticket_new(struct fleet *f, const char *id);
void ticket_free(struct ticket *t);

/* sync.c */
void sync_init(struct fleet *f);
void sync_clear(struct fleet *f);
void sync_now(struct fleet *f, bool with_paused);
/* What a list element or a GET says goes into the model. */
struct sandbox *fleet_take_news(
    struct fleet *f, const struct rest_sandbox *news, int64_t asked_ms, bool detail);
void fleet_mark_gone(struct fleet *f, const char *id, const char *reason);

/* sampling.c */
void sampling_init(struct fleet *f);
void sampling_clear(struct fleet *f);
void sampling_now(struct fleet *f);

/* actions.c */
void actions_clear(struct fleet *f);

/* session.c: our streams to a sandbox before we pause it, and after that failed. */
void sessions_before_pause(struct fleet *f, const char *sandbox_id);
void sessions_after_failed_pause(struct fleet *f, const char *sandbox_id);
void sessions_after_resume(struct fleet *f, const char *sandbox_id);
/* The model learned a new end or state. */
void sessions_news(struct fleet *f, const struct sandbox *sandbox);
/* Where envd of a sandbox answers; the caller frees. token etc. from the model. */
struct envd *fleet_envd(struct fleet *f, const struct sandbox *s, const char *user);

/* shells.c */
void shells_clear(struct fleet *f);

#endif
