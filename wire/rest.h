/*
 * rest - objects of the control plane's REST API in JSON, both ways
 * (control-plane.md 2, 3, 4, 10). Decoders ignore unknown members, treat
 * absent, null and empty alike, accept integers and reals for numbers, and
 * clean every text that a screen may show (ids, names and states too).
 */
#ifndef WIRE_REST_H
#define WIRE_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define REST_MAX_BODY (64u * 1024 * 1024)

enum rest_state { REST_STATE_RUNNING, REST_STATE_PAUSED, REST_STATE_OTHER };
enum rest_flag { REST_UNSET, REST_NO, REST_YES };
/* What a finished pause kept (10.2). */
enum rest_pause_mode { REST_PAUSE_UNSET, REST_PAUSE_FULL, REST_PAUSE_FILESYSTEM };

/* ListedSandbox and SandboxDetail (3.1, 3.2). The list leaves the detail members unset. */
/* The part of a `network` object that this program knows (2.5). */
struct rest_network {
	bool is_closed;	 /* allowPublicTraffic is false */
	bool denies_all; /* denyOut holds 0.0.0.0/0 and nothing is allowed */
	char *mask_host; /* owned, visible ASCII; NULL: none */
};
void rest_network_clear(struct rest_network *n);

struct rest_sandbox {
	char *id;	   /* owned, without "-clientID" */
	char *template_id; /* owned */
	char *alias;	   /* owned; NULL: none */
	enum rest_state state;
	char *state_text;	    /* owned, verbatim (cleaned) */
	int64_t started_ms, end_ms; /* wall time; 0: unknown */
	int cpu_count;
	int64_t memory_mb, disk_mb;
	char *envd_version; /* owned; NULL: unknown */
	struct pairs metadata;
	/* detail */
	char *envd_token; /* owned, secret; NULL: not secured */
	char *domain;	  /* owned; NULL: the configured one */
	enum rest_flag internet;
	enum rest_flag auto_resume;
	enum rest_flag pause_on_timeout; /* YES pause, NO kill */
	enum rest_pause_mode pause_mode;
	struct rest_network network; /* encoder only */
	char *traffic_token;	     /* owned, secret; of the host: not encoded */
};
void rest_sandbox_clear(struct rest_sandbox *s);
struct rest_sandbox_list {
	struct rest_sandbox *items; /* owned */
	size_t count;
};
void rest_sandbox_list_clear(struct rest_sandbox_list *l);
bool rest_sandbox_list_decode(const char *json, size_t len, struct rest_sandbox_list *out,
    struct error *err) MUST_CHECK;
bool rest_sandbox_decode(
    const char *json, size_t len, struct rest_sandbox *out, struct error *err) MUST_CHECK;
/* One object; `detail` adds the detail members. */
void rest_sandbox_encode(struct buf *out, const struct rest_sandbox *s, bool detail);

/* POST /v2/sandboxes and /sandboxes (2.5). */
struct rest_create {
	char *template_id; /* owned */
	int64_t timeout_s; /* -1: not given */
	enum rest_flag auto_pause, auto_pause_memory, auto_resume, secure, internet;
	bool has_metadata;
	struct pairs metadata, envs;
	struct rest_network network; /* decoder only */
	/* Decoder only: the first member that asks for what is not ours, as
	 * "network.allowOut"; NULL: none. Static. Empty ones ask for nothing. */
	const char *foreign;
};
void rest_create_clear(struct rest_create *c);
/* PUT .../network (2.10): only `network`, `internet` and `foreign` are filled. */
bool rest_network_decode(
    const char *json, size_t len, struct rest_create *out, struct error *err) MUST_CHECK;
/* v2: without `secure`. */
void rest_create_encode(struct buf *out, const struct rest_create *c, bool v2);
bool rest_create_decode(
    const char *json, size_t len, struct rest_create *out, struct error *err) MUST_CHECK;

/* The Sandbox object that create, connect and resume answer (3.3). */
struct rest_created {
	char *id, *template_id, *alias, *envd_version; /* owned */
	char *envd_token, *traffic_token, *domain;     /* owned, may be NULL */
};
void rest_created_clear(struct rest_created *c);
bool rest_created_decode(
    const char *json, size_t len, struct rest_created *out, struct error *err) MUST_CHECK;
void rest_created_encode(struct buf *out, const struct rest_created *c);

