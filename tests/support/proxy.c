#include "tests/support/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "tests/support/world.h"

enum {
	EXCHANGES_MAX = 200,
	RULES_MAX = 32,
	LINES_MAX = 20000,
	LINE_MAX_BYTES = 512,
	TEXT_MAX = 60000, /* of an order: one packet */
	HEAD_MAX = 32 * 1024,
	PIPE_MAX = 256 * 1024, /* one side is not read while the other has so much */
	PIECE = 64 * 1024,
};

/* ---- what the test and its proxy say to each other: one packet each way */

enum order_kind {
	ORDER_RULE,
	ORDER_FORGET,
	ORDER_RELEASE,
	ORDER_CUT,
	ORDER_END,
	ORDER_COUNT,
	ORDER_OPEN,
	ORDER_LIST
};

struct order {
	enum order_kind kind;
	char match[LINE_MAX_BYTES];
	enum proxy_act act;
	int times;
	size_t after, len;
	char from[64], to[64];
	char bytes[TEXT_MAX];
};

struct report {
	int count;
	char text[4096];
};

/* ---- the child */

struct rule {
	char match[LINE_MAX_BYTES];
	enum proxy_act act;
	bool limited;
	int times;
	size_t after;
	char from[64], to[64];
	char *bytes; /* owned */
	size_t len;
};

struct exchange {
	int client, up; /* -1: closed */
	bool used;
	char line[LINE_MAX_BYTES]; /* "GET /path"; "" until the head is there */
	struct rule rule;	   /* its bytes are borrowed */
	struct buf in, out;	   /* towards the server, towards the client */
	struct buf head;	   /* of the answer, until it is whole */
	bool head_done, held, closing;
	size_t body; /* bytes of the answer's body so far */
};

static struct {
	int listener, orders;
	struct sockaddr_in upstream;
	bool has_upstream;
	struct exchange exchanges[EXCHANGES_MAX];
	struct rule rules[RULES_MAX]; /* the newest last */
	size_t rule_count;
	char *lines[LINES_MAX]; /* owned */
	size_t line_count;
} here;

