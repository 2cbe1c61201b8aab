#include "tests/bench/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define PIECE (256u * 1024)
#define ANSWER_MAX (64u << 20)

enum { CONNECTIONS_MAX = 256 };

/* ---- one connection */

int
connect_port(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		fail_msg("cannot connect to port %d: %s", port, strerror(errno));
	return fd;
}

void
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fail_msg("writing: %s", strerror(errno));
		bytes += n;
		len -= (size_t)n;
	}
}

void
client_open(struct client *c, const struct world *w)
{
	const char *url = world_get(w, "E2B_API_URL");
	int64_t port = 0;

	if (!url || !strrchr(url, ':') ||
	    !parse_int(strrchr(url, ':') + 1, 1, 65535, &port))
		fail_msg("no port in %s", url ? url : "E2B_API_URL");
	c->port = (int)port;
	c->key = world_get(w, "E2B_API_KEY");
	c->fd = connect_port(c->port);
	buf_init(&c->in, ANSWER_MAX);
}

void
client_close(struct client *c)
{
	close(c->fd);
	buf_clear(&c->in);
}

/* ---- answers */

/* Length of the whole answer at the front of `data`, 0 while its header is cut. */
static size_t
answer_len(const char *data, size_t len, size_t *body_at)
{
	static const char name[] = "\r\nContent-Length:";
	const char *end = memmem(data, len, "\r\n\r\n", 4), *at;
	size_t body = 0;

	if (!end)
		return 0;
	*body_at = (size_t)(end - data) + 4;
	for (at = data; (at = memchr(at, '\r', (size_t)(end - at))); at++)
		if (strncasecmp(at, name, sizeof name - 1) == 0)
			break;
	for (at = at ? at + sizeof name - 1 : end; *at == ' '; at++)
		continue;
	for (; *at >= '0' && *at <= '9'; at++)
		body = body * 10 + (size_t)(*at - '0');
	return *body_at + body;
}

static size_t
read_more(int fd, struct buf *in)
{
	char *to = buf_reserve(in, PIECE);
	ssize_t n = to ? read(fd, to, PIECE) : -1;

	if (n <= 0)
		fail_msg("the server closed after: %.200s", in->data);
	buf_commit(in, (size_t)n);
	return (size_t)n;
}

static char *
take_answer(struct client *c, int want)
{
	char line[32];
	size_t body_at = 0, len;

	buf_reset(&c->in);
	while (
	    (len = answer_len(c->in.data, c->in.len, &body_at)) == 0 || c->in.len < len)
		read_more(c->fd, &c->in);
	snprintf(line, sizeof line, "HTTP/1.1 %d", want);
	if (!str_has_prefix(c->in.data, line))
		fail_msg("not %d: %.400s", want, c->in.data);
	return xstrdup(c->in.data + body_at);
}

static char *
ask(struct client *c, int want, const char *method, const char *path, const char *headers,
    const char *body)
{
	struct buf out;

	buf_init(&out, ANSWER_MAX);
	buf_addf(&out, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path, headers);
	if (body)
		buf_addf(&out,
		    "Content-Type: application/json\r\nContent-Length: %zu\r\n",
		    strlen(body));
	buf_addf(&out, "\r\n%s", body ? body : "");
	write_all(c->fd, out.data, out.len);
	buf_clear(&out);
	return take_answer(c, want);
}

char *
client_ask(
    struct client *c, int want, const char *method, const char *path, const char *body)
{
	char *headers = xasprintf("X-API-Key: %s\r\n", c->key);
	char *answer = ask(c, want, method, path, headers, body);

	free(headers);
	return answer;
}

static char *
box_headers(const struct box *b)
{
	return xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n"
			 "X-Access-Token: %s\r\n",
	    b->id, b->token);
}

char *
client_ask_box(struct client *c, const struct box *b, const char *path, const char *body)
{
	char *headers = box_headers(b);
	char *answer = ask(c, 200, body ? "POST" : "GET", path, headers, body);

	free(headers);
	return answer;
}

