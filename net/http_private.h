/*
 * http_private - what the files of net/http* share: one transfer, and the
 * multi handle they all run on. Only these files know libcurl.
 *
 * Starting, cancelling and resuming are only noted; a deferred call at the end
 * of the turn does them. libcurl is therefore never entered from inside one of
 * its own callbacks, wherever an owner calls us from, and a request still
 * leaves in the turn in which it was started.
 */
#ifndef NET_HTTP_PRIVATE_H
#define NET_HTTP_PRIVATE_H

#include "net/curl_lazy.h"

#include "base/buf.h"
#include "base/map.h"
#include "net/http.h"

enum { HTTP_SPARE_EASIES = 8 };

struct http {
	struct loop *loop; /* borrowed */
	char *user_agent;  /* owned */
	bool verbose;
	CURLM *multi;			/* owned; NULL until the first request */
	char *ca_file, *ca_path;	/* owned; NULL: libcurl's own */
	CURL *spare[HTTP_SPARE_EASIES]; /* owned */
	int spare_count;
	struct transfer **slots; /* owned, each owned or NULL */
	size_t slot_count;
	uint64_t serial;
	uint64_t *dirty; /* owned; ids of transfers with something to do */
	size_t dirty_count, dirty_cap;
	uint64_t kick;		/* id of the deferred call, 0: none */
	int kicks;		/* at once, without having waited in between */
	struct timer *timer;	/* owned; libcurl's */
	struct timer *deadline; /* owned; runs out at the nearest deadline */
	uint64_t deadline_at;	/* loop time, 0: not running */
	struct map *notes;	/* owned; of struct origin_note */
	size_t taken;		/* stream bytes handed over in this action */
	bool in_curl;
};

struct transfer {
	uint64_t id;
	struct http *h; /* borrowed */
	/* url, body and headers in here are NULL: the copies are below */
	struct http_request request;
	char *url;		    /* owned */
	char *body;		    /* owned */
	struct curl_slist *headers; /* owned */
	CURL *easy;		    /* owned; NULL until the kick */
	bool added;		    /* to the multi handle */
	bool dirty, cancelled;
	bool pause_wanted, recv_paused, send_paused, resume;
	bool upload_ended;
	int attempts;	/* libcurl's own: above 1 on a second connection */
	struct buf in;	/* the reply's body, unless streamed */
	struct buf out; /* upload: not taken by libcurl yet */
	struct http_reply reply;
	char *next_token, *content_type; /* owned; lent to `reply` */
	bool head_done;			 /* the final response headers have come */
	bool too_long;
	uint64_t first_byte_at, total_at; /* loop time, 0: none */
	uint64_t started_us, bytes_in;
	char detail[CURL_ERROR_SIZE];
};

struct transfer *http_find(const struct http *h, uint64_t id);
/* Has transfer_apply() called from the loop, at the end of this turn. */
void http_mark(struct http *h, struct transfer *t);
void http_arm_deadline(struct http *h, uint64_t at);
/* Reports and frees. `result` may be CURLE_OK with reply.error set by the caller. */
void http_finish_transfer(struct transfer *t, CURLcode result);
void http_drop_transfer(struct transfer *t);

/* http_multi.c */
void http_multi_open(struct http *h); /* at the first request: loads libcurl */
void http_multi_close(struct http *h);
void http_multi_kick(struct http *h);

/* http_easy.c: false with reply.error set when the request makes no sense. */
bool transfer_prepare(struct transfer *t);

/* http_error.c */
void transfer_set_error(struct transfer *t, CURLcode result);
void transfer_set_deadline_error(struct transfer *t, int waited_ms);

#endif
