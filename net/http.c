#include "net/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http_private.h"

/* An id is a serial number above the place in the table, so that finding a
 * transfer needs no search and an old id never meets a new transfer. */
enum {
	SLOT_BITS = 16,
	SLOTS_MAX = 1 << SLOT_BITS,
	CONNECT_MS = 10000,
	FIRST_BYTE_MS = 30000,
	MAX_REPLY = 16 * 1024 * 1024,
	MAX_UPLOAD = 256 * 1024 * 1024,
};

struct origin_note {
	int value;
};

struct transfer *
http_find(const struct http *h, uint64_t id)
{
	size_t slot = id & (SLOTS_MAX - 1);

	if (slot >= h->slot_count || !h->slots[slot] || h->slots[slot]->id != id)
		return NULL;
	return h->slots[slot];
}

static size_t
free_slot(struct http *h)
{
	size_t slot = 0;

	while (slot < h->slot_count && h->slots[slot])
		slot++;
	assert(slot < SLOTS_MAX);
	if (slot < h->slot_count)
		return slot;
	h->slot_count = MAX(h->slot_count * 2, (size_t)16);
	h->slots = xreallocarray(h->slots, h->slot_count, sizeof *h->slots);
	memset(h->slots + slot, 0, (h->slot_count - slot) * sizeof *h->slots);
	return slot;
}

void
http_mark(struct http *h, struct transfer *t)
{
	if (t->dirty)
		return;
	t->dirty = true;
	if (h->dirty_count == h->dirty_cap) {
		h->dirty_cap = MAX(h->dirty_cap * 2, (size_t)16);
		h->dirty = xreallocarray(h->dirty, h->dirty_cap, sizeof *h->dirty);
	}
	h->dirty[h->dirty_count++] = t->id;
	http_multi_kick(h);
}

static uint64_t
deadline_of(const struct transfer *t)
{
	uint64_t at = t->head_done ? 0 : t->first_byte_at;

	if (t->cancelled)
		return 0;
	if (t->total_at && (!at || t->total_at < at))
		at = t->total_at;
	return at;
}

void
http_arm_deadline(struct http *h, uint64_t at)
{
	uint64_t now = loop_now_ms(h->loop);

	if (at == 0 || (h->deadline_at && h->deadline_at <= at))
		return;
	h->deadline_at = at;
	timer_start(h->deadline, at > now ? at - now : 0, 0);
}

/* The timer is left running when its request ends early, so one wake-up may find
 * nothing to do; stopping it each time would cost more. */
static void
on_deadline(void *ctx)
{
	struct http *h = ctx;
	uint64_t now = loop_now_ms(h->loop);

	h->deadline_at = 0;
	for (size_t i = 0; i < h->slot_count; i++) {
		struct transfer *t = h->slots[i];
		uint64_t at = t ? deadline_of(t) : 0;

		if (at == 0)
			continue;
		if (at > now) {
			http_arm_deadline(h, at);
			continue;
		}
		transfer_set_deadline_error(
		    t, t->head_done ? t->request.total_ms : t->request.first_byte_ms);
		http_finish_transfer(t, CURLE_OK);
	}
}

struct http *
http_new(struct loop *loop, const struct http_settings *settings)
{
	struct http *h = xcalloc(1, sizeof *h);

	h->loop = loop;
	h->user_agent = xstrdup(settings->user_agent);
	h->verbose = settings->verbose;
	h->deadline = timer_new(loop, on_deadline, h);
	h->notes = map_new();
	return h;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	assert(!h->in_curl);
	for (size_t i = 0; i < h->slot_count; i++)
		if (h->slots[i])
			http_drop_transfer(h->slots[i]);
	http_multi_close(h);
	timer_free(h->deadline);
	map_free(h->notes, free);
	free(h->user_agent);
	free(h->ca_file);
	free(h->ca_path);
	free(h->slots);
	free(h->dirty);
	free(h);
}

static void
free_transfer(struct transfer *t)
{
	curl_slist_free_all(t->headers);
	buf_clear(&t->in);
	buf_clear(&t->out);
	free(t->next_token);
	free(t->content_type);
	free(t->url);
	free(t->body);
	free(t);
}

/* Takes the transfer out of the table and gives its handle back. */
static void
detach(struct transfer *t)
{
	struct http *h = t->h;

	h->slots[t->id & (SLOTS_MAX - 1)] = NULL;
	if (t->added)
		curl_multi_remove_handle(h->multi, t->easy);
	t->added = false;
	if (!t->easy)
		return;
	if (h->spare_count < HTTP_SPARE_EASIES) {
		curl_easy_reset(t->easy);
		h->spare[h->spare_count++] = t->easy;
	} else {
		curl_easy_cleanup(t->easy);
	}
	t->easy = NULL;
}

static void
log_transfer(const struct transfer *t)
{
	const char *path = strstr(t->url, "://");
	size_t len;

	path = path ? strchr(path + 3, '/') : NULL;
	path = path ? path : "/";
	len = strcspn(path, "?#");
	log_info("http", "%s %.*s: %d, %llu ms, %llu bytes%s%s%s", t->request.method,
	    (int)len, path, t->reply.status,
	    (unsigned long long)((clock_mono_us() - t->started_us) / 1000),
	    (unsigned long long)t->bytes_in, t->reply.error.code ? ": " : "",
	    t->reply.error.text, t->cancelled ? ", then left" : "");
}

