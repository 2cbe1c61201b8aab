/* One transfer: its options, its response headers, its bytes both ways. */
#include "net/http_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum {
	SMALL_BUFFER = 16 * 1024,
	/* libcurl reads a hundred of these before it returns: 800 KiB, some milliseconds of a
	 * flooding pane, and then it is somebody else's turn. */
	STREAM_BUFFER = 8 * 1024,
	KEEPALIVE_IDLE_S = 30,
	KEEPALIVE_INTERVAL_S = 15,
	RETRY_AFTER_MAX_S = 1000000,
};

static void
set_next_token(struct transfer *t, const char *value)
{
	free(t->next_token);
	t->reply.next_token = t->next_token = xstrdup(value);
}

static void
set_content_type(struct transfer *t, const char *value)
{
	free(t->content_type);
	t->reply.content_type = t->content_type = xstrdup(value);
}

static void
set_total_running(struct transfer *t, const char *value)
{
	int64_t n;

	if (parse_int(value, 0, INT64_MAX, &n))
		t->reply.total_running = n;
}

/* A date, the header's other form, is nothing that our servers send. */
static void
set_retry_after(struct transfer *t, const char *value)
{
	int64_t n;

	if (parse_int(value, 0, RETRY_AFTER_MAX_S, &n))
		t->reply.retry_after_s = (int)n;
}

static void
set_should_retry(struct transfer *t, const char *value)
{
	t->reply.should_retry = str_eq_nocase(value, "true");
}

static void
set_replay_at(struct transfer *t, const char *value)
{
	int64_t n;

	if (parse_int(value, 0, INT64_MAX, &n))
		t->reply.replay_at = n;
}

static const struct {
	const char *name;
	void (*set)(struct transfer *t, const char *value);
} known_headers[] = {
	{ "Content-Type", set_content_type },
	{ "X-Next-Token", set_next_token },
	{ "X-Total-Running", set_total_running },
	{ "Retry-After", set_retry_after },
	{ "Should-Retry", set_should_retry },
	{ "Sandtop-Replay-At", set_replay_at },
};

static void
read_header(struct transfer *t, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return;
	*colon = '\0';
	for (size_t i = 0; i < ARRAY_LEN(known_headers); i++)
		if (str_eq_nocase(line, known_headers[i].name))
			known_headers[i].set(t, str_trim(colon + 1));
}

/* An interim answer (100) is followed by another head. */
static void
begin_head(struct transfer *t, const char *line)
{
	const char *space = strchr(line, ' ');
	char digits[4] = "";
	int64_t status = 0;

	if (space)
		str_copy(digits, sizeof digits, space + 1);
	if (!parse_int(digits, 100, 999, &status))
		status = 0;
	t->reply.status = (int)status;
}

static void
end_head(struct transfer *t)
{
	if (t->reply.status < 200)
		return;
	t->head_done = true;
	if (t->request.stream && t->request.headers_in)
		t->request.headers_in(t->request.ctx, &t->reply);
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	size_t len = size * count;
	char *line, *trimmed;

	if (t->cancelled)
		return 0;
	if (t->head_done) /* a trailer */
		return len;
	line = xstrndup(bytes, len);
	trimmed = str_trim(line);
	if (str_has_prefix(trimmed, "HTTP/"))
		begin_head(t, trimmed);
	else if (*trimmed == '\0')
		end_head(t);
	else
		read_header(t, trimmed);
	free(line);
	return t->cancelled ? 0 : len;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	size_t len = size * count;

	if (t->cancelled)
		return 0;
	if (t->pause_wanted) {
		t->recv_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	t->bytes_in += len;
	if (t->request.stream) {
		t->h->taken += len;
		t->request.data(t->request.ctx, bytes, len);
		return t->cancelled ? 0 : len;
	}
	buf_add(&t->in, bytes, len);
	t->too_long = t->in.overflow;
	return t->too_long ? 0 : len;
}

static size_t
on_upload(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	size_t len = MIN(size * count, t->out.len);

	if (t->cancelled)
		return CURL_READFUNC_ABORT;
	if (len == 0 && t->upload_ended)
		return 0;
	if (len == 0) {
		t->send_paused = true;
		return CURL_READFUNC_PAUSE;
	}
	memcpy(bytes, t->out.data, len);
	buf_consume(&t->out, len);
	return len;
}

/* When a kept connection turns out to be dead, libcurl sends the request again on a
 * new one. That is right for a read; a change whose bytes have left may have been made
 * already, and making it twice (or finding it made) is for its owner to judge. */
static int
on_before_request(void *user, char *ip, char *local_ip, int port, int local_port)
{
	struct transfer *t = user;
	long sent = 0;

	(void)ip, (void)local_ip, (void)port, (void)local_port;
	if (++t->attempts == 1 || str_eq(t->request.method, "GET"))
		return CURL_PREREQFUNC_OK;
	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	return sent > 0 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* What we start (an editor, a browser) inherits no connection. */
static int
on_socket_made(void *user, curl_socket_t fd, curlsocktype purpose)
{
	(void)user;
	(void)purpose;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return CURL_SOCKOPT_OK;
}

static void
set_callbacks(struct transfer *t)
{
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->detail);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_before_request);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
}

static void
set_method(struct transfer *t)
{
	CURL *e = t->easy;
	const char *method = t->request.method;

	if (t->request.upload) {
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_upload);
		curl_easy_setopt(e, CURLOPT_READDATA, t);
	} else if (t->body || str_eq(method, "POST")) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)(t->body ? t->request.body_len : 0));
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body ? t->body : "");
	}
	if (t->request.upload || !(str_eq(method, "GET") || str_eq(method, "POST")))
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
}

static void
set_transport(struct transfer *t)
{
	CURL *e = t->easy;
	bool tls = str_has_prefix(t->url, "https:");

	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)t->request.connect_ms);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE,
	    (long)(t->request.stream ? STREAM_BUFFER : SMALL_BUFFER));
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
	    tls ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
	if (t->h->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, t->h->ca_file);
	if (t->h->ca_path)
		curl_easy_setopt(e, CURLOPT_CAPATH, t->h->ca_path);
	if (http_is_loopback(t->url))
		curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
}

/* A line break in a header (from a pasted key, say) would smuggle in another one. */
static bool
headers_are_whole(const struct transfer *t)
{
	for (const struct curl_slist *h = t->headers; h; h = h->next)
		if (strpbrk(h->data, "\r\n"))
			return false;
	return true;
}

bool
transfer_prepare(struct transfer *t)
{
	if (!headers_are_whole(t))
		return error_set(&t->reply.error, ERROR_INPUT,
		    "a key, token or id holds a line break: check where it comes from");
	t->headers = curl_slist_append(t->headers, "Expect:");
	if (curl_easy_setopt(t->easy, CURLOPT_URL, t->url) != CURLE_OK)
		return error_set(&t->reply.error, ERROR_INPUT, "the address is too long");
	curl_easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, t->h->user_agent);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	set_callbacks(t);
	set_method(t);
	set_transport(t);
	return true;
}