/* ---- sandboxes */

void
client_create(struct client *c, struct box *out)
{
	char *answer = client_ask(c, 201, "POST", "/v2/sandboxes",
	    "{\"templateID\":\"base\",\"timeout\":3600}");

	out->id = text_member(answer, "sandboxID");
	out->token = text_member(answer, "envdAccessToken");
	free(answer);
}

void
client_kill(struct client *c, struct box *b)
{
	char *path = xasprintf("/sandboxes/%s", b->id);

	free(client_ask(c, 204, "DELETE", path, NULL));
	free(path);
	free(b->id);
	free(b->token);
}

int
client_start_pty(struct client *c, const struct box *b, const char *command, int *pid)
{
	char *headers = box_headers(b), *body, *at;
	int fd = connect_port(c->port);
	struct buf out;

	body = xasprintf("{\"process\":{\"cmd\":\"/bin/bash\",\"args\":[%s],\"envs\":{"
			 "\"TERM\":\"xterm\"}},\"pty\":{\"size\":{\"cols\":80,\"rows\":"
			 "24}}}",
	    command);
	buf_init(&out, ANSWER_MAX);
	buf_addf(&out,
	    "POST /process.Process/Start HTTP/1.1\r\nHost: localhost\r\n%s"
	    "Content-Type: application/connect+json\r\nConnect-Timeout-Ms: 0\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    headers, strlen(body) + 5);
	buf_add(&out, "\0\0\0", 3);
	buf_add_char(&out, (char)(strlen(body) >> 8));
	buf_add_char(&out, (char)(strlen(body) & 0xff));
	buf_add_str(&out, body);
	write_all(fd, out.data, out.len);
	buf_reset(&out);
	while (!(at = memmem(out.data, out.len, "\"pid\":", 6)) || !strchr(at, '}'))
		read_more(fd, &out);
	*pid = (int)strtol(at + 6, NULL, 10);
	buf_clear(&out);
	free(body);
	free(headers);
	return fd;
}

/* ---- load */

struct lane {
	int fd;
	struct buf in;
};

/* Returns how many answers became whole. */
static int
advance_lane(struct lane *l, const struct buf *request)
{
	size_t body_at = 0, len;
	int whole = 0;

	read_more(l->fd, &l->in);
	while (
	    (len = answer_len(l->in.data, l->in.len, &body_at)) > 0 && l->in.len >= len) {
		if (!str_has_prefix(l->in.data, "HTTP/1.1 200"))
			fail_msg("refused: %.300s", l->in.data);
		buf_consume(&l->in, len);
		write_all(l->fd, request->data, request->len);
		whole++;
	}
	return whole;
}

double
load_rate(int port, const struct buf *request, int connections, int ms)
{
	struct lane lanes[CONNECTIONS_MAX] = { 0 };
	struct epoll_event events[CONNECTIONS_MAX];
	int epoll = epoll_create1(EPOLL_CLOEXEC), answers = 0;
	uint64_t start_us, spent_us = 0;

	for (int i = 0; i < connections; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = &lanes[i] };

		lanes[i].fd = connect_port(port);
		buf_init(&lanes[i].in, 2 * PIECE);
		epoll_ctl(epoll, EPOLL_CTL_ADD, lanes[i].fd, &e);
		write_all(lanes[i].fd, request->data, request->len);
	}
	start_us = clock_mono_us();
	while (spent_us < (uint64_t)ms * 1000) {
		int n = epoll_wait(epoll, events, connections, 1000);

		for (int i = 0; i < n; i++)
			answers += advance_lane(events[i].data.ptr, request);
		spent_us = clock_mono_us() - start_us;
	}
	for (int i = 0; i < connections; i++) {
		close(lanes[i].fd);
		buf_clear(&lanes[i].in);
	}
	close(epoll);
	return answers / ((double)spent_us / 1e6);
}

static double
seconds_since(uint64_t start_us)
{
	return (double)(clock_mono_us() - start_us) / 1e6;
}