/* A stream is left once its last message has come: it was there all the same. */
void
http_drop_transfer(struct transfer *t)
{
	t->cancelled = true;
	if (t->h->verbose && t->added)
		log_transfer(t);
	detach(t);
	free_transfer(t);
}

void
http_finish_transfer(struct transfer *t, CURLcode result)
{
	if (t->cancelled) {
		http_drop_transfer(t);
		return;
	}
	if (result != CURLE_OK)
		transfer_set_error(t, result);
	if (t->h->verbose)
		log_transfer(t);
	t->reply.body = t->in.data ? t->in.data : "";
	t->reply.len = t->in.len;
	detach(t);
	t->request.done(t->request.ctx, &t->reply);
	free_transfer(t);
}

static struct curl_slist *
copy_headers(const char *const *headers)
{
	struct curl_slist *list = NULL;

	for (; headers && *headers; headers++)
		list = curl_slist_append(list, *headers);
	return list;
}

static void
set_defaults(struct http_request *r)
{
	r->url = NULL;
	r->headers = NULL;
	r->body = NULL;
	r->connect_ms = r->connect_ms ? r->connect_ms : CONNECT_MS;
	r->first_byte_ms = r->first_byte_ms ? r->first_byte_ms : FIRST_BYTE_MS;
	if (r->total_ms == 0 && r->first_byte_ms > 0)
		r->total_ms =
		    r->first_byte_ms > INT32_MAX / 2 ? INT32_MAX : r->first_byte_ms * 2;
	r->max_reply = r->max_reply ? r->max_reply : MAX_REPLY;
}

static void
start_deadlines(struct transfer *t)
{
	uint64_t now = loop_now_ms(t->h->loop);

	if (t->request.first_byte_ms > 0)
		t->first_byte_at = now + (uint64_t)t->request.first_byte_ms;
	if (t->request.total_ms > 0 && !t->request.stream)
		t->total_at = now + (uint64_t)t->request.total_ms;
	http_arm_deadline(t->h, deadline_of(t));
}

uint64_t
http_start(struct http *h, const struct http_request *request)
{
	struct transfer *t = xcalloc(1, sizeof *t);
	size_t slot = free_slot(h);

	http_multi_open(h);
	t->id = ++h->serial << SLOT_BITS | slot;
	h->slots[slot] = t;
	t->h = h;
	t->request = *request;
	t->url = xstrdup(request->url);
	if (request->body)
		t->body = xmemdup(request->body, request->body_len);
	t->headers = copy_headers(request->headers);
	set_defaults(&t->request);
	buf_init(&t->in, t->request.max_reply);
	buf_init(&t->out, MAX_UPLOAD);
	t->reply.total_running = t->reply.replay_at = -1;
	t->reply.should_retry = -1;
	t->started_us = clock_mono_us();
	if (!request->upload)
		start_deadlines(t);
	http_mark(h, t);
	return t->id;
}

void
http_cancel(struct http *h, uint64_t id)
{
	struct transfer *t = http_find(h, id);

	if (!t)
		return;
	t->cancelled = true;
	http_mark(h, t);
}

static void
resume(struct transfer *t)
{
	t->resume = true;
	http_mark(t->h, t);
}

void
http_write(struct http *h, uint64_t id, const void *bytes, size_t len)
{
	struct transfer *t = http_find(h, id);

	if (!t || t->cancelled)
		return;
	assert(t->request.upload && !t->upload_ended);
	buf_add(&t->out, bytes, len);
	if (t->send_paused)
		resume(t);
}

void
http_finish(struct http *h, uint64_t id)
{
	struct transfer *t = http_find(h, id);

	if (!t || t->cancelled || t->upload_ended)
		return;
	assert(t->request.upload);
	t->upload_ended = true;
	start_deadlines(t);
	if (t->send_paused)
		resume(t);
}

size_t
http_unsent(const struct http *h, uint64_t id)
{
	const struct transfer *t = http_find(h, id);

	return t ? t->out.len : 0;
}

void
http_pause(struct http *h, uint64_t id, bool paused)
{
	struct transfer *t = http_find(h, id);

	if (!t || t->pause_wanted == paused)
		return;
	t->pause_wanted = paused;
	if (!paused && t->recv_paused)
		resume(t);
}

/* The host part, without user, port and brackets. */
static bool
url_host(const char *url, char *out, size_t size)
{
	const char *start = strstr(url, "://");
	const char *at;
	size_t len;

	if (!start)
		return false;
	start += 3;
	len = strcspn(start, "/?#");
	at = memchr(start, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	if (len > 0 && *start == '[') {
		start++;
		len = strcspn(start, "]");
	} else {
		len = MIN(len, strcspn(start, ":"));
	}
	if (len == 0 || len >= size)
		return false;
	memcpy(out, start, len);
	out[len] = '\0';
	return true;
}

bool
http_is_loopback(const char *url)
{
	char host[256];
	struct in_addr four;
	struct in6_addr six;

	if (!url_host(url, host, sizeof host))
		return false;
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return str_eq_nocase(host, "localhost") || str_has_suffix(host, ".localhost");
}

int
http_origin_note(const struct http *h, const char *origin)
{
	const struct origin_note *note = map_get(h->notes, origin);

	return note ? note->value : 0;
}

void
http_set_origin_note(struct http *h, const char *origin, int note)
{
	struct origin_note *n = map_get(h->notes, origin);

	if (!n) {
		n = xcalloc(1, sizeof *n);
		map_set(h->notes, origin, n);
	}
	n->value = note;
}
