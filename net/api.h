/*
 * api - the control plane: one function per call, typed replies
 * (control-plane.md 2, 8.1, 10).
 *
 * Each call reports exactly once from the loop and can be cancelled. Retries
 * happen only where repeating is harmless: reads on 429, 502, 503, 504 and
 * dropped connections; creates never without their Idempotency-Key and a look
 * for their marker. Should-Retry and Retry-After are obeyed. Both generations
 * of create and connect: v2 first, the old form on 404 or 405, remembered per
 * api object.
 */
#ifndef NET_API_H
#define NET_API_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "net/http.h"
#include "wire/rest.h"

struct api;

struct api_settings {
	const char *url;     /* origin, no trailing slash; copied */
	const char *key;     /* secret; copied */
	int read_timeout_ms; /* 0: 15,000 */
	int act_timeout_ms;  /* 0: 75,000: pause, resume, create */
	/* First wait before a repeat, doubled from then on; a second of Retry-After is
	 * ten of these. 0: 100. Tests set 1. */
	int backoff_ms;
};
struct api *api_new(
    struct loop *loop, struct http *http, const struct api_settings *settings);
void api_free(struct api *a);

typedef uint64_t api_call; /* for api_cancel; never 0 */
void api_cancel(struct api *a, api_call call);

/* In every report err->code is NONE on success; the rest is valid then only and
 * borrowed during the call unless it says take. */
typedef void api_done(void *ctx, const struct error *err);

/* All pages, running and paused (both false: both). `page` comes for each page as it
 * arrives (may be NULL); on failure what came before stands. total_running -1: unknown. */
struct api_list_query {
	bool running, paused;
	const struct pairs *metadata; /* borrowed during the call; NULL: no filter */
	int limit;		      /* stop after so many; 0: all */
};
typedef void api_list_page(
    void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running);
api_call api_list(struct api *a, const struct api_list_query *query, api_list_page *page,
    api_done *done, void *ctx);

typedef void api_sandbox_done(
    void *ctx, const struct rest_sandbox *sandbox, const struct error *err);
api_call api_get(struct api *a, const char *id, api_sandbox_done *done, void *ctx);

/* Adds marker and Idempotency-Key itself, always sends secure and the time-out. A lost
 * answer is settled by listing the marker: found is success, not found (several looks)
 * is a failure that says so. Cancelling sends nothing more, but what was sent may still
 * arrive: api_create_marker() names it. */
typedef void api_created_done(
    void *ctx, const struct rest_created *created, const struct error *err);
api_call api_create(
    struct api *a, const struct rest_create *create, api_created_done *done, void *ctx);
#define API_MARKER_KEY "sandtop.create"
/* The marker of a running create; "" when it is over. Borrowed until it is. */
const char *api_create_marker(struct api *a, api_call call);
/* After a cancelled create: looks for what arrives late (for half a minute) and kills
 * it. `id` NULL without an error: nothing came; with an error: nothing came as far as
 * could be seen. `id` without an error: it came and is gone; with one: it lives on. */
typedef void api_marker_done(void *ctx, const char *id, const struct error *err);
api_call api_kill_marker(
    struct api *a, const char *marker, api_marker_done *done, void *ctx);

/* pause: 204, and 409 that a re-read shows to be paused, are success (*already tells). */
typedef void api_act_done(void *ctx, bool already, const struct error *err);
api_call api_pause(struct api *a, const char *id, api_act_done *done, void *ctx);
/* kill: 404 is success with `already` set ("was already gone"). */
api_call api_kill(struct api *a, const char *id, api_act_done *done, void *ctx);
/* connect: resumes a paused sandbox or raises a running one's end; never shortens. */
api_call api_connect(
    struct api *a, const char *id, int64_t timeout_s, api_created_done *done, void *ctx);
/* timeout: sets the end, may shorten. */
api_call api_set_timeout(
    struct api *a, const char *id, int64_t timeout_s, api_done *done, void *ctx);
/* refreshes: raises only, at most 3600 s from now. */
api_call api_refresh(
    struct api *a, const char *id, int64_t duration_s, api_done *done, void *ctx);

/* start_s/end_s: Unix seconds; both or neither (0, 0). */
typedef void api_metrics_done(
    void *ctx, const struct rest_metric_list *list, const struct error *err);
api_call api_metrics(struct api *a, const char *id, int64_t start_s, int64_t end_s,
    api_metrics_done *done, void *ctx);
/* At most 100 distinct ids. Where the server has no such route the caller is told
 * ERROR_NOT_FOUND and falls back to single calls. */
typedef void api_metrics_map_done(
    void *ctx, const struct rest_metric_map *map, const struct error *err);
api_call api_metrics_batch(struct api *a, const char *const *ids, int count,
    api_metrics_map_done *done, void *ctx);

/* v2, v1 where v2 is missing (then level and search are applied here). */
struct api_log_query {
	int64_t cursor_ms; /* 0: none */
	bool forward;
	int limit;		    /* 0: 1000 */
	const char *level, *search; /* NULL: none; borrowed during the call */
};
typedef void api_logs_done(
    void *ctx, const struct rest_log_list *list, const struct error *err);
api_call api_logs(struct api *a, const char *id, const struct api_log_query *query,
    api_logs_done *done, void *ctx);

/* Round trip of the last answered read, for the header; -1: none yet. */
int api_round_trip_ms(const struct api *a);

#endif
