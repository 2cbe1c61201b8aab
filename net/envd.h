/*
 * envd - processes of one sandbox: process.Process, /health and /metrics
 * (envd.md 1-4, 6, 11.2, 12).
 *
 * An envd object addresses one sandbox by URL, id and token. Nothing here
 * decides whether the sandbox may be spoken to: after any cut the owner asks
 * the control plane first (law 1).
 */
#ifndef NET_ENVD_H
#define NET_ENVD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "net/http.h"
#include "wire/connect.h"
#include "wire/process.h"

struct envd;

struct envd_target {
	const char *url;	/* origin: stable host, per-sandbox host or local host */
	const char *sandbox_id; /* routing header E2b-Sandbox-Id */
	const char *token;	/* X-Access-Token; secret; NULL: none */
	const char *user;	/* Basic user; NULL: the sandbox's default */
	const char *version;	/* envdVersion for gates; NULL: newest */
	/* Times for tests, 0: as said below. */
	int silence_ms; /* 60,000: three keep-alive intervals */
	int backoff_ms; /* 200: first wait before a repeat, doubled from then on */
	int probe_ms;	/* 2,000: for StreamInput to be answered */
};
/* All copied. */
struct envd *envd_new(
    struct loop *loop, struct http *http, const struct envd_target *target);
void envd_free(struct envd *e); /* cancels all of its calls; processes live on */

typedef uint64_t envd_call;
void envd_cancel(struct envd *e, envd_call call);

typedef void envd_done(
    void *ctx, const struct connect_error *ce, const struct error *err);
typedef void envd_list_done(
    void *ctx, const struct process_list *list, const struct error *err);
envd_call envd_list(struct envd *e, envd_list_done *done, void *ctx);
envd_call envd_signal(
    struct envd *e, uint32_t pid, int signum, envd_done *done, void *ctx);
/* 204 true; 502 "not found" false with err NONE; anything else err. */
typedef void envd_health_done(void *ctx, bool alive, const struct error *err);
envd_call envd_health(struct envd *e, envd_health_done *done, void *ctx);
typedef void envd_metrics_done(
    void *ctx, const struct envd_metrics *m, const struct error *err);
envd_call envd_metrics_get(struct envd *e, envd_metrics_done *done, void *ctx);

/*
 * A stream of one process, by Start or by Connect. Events, all from the loop:
 * started once, then data, then exactly one of ended (the process is over) or
 * lost (the stream is; the process may live on). After those the stream is
 * dead and wants envd_stream_free(), which may also come earlier (the
 * subscription ends, the process lives) and from inside an event.
 */
struct envd_stream;
struct envd_stream_events {
	void (*started)(void *ctx, uint32_t pid);
	void (*data)(
	    void *ctx, enum process_stream stream, const char *bytes, size_t len);
	void (*ended)(void *ctx, const struct process_event *end);
	/* ce->code says why when the server said it (else CONNECT_OK); err for the
	 * person. `refused`: certainly no such process exists: Start was refused before
	 * its start event or never sent, or Connect found nothing. A refused Start with
	 * `unavailable` has been tried a few times already. Silence of three keep-alive
	 * intervals counts as lost. So does input of which nobody knows whether it
	 * arrived: sending it again could type it twice. */
	void (*lost)(void *ctx, bool refused, const struct connect_error *ce,
	    const struct error *err);
	/* Unsent input bytes went from nothing to something or back. May be NULL. */
	void (*input_pending)(void *ctx, size_t bytes);
	/* Where the replayed output begins (Sandtop-Replay-At); -1: the server has no
	 * replay. Before `started`. May be NULL. */
	void (*replay_at)(void *ctx, int64_t offset);
	/* The process takes no more input (it is over, or has closed it), or the server
	 * cannot do what was asked; what was not delivered is dropped, and so is what
	 * comes later. The output goes on. May be NULL. */
	void (*input_failed)(void *ctx, const struct error *err);
};
/* No deadline is ever sent. Asks for keep-alive every 20 s. */
struct envd_stream *envd_start(struct envd *e, const struct process_start *start,
    const struct envd_stream_events *events, void *ctx);
/* replay_from >= 0 asks for output from that offset (local host only); -1: not. */
struct envd_stream *envd_connect(struct envd *e, uint32_t pid, int64_t replay_from,
    const struct envd_stream_events *events, void *ctx);
void envd_stream_free(struct envd_stream *s); /* NULL is fine */

/* Input in order, nothing dropped silently: for a pty StreamInput where it passes (found
 * out once per server, envd.md 3.7), else SendInput with one in flight and later bytes
 * joined. `kind` is pty or stdin, one of them per stream. Bytes typed before `started`
 * wait for it. What was certainly not taken (never sent, 409, 429) is sent again a few
 * times. */
void envd_stream_send(
    struct envd_stream *s, enum process_input_kind kind, const void *bytes, size_t len);
/* stdin only: EOF after all that was sent. */
void envd_stream_close_stdin(struct envd_stream *s);
/* Newest size wins, sent after 50 ms of quiet, one Update in flight. */
void envd_stream_resize(struct envd_stream *s, int cols, int rows);
/* Bytes not yet acknowledged by the server. */
size_t envd_stream_unsent(const struct envd_stream *s);
/* Something typed is not known to have arrived: unsent, or sent and neither acknowledged
 * nor followed by output. For `lost`, to tell the person. */
bool envd_stream_in_doubt(const struct envd_stream *s);
void envd_stream_pause(struct envd_stream *s, bool paused); /* only exec into a pipe */
/* Milliseconds from a key to the next output or acknowledgement; -1: unknown. */
int envd_stream_lag_ms(const struct envd_stream *s);

#endif
