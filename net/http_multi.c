/* The multi handle on our loop: sockets become watches, its time-out a timer. */
#include "net/http_private.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
	/* All connections, busy ones too, count against this; past it idle ones close. */
	CONNECTIONS_KEPT = 1024,
	STREAMS_PER_CONNECTION = 1000,
	/* A time-out of 0 again and again would never let the loop wait. */
	KICKS_AT_ONCE = 16,
	SLICE_BYTES = 64 << 10, /* of streams, in one action */
};

/* One socket of libcurl's. */
struct sock {
	struct http *h; /* borrowed */
	curl_socket_t fd;
	struct watch *watch; /* owned */
};

static struct transfer *
transfer_of(CURL *easy)
{
	struct transfer *t = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
	return t;
}

/* After every action, so that nothing that ended is left lying. */
static void
collect(struct http *h)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(h->multi, &left)))
		if (msg->msg == CURLMSG_DONE)
			http_finish_transfer(
			    transfer_of(msg->easy_handle), msg->data.result);
}

static void
act(struct http *h, curl_socket_t fd, int events)
{
	int running;

	assert(!h->in_curl);
	h->in_curl = true;
	h->taken = 0;
	curl_multi_socket_action(h->multi, fd, events, &running);
	h->in_curl = false;
	collect(h);
}

static CURL *
take_easy(struct http *h)
{
	CURL *easy = h->spare_count > 0 ? h->spare[--h->spare_count] : curl_easy_init();

	assert(easy);
	return easy;
}

static void
add(struct transfer *t)
{
	t->easy = take_easy(t->h);
	if (!transfer_prepare(t)) {
		http_finish_transfer(t, CURLE_OK);
		return;
	}
	if (curl_multi_add_handle(t->h->multi, t->easy) != CURLM_OK) {
		http_finish_transfer(t, CURLE_FAILED_INIT);
		return;
	}
	t->added = true;
}

static void
apply(struct transfer *t)
{
	t->dirty = false;
	if (t->cancelled) {
		http_drop_transfer(t);
		return;
	}
	if (!t->easy) {
		add(t);
		return;
	}
	if (!t->resume)
		return;
	t->resume = t->send_paused = t->recv_paused = false;
	t->h->in_curl = true;
	curl_easy_pause(t->easy, t->pause_wanted ? CURLPAUSE_RECV : CURLPAUSE_CONT);
	t->h->in_curl = false;
}

/* h->kick stays set until the action, which serves what is asked for before it. */
static void
on_kick(void *ctx)
{
	struct http *h = ctx;

	for (size_t i = 0; i < h->dirty_count; i++) {
		struct transfer *t = http_find(h, h->dirty[i]);

		if (t)
			apply(t);
	}
	h->dirty_count = 0;
	h->kick = 0;
	act(h, CURL_SOCKET_TIMEOUT, 0);
}

void
http_multi_kick(struct http *h)
{
	if (h->kick == 0)
		h->kick = loop_defer(h->loop, on_kick, h);
}

static void
on_timer(void *ctx)
{
	struct http *h = ctx;

	h->kicks = 0;
	act(h, CURL_SOCKET_TIMEOUT, 0);
}

static void
on_socket_ready(void *ctx, int events)
{
	struct sock *s = ctx;
	int flags = 0;

	flags |= events & WATCH_READ ? CURL_CSELECT_IN : 0;
	flags |= events & WATCH_WRITE ? CURL_CSELECT_OUT : 0;
	s->h->kicks = 0;
	act(s->h, s->fd, flags);
}

static const int watch_events[] = {
	[CURL_POLL_NONE] = 0,
	[CURL_POLL_IN] = WATCH_READ,
	[CURL_POLL_OUT] = WATCH_WRITE,
	[CURL_POLL_INOUT] = WATCH_READ | WATCH_WRITE,
};

/* libcurl closes the descriptor right after CURL_POLL_REMOVE. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
	struct http *h = user;
	struct sock *s = socket_user;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			watch_free(s->watch);
		free(s);
		return 0;
	}
	if (!s) {
		s = xcalloc(1, sizeof *s);
		s->h = h;
		s->fd = fd;
		s->watch = watch_new(h->loop, fd, on_socket_ready, s);
		curl_multi_assign(h->multi, fd, s);
	}
	if (s->watch)
		watch_set(s->watch, watch_events[what]);
	return 0;
}

/* Called inside libcurl: it must not be entered from here. */
static int
on_timeout(CURLM *multi, long timeout_ms, void *user)
{
	struct http *h = user;

	(void)multi;
	timer_stop(h->timer);
	if (timeout_ms < 0)
		return 0;
	/* After a slice of a flood the loop looks at everybody else first: keys, other
	 * panes, the screen (law 9). The socket is still readable then. */
	bool sliced = h->taken >= SLICE_BYTES;
	if (timeout_ms == 0 && !sliced && h->kicks++ < KICKS_AT_ONCE)
		http_multi_kick(h);
	else
		timer_start(h->timer, MAX(timeout_ms, 1), 0);
	return 0;
}

/* The tool reads these, the library does not. */
static void
read_ca_environment(struct http *h)
{
	const char *bundle = getenv("CURL_CA_BUNDLE");

	if (!str_is_empty(bundle)) {
		h->ca_file = xstrdup(bundle);
		return;
	}
	if (!str_is_empty(getenv("SSL_CERT_FILE")))
		h->ca_file = xstrdup(getenv("SSL_CERT_FILE"));
	if (!str_is_empty(getenv("SSL_CERT_DIR")))
		h->ca_path = xstrdup(getenv("SSL_CERT_DIR"));
}

void
http_multi_open(struct http *h)
{
	if (h->multi)
		return;
	curl_load();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	h->multi = curl_multi_init();
	assert(h->multi);
	h->timer = timer_new(h->loop, on_timer, h);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	curl_multi_setopt(
	    h->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_PER_CONNECTION);
	read_ca_environment(h);
}

void
http_multi_close(struct http *h)
{
	if (h->kick)
		loop_defer_cancel(h->loop, h->kick);
	h->kick = 0;
	while (h->spare_count > 0)
		curl_easy_cleanup(h->spare[--h->spare_count]);
	if (!h->multi)
		return;
	curl_multi_cleanup(h->multi);
	h->multi = NULL;
	timer_free(h->timer);
	curl_global_cleanup();
}
