/*
 * actions_internal - struct action, for the files of fleet/actions*.c only.
 *
 * actions.c keeps the order and tells the outcome, and pauses, resumes and
 * kills; actions_left.c moves the end; actions_create.c creates.
 */
#ifndef FLEET_ACTIONS_INTERNAL_H
#define FLEET_ACTIONS_INTERNAL_H

#include "fleet/internal.h"

struct action;

struct action_type {
	/* What the row shows while the answer is out; SANDBOX_OTHER: what it was. */
	enum sandbox_state meanwhile;
	const char *did, *already, *failed; /* one message per outcome */
	void (*send)(struct action *a);
	/* What else a failure brings about, before it is told; may be NULL. */
	void (*after_failure)(struct action *a, const struct error *err);
};

struct action {
	struct action *next; /* borrowed */
	struct fleet *fleet; /* borrowed */
	const struct action_type *type;
	char *id;    /* owned; of a create: the row's stand-in id */
	char *label; /* owned: what messages call it */
	bool sent;
	enum sandbox_state state_before;
	fleet_done *done; /* may be NULL */
	void *ctx;	  /* borrowed */
	uint64_t refused; /* deferred: its refusal is to be told; 0: none */
	struct error refusal;
	/* resume, extend, set */
	int64_t seconds; /* ttl, extension or time left */
	bool shorten;
	int64_t end_before_ms;
	int64_t want_s; /* what a connect behind the refresh is to reach */
	/* create */
	struct rest_create create;
	api_call create_call; /* 0: not sent */
};

struct action *action_new(struct fleet *f, const struct action_type *type, const char *id,
    fleet_done *done, void *ctx);
void action_begin(struct action *a); /* now, or when those before it are over */
void action_send(struct action *a);  /* or refuses it: then a->sent stays false */
/* Frees it and tells its outcome. */
void action_end(struct action *a, enum outcome outcome, const struct error *err);
void action_fail(struct action *a, const struct error *err);
struct sandbox *action_row(const struct action *a); /* NULL: there is none */
/* The one that waits for an answer about this sandbox. */
struct action *action_sent(const struct fleet *f, const char *id);

#endif
