/* envd_private - what the files of net/envd* share. */
#ifndef NET_ENVD_PRIVATE_H
#define NET_ENVD_PRIVATE_H

#include "base/buf.h"
#include "net/envd.h"
#include "wire/envelope.h"

enum {
	ENVD_HEADERS_MAX = 12,
	ENVD_TRIES = 4,		  /* of what may be repeated: the first and three more */
	ENVD_PATIENCE_MS = 75000, /* until the first byte: a sandbox may have to wake */
	ENVD_NO_DEADLINE = -1,
};

struct envd {
	struct loop *loop; /* borrowed */
	struct http *http; /* borrowed */
	char *url;	   /* owned */
	char *id_header, *token_header,
	    *user_header; /* owned; the last two may be NULL */
	bool can_close_stdin;
	char *version; /* owned; NULL: unknown */
	int silence_ms, backoff_ms, probe_ms;
	struct unary *calls;	     /* owned */
	struct envd_stream *streams; /* borrowed: their owners free them */
	struct probe *probe;	     /* owned; NULL: none under way */
	uint64_t serial;
};

/* Whether StreamInput passes, as a note of the origin in `http`. */
enum input_note { INPUT_UNKNOWN, INPUT_PROBING, INPUT_STREAM, INPUT_SINGLE };

/* Fills `out` (ENVD_HEADERS_MAX + 1) with borrowed texts; returns the count. */
int envd_headers(const struct envd *e, bool stream, const char **out);

/* "application/json; charset=utf-8" is as good as the bare type. */
bool envd_has_type(const char *content_type, const char *wanted);

/* One unary call. `report` gets CONNECT_OK and a 200 reply, or err filled. */
typedef void envd_report(void *ctx, const struct http_reply *reply,
    const struct connect_error *ce, const struct error *err);
/* `what` and `method` are constants; `body` NULL: GET. first_byte_ms as in http.h. */
envd_call envd_post(struct envd *e, const char *path, const char *what,
    const struct buf *body, int first_byte_ms, envd_report *report, void *ctx);
/* "0.5.2" and above; what cannot be read counts as newest. */
bool envd_version_at_least(const char *version, int major, int minor, int patch);

/* ---- envd_stream.c */

/* What waits to be typed, and what became of it. */
struct input {
	enum process_input_kind kind;
	struct buf queue;    /* unacknowledged; begins with what is in flight */
	size_t in_flight;    /* of a SendInput */
	envd_call call;	     /* SendInput or CloseStdin, 0: none */
	int tries;	     /* of that one */
	struct timer *timer; /* owned; before a repeat, or a failure to report */
	bool closing;	     /* EOF was asked for */
	bool dead;	     /* nothing more is taken */
	struct error failure;
	size_t told;   /* what input_pending said last */
	uint64_t tell; /* id of the deferred call that says it, 0: none */
	/* StreamInput */
	uint64_t upload; /* 0: not open */
	int broken_uploads;
	struct buf upload_reply;
	uint64_t written_ms; /* of the last bytes into it */
	bool doubtful;	     /* nothing has come back since */
	/* resize */
	struct timer *resize_timer; /* owned; until the size has been quiet */
	int cols, rows;
	bool resize_due;
	envd_call resize_call;
	/* lag */
	uint64_t key_at_us; /* 0: nothing waits */
	int lag_ms;
};

struct envd_stream {
	struct envd *envd;	  /* borrowed; NULL when it was freed */
	struct envd_stream *next; /* of the same envd */
	struct envd_stream_events events;
	void *ctx; /* borrowed */
	bool is_start;
	char *body; /* owned; the request, kept for repeats */
	size_t body_len;
	int64_t replay_from;
	uint64_t http; /* 0: none */
	int tries;
	struct envelope_reader reader;
	struct buf scratch;  /* decoded data */
	struct buf refusal;  /* body of an answer that is no stream */
	bool is_stream;	     /* 200 and the right type */
	bool started, over;  /* over: no event will come any more */
	bool waiting;	     /* for another try */
	bool paused;	     /* by its owner: silence means nothing */
	int busy;	     /* depth of events under way */
	bool freed;	     /* inside an event: the memory goes when it is over */
	struct timer *timer; /* owned; the next try, or silence */
	uint64_t heard_ms;
	uint32_t pid;
	struct input input;
};

/* Around everything that may report: after leave() the stream may be gone (false). */
void stream_enter(struct envd_stream *s);
bool stream_leave(struct envd_stream *s);
/* Reports, once. ce may be NULL. */
void stream_lost(struct envd_stream *s, bool refused, const struct connect_error *ce,
    const struct error *err);

/* ---- envd_input.c */
void input_init(struct envd_stream *s);
void input_stop(struct envd_stream *s); /* cancels what is under way */
void input_clear(struct envd_stream *s);
void input_started(struct envd_stream *s);
void input_heard(struct envd_stream *s, bool output);

/* for envd_upload.c */
void input_pump(struct envd_stream *s); /* sends what is next, if anything */
void input_fail(struct envd_stream *s, const struct error *err);
void input_lose(
    struct envd_stream *s, const struct connect_error *ce, const struct error *cause);
/* The process takes no input: over, not of that kind, or its end is closed. */
bool input_is_unwanted(const struct connect_error *ce);

/* ---- envd_upload.c */
void upload_init(struct envd_stream *s);
void upload_write(struct envd_stream *s); /* the whole queue; opens it when needed */
void upload_keep_alive(struct envd_stream *s);
void upload_close(struct envd_stream *s);

/* ---- envd_probe.c */
void probe_start(struct envd *e);
void probe_free(struct envd *e);

#endif