double
load_upload(int port, const char *head, uint64_t len)
{
	struct client c = { .fd = connect_port(port) };
	char *bytes = xcalloc(1, PIECE);
	char *full =
	    xasprintf("%sContent-Length: %llu\r\n\r\n", head, (unsigned long long)len);
	uint64_t start_us = clock_mono_us();
	double took_s;
	size_t body_at;

	memset(bytes, 'u', PIECE);
	buf_init(&c.in, ANSWER_MAX);
	write_all(c.fd, full, strlen(full));
	for (uint64_t sent = 0; sent < len; sent += PIECE)
		write_all(c.fd, bytes, (size_t)MIN(len - sent, (uint64_t)PIECE));
	while (answer_len(c.in.data, c.in.len, &body_at) == 0)
		read_more(c.fd, &c.in);
	took_s = seconds_since(start_us);
	if (!str_has_prefix(c.in.data, "HTTP/1.1 20"))
		fail_msg("upload refused: %.300s", c.in.data);
	client_close(&c);
	free(bytes);
	free(full);
	return took_s;
}

double
load_download(int port, const char *head, uint64_t len)
{
	int fd = connect_port(port);
	struct buf in;
	char *bytes = xmalloc(PIECE);
	uint64_t start_us = clock_mono_us(), got;
	size_t body_at = 0;
	ssize_t n;

	buf_init(&in, 2 * PIECE);
	write_all(fd, head, strlen(head));
	write_all(fd, "\r\n", 2);
	while (answer_len(in.data, in.len, &body_at) == 0)
		read_more(fd, &in);
	if (!str_has_prefix(in.data, "HTTP/1.1 200"))
		fail_msg("download refused: %.300s", in.data);
	for (got = in.len - body_at; got < len; got += (uint64_t)n)
		if ((n = read(fd, bytes, PIECE)) <= 0)
			fail_msg("download cut at %llu", (unsigned long long)got);
	free(bytes);
	buf_clear(&in);
	close(fd);
	return seconds_since(start_us);
}

/* ---- numbers */

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare_doubles);
	return values[count / 2];
}

const char *
at_least(double value, double reach)
{
	return value >= reach ? "pass" : "MISS";
}

const char *
at_most(double value, double reach)
{
	return value <= reach ? "pass" : "MISS";
}

int
world_host_pid(const struct world *w)
{
	char *path = xasprintf("%s/sandtop/state/host/host.json", w->dir);
	char text[4096] = "", *at;
	FILE *in = fopen(path, "r");

	if (!in || fread(text, 1, sizeof text - 1, in) == 0)
		fail_msg("cannot read %s", path);
	fclose(in);
	free(path);
	at = strstr(text, "\"pid\":");
	return at ? (int)strtol(at + 6, NULL, 10) : -1;
}

int64_t
proc_kib(int pid, const char *file, const char *key)
{
	char *path = xasprintf("/proc/%d/%s", pid, file), line[512];
	FILE *in = fopen(path, "r");
	int64_t value = -1;

	free(path);
	while (in && value < 0 && fgets(line, sizeof line, in))
		if (str_has_prefix(line, key))
			value = strtol(line + strlen(key), NULL, 10);
	if (in)
		fclose(in);
	return value;
}

double
proc_cpu_s(int pid)
{
	char *path = xasprintf("/proc/%d/stat", pid), line[1024] = "", *at;
	FILE *in = fopen(path, "r");
	struct strlist words = { 0 };
	int64_t user = 0, kernel = 0;

	free(path);
	if (!in || !fgets(line, sizeof line, in))
		fail_msg("no process %d", pid);
	fclose(in);
	at = strrchr(line, ')');
	strlist_split(&words, at ? at + 2 : "", ' ');
	if (words.count < 13 || !parse_int(words.items[11], 0, INT64_MAX, &user) ||
	    !parse_int(words.items[12], 0, INT64_MAX, &kernel))
		fail_msg("odd /proc/%d/stat", pid);
	strlist_clear(&words);
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}