/* Bodies of connect, resume, timeout ("timeout"), refreshes ("duration"), pause. */
struct rest_lifecycle {
	int64_t timeout_s;  /* -1: not given */
	int64_t duration_s; /* -1: not given */
	enum rest_flag memory, auto_pause, healthy_guest;
};
/* An empty body decodes to nothing given; wrong types are errors. */
bool rest_lifecycle_decode(const char *json, size_t len, struct rest_lifecycle *out,
    struct error *err) MUST_CHECK;
void rest_timeout_encode(struct buf *out, int64_t timeout_s);	/* {"timeout":n} */
void rest_duration_encode(struct buf *out, int64_t duration_s); /* {"duration":n} */

/* SandboxMetric (3.4). */
struct rest_metric {
	int64_t ts_s;
	int cpu_count;
	double cpu_pct; /* 0-100 over all CPUs */
	uint64_t mem_used, mem_total, mem_cache, disk_used, disk_total; /* bytes */
};
struct rest_metric_list {
	struct rest_metric *items; /* owned */
	size_t count;
};
void rest_metric_list_clear(struct rest_metric_list *l);
bool rest_metric_list_decode(const char *json, size_t len, struct rest_metric_list *out,
    struct error *err) MUST_CHECK;
void rest_metric_encode(struct buf *out, const struct rest_metric *m);
/* GET /sandboxes/metrics: {"sandboxes":{id:metric}} */
struct rest_metric_map {
	struct {
		char *id; /* owned */
		struct rest_metric metric;
	} * items; /* owned */
	size_t count;
};
void rest_metric_map_clear(struct rest_metric_map *m);
bool rest_metric_map_decode(const char *json, size_t len, struct rest_metric_map *out,
    struct error *err) MUST_CHECK;

/* TeamMetric and MaxTeamMetric (3.6); encoders only. */
struct rest_team_metric {
	int64_t ts_s;
	int64_t concurrent;   /* sandboxes that ran at once, the most */
	int64_t rate_micro_s; /* starts in a million seconds */
};
void rest_team_metric_encode(struct buf *out, const struct rest_team_metric *m);
/* `rate`: its start rate is the value, else how many ran at once. */
void rest_team_max_encode(struct buf *out, const struct rest_team_metric *m, bool rate);

/* Logs, v1 and v2 (2.15, 3.5). v1's `line` is parsed for level and message. */
struct rest_log_entry {
	int64_t time_ns; /* since 1970 */
	char *level;	 /* owned: debug info warn error */
	char *message;	 /* owned, clean */
	struct pairs fields;
};
struct rest_log_list {
	struct rest_log_entry *items; /* owned */
	size_t count;
};
void rest_log_entry_clear(struct rest_log_entry *e);
void rest_log_list_clear(struct rest_log_list *l);
bool rest_log_list_decode(const char *json, size_t len, struct rest_log_list *out,
    struct error *err) MUST_CHECK;
void rest_log_entry_encode(
    struct buf *out, const struct rest_log_entry *e); /* v2 element */
/* v1 element: {"timestamp","line"} where line is JSON text with level, logger, message. */
void rest_log_line_encode(struct buf *out, const struct rest_log_entry *e);

/* {"code","message","error_code"} (4.1). */
struct rest_error {
	int status;
	char message[300];   /* clean: body message, else raw body, else reason phrase */
	char error_code[64]; /* "" when absent */
	bool is_json;	     /* the body was the API's own error object */
};
void rest_error_from_body(
    int status, const char *body, size_t len, struct rest_error *out);
bool rest_error_set(
    const struct rest_error *e, struct error *err, const char *what); /* false */
void rest_error_encode(
    struct buf *out, int status, const char *error_code, const char *message);

/* JSON string with quotes, escaped; for encoders elsewhere. */
void json_add_string(struct buf *out, const char *s);
/* Metadata filter, encoded as 2.2 says, ready to stand behind "metadata=". */
char *rest_metadata_query(const struct pairs *metadata);
/* The value of the query parameter after the URL's own decoding. */
bool rest_metadata_query_parse(const char *value, struct pairs *out);

/* pairs <-> JSON object text, for a store. */
void pairs_encode(struct buf *out, const struct pairs *p);
bool pairs_decode(
    const char *json, size_t len, struct pairs *out, struct error *err) MUST_CHECK;

#endif