static bool
matches(const char *match, const char *line)
{
	return fnmatch(match, line, 0) == 0;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
end_exchange(struct exchange *x)
{
	close_fd(&x->client);
	close_fd(&x->up);
	buf_clear(&x->in);
	buf_clear(&x->out);
	buf_clear(&x->head);
	x->used = false;
}

static void
take_client(void)
{
	int fd = accept4(here.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct exchange *x = here.exchanges;

	if (fd < 0)
		return;
	while (x < here.exchanges + EXCHANGES_MAX && x->used)
		x++;
	if (x == here.exchanges + EXCHANGES_MAX) {
		close(fd);
		return;
	}
	*x = (struct exchange){ .client = fd, .up = -1, .used = true };
	buf_init(&x->in, 64u << 20);
	buf_init(&x->out, 64u << 20);
	buf_init(&x->head, HEAD_MAX);
}

static void
go_on(struct exchange *x)
{
	x->held = false;
	if (!here.has_upstream) {
		end_exchange(x);
		return;
	}
	x->up = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(x->up, (struct sockaddr *)&here.upstream, sizeof here.upstream) !=
	    0) {
		end_exchange(x);
		return;
	}
	fcntl(x->up, F_SETFL, O_NONBLOCK);
}

static struct rule *
find_rule(const char *line)
{
	for (size_t i = here.rule_count; i-- > 0;) {
		struct rule *r = &here.rules[i];
		if ((!r->limited || r->times > 0) && matches(r->match, line))
			return r;
	}
	return NULL;
}

static void
decide(struct exchange *x)
{
	struct rule *rule = find_rule(x->line);

	if (rule) {
		x->rule = *rule;
		rule->times--;
	}
	if (x->rule.act == PROXY_DROP) {
		end_exchange(x);
	} else if (x->rule.act == PROXY_ANSWER) {
		buf_add(&x->out, x->rule.bytes, x->rule.len);
		x->closing = true;
	} else if (x->rule.act == PROXY_HOLD) {
		x->held = true;
	} else if (x->rule.act != PROXY_SILENCE) {
		go_on(x);
	}
}

/* One request per connection: the server is told so, and the client hears it from it. */
static void
take_head(struct exchange *x)
{
	static const char only[] = "Connection: close\r\n";
	char *end = memmem(x->in.data, x->in.len, "\r\n\r\n", 4), *first = x->in.data;
	struct buf whole;
	size_t line;

	if (!end)
		return;
	line = strcspn(first, "\r\n");
	snprintf(x->line, sizeof x->line, "%.*s",
	    (int)MIN(line > 9 ? line - 9 : line, sizeof x->line - 1), first);
	if (here.line_count < LINES_MAX)
		here.lines[here.line_count++] = xstrdup(x->line);
	buf_init(&whole, x->in.max);
	buf_add(&whole, first, line + 2);
	buf_add_str(&whole, only);
	buf_add(&whole, first + line + 2, x->in.len - line - 2);
	buf_clear(&x->in);
	x->in = whole;
	decide(x);
}

static void
swap_bytes(const struct rule *r, char *bytes, size_t len)
{
	size_t size = strlen(r->from);
	char *at;

	while ((at = memmem(bytes, len, r->from, size))) {
		memcpy(at, r->to, size);
		len -= (size_t)(at + size - bytes);
		bytes = at + size;
	}
}

static void
pass_body(struct exchange *x, char *bytes, size_t len)
{
	if (x->rule.act == PROXY_SWAP)
		swap_bytes(&x->rule, bytes, len);
	if (x->rule.act == PROXY_CUT && x->body + len >= x->rule.after) {
		len = x->rule.after - x->body;
		x->closing = true;
	}
	x->body += len;
	if (x->rule.act != PROXY_LOSE)
		buf_add(&x->out, bytes, len);
}

static void
pass_answer(struct exchange *x, char *bytes, size_t len)
{
	char *end;

	if (x->closing)
		return;
	if (x->head_done) {
		pass_body(x, bytes, len);
		return;
	}
	buf_add(&x->head, bytes, len);
	end = memmem(x->head.data, x->head.len, "\r\n\r\n", 4);
	if (!end)
		return;
	size_t head = (size_t)(end + 4 - x->head.data);
	x->head_done = true;
	if (x->rule.act != PROXY_LOSE)
		buf_add(&x->out, x->head.data, head);
	pass_body(x, x->head.data + head, x->head.len - head);
}

/* -1: closed; 0: nothing now */
static ssize_t
receive(int fd, char *bytes)
{
	ssize_t got = read(fd, bytes, PIECE);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return got <= 0 ? -1 : got;
}

static void
read_client(struct exchange *x)
{
	char bytes[PIECE];
	ssize_t got = receive(x->client, bytes);

	if (got > 0) {
		buf_add(&x->in, bytes, (size_t)got);
		if (!x->line[0])
			take_head(x);
	} else if (got < 0 && (x->rule.act == PROXY_HOLD || x->rule.act == PROXY_LOSE)) {
		close_fd(&x->client); /* it is passed on all the same */
	} else if (got < 0) {
		end_exchange(x);
	}
}

static void
read_server(struct exchange *x)
{
	char bytes[PIECE];
	ssize_t got = receive(x->up, bytes);

	if (got > 0) {
		pass_answer(x, bytes, (size_t)got);
	} else if (got < 0) {
		close_fd(&x->up);
		x->closing = true;
	}
}

/* false: the other side is gone */
static bool
send_some(int fd, struct buf *from)
{
	ssize_t sent = send(fd, from->data, from->len, MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	buf_consume(from, (size_t)sent);
	return true;
}

static void
write_both(struct exchange *x)
{
	if (x->up >= 0 && x->in.len > 0 && !send_some(x->up, &x->in))
		buf_reset(&x->in);
	if (x->client < 0)
		buf_reset(&x->out);
	if (x->client >= 0 && x->out.len > 0 && !send_some(x->client, &x->out)) {
		end_exchange(x);
		return;
	}
	/* The client reads the end before what it still sends can break it. */
	if (x->closing && x->out.len == 0) {
		if (x->client >= 0)
			shutdown(x->client, SHUT_WR);
		if (x->client < 0 || x->rule.act == PROXY_LOSE)
			end_exchange(x);
		else
			close_fd(&x->up);
	}
}

/* ---- orders */

static void
add_rule(const struct order *o)
{
	struct rule *r = &here.rules[here.rule_count];

	if (here.rule_count == RULES_MAX)
		_exit(3);
	here.rule_count++;
	*r = (struct rule){ .act = o->act,
		.limited = o->times > 0,
		.times = o->times,
		.after = o->after,
		.len = o->len };
	str_copy(r->match, sizeof r->match, o->match);
	str_copy(r->from, sizeof r->from, o->from);
	str_copy(r->to, sizeof r->to, o->to);
	r->bytes = xmemdup(o->bytes, MAX(o->len, (size_t)1));
}

static void
end_with(struct exchange *x, const struct order *o)
{
	if (o->len > 0) {
		buf_addf(&x->out, "%zx\r\n", o->len);
		buf_add(&x->out, o->bytes, o->len);
		buf_add_str(&x->out, "\r\n");
	}
	buf_add_str(&x->out, "0\r\n\r\n");
	x->closing = true;
}

static bool
obey_for(struct exchange *x, const struct order *o)
{
	if (!x->used || !x->line[0] || !matches(o->match, x->line))
		return false;
	if (o->kind == ORDER_CUT)
		end_exchange(x);
	else if (o->kind == ORDER_END)
		end_with(x, o);
	else if (o->kind == ORDER_RELEASE && x->held)
		go_on(x);
	return true;
}

static void
list_lines(struct report *report)
{
	size_t from = here.line_count > 40 ? here.line_count - 40 : 0, len = 0;

	for (size_t i = from; i < here.line_count && len < sizeof report->text - 1; i++)
		len += (size_t)snprintf(report->text + len, sizeof report->text - len,
		    "%.90s\n", here.lines[i]);
}

static void
obey(const struct order *o, struct report *report)
{
	*report = (struct report){ 0 };
	if (o->kind == ORDER_RULE)
		add_rule(o);
	else if (o->kind == ORDER_FORGET)
		here.rule_count = 0; /* their bytes may still be in use */
	else if (o->kind == ORDER_LIST)
		list_lines(report);
	else if (o->kind == ORDER_COUNT)
		for (size_t i = 0; i < here.line_count; i++)
			report->count += matches(o->match, here.lines[i]);
	else
		for (size_t i = 0; i < EXCHANGES_MAX; i++)
			report->count += obey_for(&here.exchanges[i], o);
}

static void
take_order(void)
{
	static struct order order;
	static struct report report;
	ssize_t got = recv(here.orders, &order, sizeof order, 0);

	if (got <= 0)
		_exit(0);
	obey(&order, &report);
	if (send(here.orders, &report, sizeof report, MSG_NOSIGNAL) < 0)
		_exit(0);
}

/* ---- turning */

static short
client_events(const struct exchange *x)
{
	return (
	    short)((x->in.len < PIPE_MAX ? POLLIN : 0) | (x->out.len > 0 ? POLLOUT : 0));
}

static short
server_events(const struct exchange *x)
{
	return (
	    short)((x->out.len < PIPE_MAX ? POLLIN : 0) | (x->in.len > 0 ? POLLOUT : 0));
}

static void
turn(void)
{
	static struct pollfd fds[2 + 2 * EXCHANGES_MAX];

	fds[0] = (struct pollfd){ here.listener, POLLIN, 0 };
	fds[1] = (struct pollfd){ here.orders, POLLIN, 0 };
	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		struct exchange *x = &here.exchanges[i];
		fds[2 + 2 * i] =
		    (struct pollfd){ x->used ? x->client : -1, client_events(x), 0 };
		fds[3 + 2 * i] =
		    (struct pollfd){ x->used ? x->up : -1, server_events(x), 0 };
	}
	if (poll(fds, 2 + 2 * EXCHANGES_MAX, -1) < 0)
		return;
	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		struct exchange *x = &here.exchanges[i];
		if (x->used && fds[2 + 2 * i].revents & (POLLIN | POLLHUP | POLLERR))
			read_client(x);
		if (x->used && x->up >= 0 &&
		    fds[3 + 2 * i].revents & (POLLIN | POLLHUP | POLLERR))
			read_server(x);
		if (x->used)
			write_both(x);
	}
	if (fds[0].revents)
		take_client();
	if (fds[1].revents)
		take_order();
}

