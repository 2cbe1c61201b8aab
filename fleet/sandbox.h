/*
 * sandbox - one sandbox as we know it: a plain value in the model.
 *
 * Everything textual is clean (text_clean) already. What is unknown stays
 * unknown: 0 times, NULL texts, `has_sample` false, REST_UNSET flags.
 */
#ifndef FLEET_SANDBOX_H
#define FLEET_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum sandbox_state {
	SANDBOX_RUNNING,
	SANDBOX_PAUSED,
	SANDBOX_CREATING, /* ours, not answered yet */
	SANDBOX_PAUSING,  /* ours, not answered yet; likewise the next two */
	SANDBOX_RESUMING,
	SANDBOX_KILLING,
	SANDBOX_GONE, /* kept for 60 s, dimmed, with the reason */
	SANDBOX_OTHER,
};
/* "RUN" "PAUSED" ... at most 6 columns, for tables; and the long word for queries and JSON. */
const char *sandbox_state_short(enum sandbox_state state);
const char *sandbox_state_name(enum sandbox_state state);
bool sandbox_state_parse(const char *name, enum sandbox_state *out);

struct sample {
	int64_t ts_s; /* Unix seconds; freshness is judged by this */
	int cpu_count;
	float cpu_pct; /* 100: all CPUs busy */
	uint64_t mem_used, mem_total, mem_cache, disk_used, disk_total; /* bytes */
};

enum tristate { UNKNOWN, NO, YES };

struct history;

struct sandbox {
	char *id;	     /* owned */
	char *name;	     /* owned: "name" of its metadata, else NULL */
	char *template_id;   /* owned */
	char *template_name; /* owned: alias; NULL: show the id */
	enum sandbox_state state;
	char *state_text; /* owned; only for SANDBOX_OTHER: verbatim */
	int64_t started_ms,
	    end_ms; /* of this run; paused: end_ms is when it was paused */
	int64_t first_seen_ms;
	int cpu_count;
	int64_t memory_mb, disk_mb;
	char *envd_version;    /* owned */
	struct pairs metadata; /* without the marker of our creates */
	enum tristate internet, auto_resume, pause_on_timeout;
	char *domain;	 /* owned; NULL: the account's */
	char *token;	 /* owned, secret; NULL: not fetched or none */
	bool has_detail; /* GET /sandboxes/{id} was answered in this run */
	bool has_sample;
	struct sample sample;	 /* the latest */
	struct history *history; /* owned; NULL: none yet */
	int shells;		 /* open panes of ours */
	int64_t gone_ms;	 /* SANDBOX_GONE */
	char *gone_reason;	 /* owned: "killed by you", "not found any more" */
	int64_t changed_ms; /* when the state last changed, for the flash; 0: never */
	int64_t acted_ms;   /* our last action was sent or answered then; 0: never */
	/* How fleet/ keeps it: its own counts, not times, which jump. */
	uint64_t known_at;   /* the question that told the state: older news is no news */
	uint32_t seen_sweep; /* which sweep of the list saw it last */
	uint32_t sampled_round; /* which round asked for its figures last */
	bool suspect;		/* missing from a sweep, to be confirmed */
	bool reading;		/* GET /sandboxes/{id} is under way */
	bool history_asked;	/* its past was fetched, or is being */
};

/* NULL and zeroed are fine. */
void sandbox_clear(struct sandbox *s);
/* What a person calls it: name, else the id. Borrowed. */
const char *sandbox_label(const struct sandbox *s);
/* Seconds until it ends; INT64_MIN when it does not run or the end is unknown.
 * Negative: its end has passed and nobody has said what became of it ("expiring"). */
int64_t sandbox_left_s(const struct sandbox *s, int64_t now_ms);
int64_t sandbox_age_s(
    const struct sandbox *s, int64_t now_ms); /* of this run; -1 unknown */
/* No sample for 30 s or more: shown with "~". */
bool sandbox_is_stale(const struct sandbox *s, int64_t now_ms);
bool sandbox_is_running(const struct sandbox *s);

#endif
