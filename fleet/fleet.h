/*
 * fleet - one account's sandboxes, watched and acted on: polls into the model,
 * runs actions, keeps sessions. Law 1 lives here: looking changes nothing.
 */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "fleet/messages.h"
#include "fleet/model.h"

struct fleet;

struct fleet_settings {
	const char *api_url, *key; /* copied; key is secret */
	const char *profile;	   /* "local", "prod": for the header; copied */
	const char *project;	   /* NULL: unknown; copied */
	const char *domain;	   /* copied */
	bool local_host;	   /* a local host: envd metrics each second, replay */
	bool read_only;
	int refresh_s;		 /* 0: 5 */
	int64_t ttl_s, extend_s; /* 0: 900 */
	/* How long a second of our timers lasts (polls, back-off). 0: 1000; tests set less. */
	int second_ms;
	/* Origin of envd traffic; caller of it frees the result. */
	char *(*envd_url)(void *ctx, const char *sandbox_id, const char *sandbox_domain);
	void *url_ctx;
};
struct fleet_events {
	/* Something changed: mark dirty, draw at the end of the turn. */
	void (*changed)(void *ctx);
};

struct fleet *fleet_new(struct loop *loop, const struct fleet_settings *settings,
    const struct fleet_events *events, void *ctx);
/* Creates whose answer is still out, a line for the person each: said at quitting. */
void fleet_add_unsettled(const struct fleet *f, struct buf *out);
/* Leaves sandboxes and shells as they are. Sessions are freed before. */
void fleet_free(struct fleet *f);

const struct model *fleet_model(const struct fleet *f);
struct messages *fleet_messages(struct fleet *f);
const struct fleet_settings *fleet_settings(const struct fleet *f);

/* Polling starts with this; nothing is sent before. */
void fleet_start(struct fleet *f);
/* Now, after a failure too; but never before a Retry-After is over. */
void fleet_refresh(struct fleet *f);
void fleet_set_focused(struct fleet *f, bool focused);	   /* 5 s or 30 s */
void fleet_set_suspended(struct fleet *f, bool suspended); /* ^Z, nothing visible */
/* The rows on screen: their metrics first, and once their history. Ids are copied. */
void fleet_set_visible(struct fleet *f, const char *const *ids, size_t count);
/* The sandbox whose detail is open (NULL: none): its facts and its whole graph span. */
void fleet_set_detail(struct fleet *f, const char *id, int64_t span_s);
/* Facts of GET /sandboxes/{id}, once per run; the model changes when they come. */
void fleet_want_detail(struct fleet *f, const char *id);

/*
 * Actions. One at a time per sandbox, later ones wait; while offline they are refused,
 * not queued. The outcome is told once through `done` (may be NULL) and as a message.
 */
enum outcome { OUTCOME_DONE, OUTCOME_ALREADY, OUTCOME_FAILED };
typedef void fleet_done(
    void *ctx, const char *id, enum outcome outcome, const struct error *err);
/* Our streams to the sandbox are closed first and come back if the pause fails. */
void fleet_pause(struct fleet *f, const char *id, fleet_done *done, void *ctx);
void fleet_resume(
    struct fleet *f, const char *id, int64_t ttl_s, fleet_done *done, void *ctx);
void fleet_kill(struct fleet *f, const char *id, fleet_done *done, void *ctx);
/* Adds to the end; never shortens: refreshes, and for what is past its reach of an hour
 * a connect behind it. ALREADY: the server does not let it end later. */
void fleet_extend(
    struct fleet *f, const char *id, int64_t by_s, fleet_done *done, void *ctx);
/* Time left from now. Earlier than today's end is refused unless `shorten`. */
void fleet_set_left(struct fleet *f, const char *id, int64_t left_s, bool shorten,
    fleet_done *done, void *ctx);

struct fleet_create {
	const char *template_id; /* NULL: "base" */
	int64_t ttl_s;		 /* 0: the setting */
	bool pause_on_timeout;
	bool internet;
	struct pairs metadata, envs;
};
/* id of the new sandbox in `done`; "" on failure. A row in state creating shows meanwhile. */
void fleet_create(
    struct fleet *f, const struct fleet_create *create, fleet_done *done, void *ctx);

#endif