static void
run_child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != here.listener && fd != here.orders)
			close(fd);
	for (size_t i = 0; i < EXCHANGES_MAX; i++)
		here.exchanges[i].client = here.exchanges[i].up = -1;
	for (;;)
		turn();
}

/* ---- the test's side */

struct proxy {
	pid_t pid;
	int orders;
	char url[64];
};

static struct order *
new_order(enum order_kind kind, const char *match)
{
	struct order *o = xcalloc(1, sizeof *o);

	o->kind = kind;
	str_copy(o->match, sizeof o->match, match);
	return o;
}

static int
give(struct proxy *p, struct order *o)
{
	struct report report;

	assert_true(send(p->orders, o, sizeof *o, MSG_NOSIGNAL) == (ssize_t)sizeof *o);
	assert_true(recv(p->orders, &report, sizeof report, 0) == (ssize_t)sizeof report);
	if (o->kind == ORDER_LIST)
		fprintf(stderr, "---- the requests:\n%s----\n", report.text);
	free(o);
	return report.count;
}

static int
listen_on_loopback(char *url, size_t size)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 128), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	snprintf(url, size, "http://127.0.0.1:%d", ntohs(at.sin_port));
	return fd;
}

struct proxy *
proxy_new(const char *upstream)
{
	struct proxy *p = xcalloc(1, sizeof *p);
	int ends[2], listener = listen_on_loopback(p->url, sizeof p->url);

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	here.has_upstream = upstream != NULL;
	if (upstream) {
		int64_t port;
		assert_true(parse_int(strrchr(upstream, ':') + 1, 1, 65535, &port));
		here.upstream = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_port = htons((uint16_t)port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	}
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		here.listener = listener;
		here.orders = ends[1];
		run_child();
	}
	close(listener);
	close(ends[1]);
	p->orders = ends[0];
	return p;
}

void
proxy_free(struct proxy *p)
{
	if (!p)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->orders);
	free(p);
}

const char *
proxy_url(const struct proxy *p)
{
	return p->url;
}

void
proxy_rule(struct proxy *p, const struct proxy_rule *rule)
{
	struct order *o = new_order(ORDER_RULE, rule->match);

	assert_true(rule->len <= sizeof o->bytes);
	o->act = rule->act;
	o->times = rule->times;
	o->after = rule->after;
	o->len = rule->len;
	if (rule->len > 0)
		memcpy(o->bytes, rule->bytes, rule->len);
	if (rule->act == PROXY_SWAP) {
		assert_int_equal(strlen(rule->from), strlen(rule->to));
		str_copy(o->from, sizeof o->from, rule->from);
		str_copy(o->to, sizeof o->to, rule->to);
	}
	give(p, o);
}

void
proxy_answer(struct proxy *p, const char *match, int times, int status,
    const char *headers, const char *body)
{
	char *text = xasprintf("HTTP/1.1 %d Answer\r\nConnection: close\r\n"
			       "Content-Length: %zu\r\n%s\r\n%s",
	    status, strlen(body), headers, body);

	proxy_rule(p, &(struct proxy_rule){ .match = match,
			  .act = PROXY_ANSWER,
			  .times = times,
			  .bytes = text,
			  .len = strlen(text) });
	free(text);
}

void
proxy_forget(struct proxy *p)
{
	give(p, new_order(ORDER_FORGET, ""));
}

void
proxy_release(struct proxy *p, const char *match)
{
	give(p, new_order(ORDER_RELEASE, match));
}

void
proxy_cut(struct proxy *p, const char *match)
{
	give(p, new_order(ORDER_CUT, match));
}

void
proxy_end_with(struct proxy *p, const char *match, const void *bytes, size_t len)
{
	struct order *o = new_order(ORDER_END, match);

	assert_true(len <= sizeof o->bytes);
	o->len = len;
	memcpy(o->bytes, bytes, len);
	assert_true(give(p, o) > 0);
}

int
proxy_count(struct proxy *p, const char *match)
{
	return give(p, new_order(ORDER_COUNT, match));
}

struct awaited {
	struct proxy *proxy;
	const char *match;
	enum order_kind kind;
	int count;
};

static bool
has_come(void *ctx)
{
	const struct awaited *a = ctx;
	int count = give(a->proxy, new_order(a->kind, a->match));

	return a->kind == ORDER_COUNT ? count >= a->count : count == 0;
}

static void
wait_for(struct awaited *a)
{
	if (world_wait(has_come, a))
		return;
	give(a->proxy, new_order(ORDER_LIST, ""));
	fail_msg("%d of %s never %s", a->count, a->match,
	    a->kind == ORDER_COUNT ? "came" : "ended");
}

void
proxy_wait(struct proxy *p, const char *match, int count)
{
	wait_for(&(struct awaited){ p, match, ORDER_COUNT, count });
}

void
proxy_wait_closed(struct proxy *p, const char *match)
{
	wait_for(&(struct awaited){ p, match, ORDER_OPEN, 0 });
}
