/* HTTP to services inside sandboxes: routing, bodies both ways, upgrades, every way in
 * which it can fail. */
#include "host_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/port_head.h"
#include "host/ports.h"
#include "wire/connect.h"

enum { BIG = 24 * 1024 * 1024 };

/* A service that answers each path in a way of its own: name, port, address. */
static const char service[] =
    "import socket,sys,threading,zlib\n"
    "name,port,at=sys.argv[1].encode(),int(sys.argv[2]),sys.argv[3]\n"
    "def body(f,h):\n"
    "  for l in h[1:]:\n"
    "    k,_,v=l.partition(b': ')\n"
    "    if k.lower()==b'content-length':\n"
    "      n=int(v)\n"
    "      while n>0:\n"
    "        d=f.read1(min(n,65536))\n"
    "        if not d: return\n"
    "        n-=len(d); yield d\n"
    "    if k.lower()==b'transfer-encoding':\n"
    "      while True:\n"
    "        n=int(f.readline(),16)\n"
    "        d=f.read(n); f.readline()\n"
    "        if n==0: return\n"
    "        yield d\n"
    "def whole(c,b,more=b''):\n"
    "  c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: "
    "%d\\r\\n%s\\r\\n'%(len(b),more)+b)\n"
    "def serve(c):\n"
    "  f=c.makefile('rb'); h=[]\n"
    "  while True:\n"
    "    l=f.readline().rstrip(b'\\r\\n')\n"
    "    if not l: break\n"
    "    h.append(l)\n"
    "  if not h: return\n"
    "  p=h[0].split()[1].split(b'?')[0]\n"
    "  if p==b'/name': whole(c,name)\n"
    "  if p==b'/head': c.sendall(b'HTTP/1.0 200 OK\\r\\nX-A: 1\\r\\nX-A: 2\\r\\n'\n"
    "    b'Keep-Alive: 5\\r\\nConnection: keep-alive, x-b\\r\\nX-B: 3\\r\\n\\r\\n'\n"
    "    +b'\\n'.join(h))\n"
    "  if p==b'/sum':\n"
    "    n=0;s=0\n"
    "    for d in body(f,h): n+=len(d); s=zlib.crc32(d,s)\n"
    "    whole(c,b'%d %d'%(n,s))\n"
    "  if p==b'/big':\n"
    "    c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n'%(24<<20))\n"
    "    for i in range(24<<4): c.sendall(bytes([i%251])*65536)\n"
    "  if p==b'/mirror':\n"
    "    c.sendall(b'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n')\n"
    "    for d in body(f,h): c.sendall(b'%x\\r\\n%s\\r\\n'%(len(d),d))\n"
    "    c.sendall(b'0\\r\\n\\r\\n')\n"
    "  if p==b'/up':\n"
    "    c.sendall(b'HTTP/1.1 101 Switching\\r\\nUpgrade: echo\\r\\n'\n"
    "      b'Connection: Upgrade\\r\\n\\r\\nhello')\n"
    "    while True:\n"
    "      d=f.read1(65536)\n"
    "      if not d: break\n"
    "      c.sendall(d)\n"
    "    c.sendall(b'bye')\n"
    "  if p==b'/hints':\n"
    "    c.sendall(b'HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 103 Hints\\r\\n\\r\\n')\n"
    "    whole(c,b'x')\n"
    "  if p==b'/refuse':\n"
    "    c.sendall(b'HTTP/1.1 413 Too much\\r\\nContent-Length: 2\\r\\n\\r\\nno')\n"
    "    c.shutdown(socket.SHUT_WR)\n"
    "    for d in body(f,h): pass\n"
    "  if p==b'/keeps':\n"
    "    whole(c,b'kept'); f.read()\n"
    "  if p==b'/half':\n"
    "    c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhalf'); f.read()\n"
    "  if p==b'/short':\n"
    "    c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhalf')\n"
    "  if p==b'/never': f.read()\n"
    "  if p==b'/junk': c.sendall(b'SSH-2.0 hello\\r\\n\\r\\n')\n"
    "  if p==b'/long': c.sendall(b'HTTP/1.1 200 OK\\r\\nX: '+b'x'*100000)\n"
    "  if p==b'/101': c.sendall(b'HTTP/1.1 101 Unasked\\r\\n\\r\\n')\n"
    "  f.close(); c.close()\n"
    "s=socket.socket(socket.AF_INET6 if ':' in at else socket.AF_INET)\n"
    "s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
    "s.bind((at,port))\n"
    "print('bound',flush=True)\n"
    "if len(sys.argv)>4: sys.stdin.readline()\n"
    "s.listen(64)\n"
    "print('up',flush=True)\n"
    "while True:\n"
    "  threading.Thread(target=serve,args=(s.accept()[0],),daemon=True).start()\n";

static struct guest guest;
static struct client running; /* the service of `guest`, port 3000 */

static void
launch(struct client *c, const struct guest *g, const char *code, const char *args)
{
	struct buf json;

	buf_init(&json, 65536);
	buf_add_str(&json, "{\"process\":{\"cmd\":\"python3\",\"args\":[\"-c\",");
	json_add_string(&json, code);
	buf_addf(&json, ",%s]},\"stdin\":true}", args);
	client_open(c);
	open_stream(c, g, "Start", json.data, NULL);
	buf_clear(&json);
}

static int
open_service(void **state)
{
	open_house(state);
	create_guest(",\"timeout\":600", &guest);
	launch(&running, &guest, service, "\"first\",\"3000\",\"127.0.0.1\"");
	wait_output(&running, "up");
	return 0;
}

static int
close_service(void **state)
{
	client_close(&running);
	return close_house(state);
}

/* The headers that lead to a port. */
static char *
address(const struct guest *g, int port)
{
	return xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: %d\r\n", g->id, port);
}

static void
ask_port(const struct guest *g, const char *method, const char *path, struct answer *out)
{
	char *headers = address(g, 3000);

	ask(method, path, headers, NULL, 0, out);
	free(headers);
}

/* A request whose answer is not waited for. */
static void
open_port(struct client *c, const struct guest *g, const char *path, const char *headers)
{
	char *all = xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 3000\r\n%s", g->id,
	    headers ? headers : "");

	client_open(c);
	client_ask(c, "GET", path, all, NULL, 0);
	free(all);
}

static bool
is_quiet(void *ctx)
{
	(void)ctx;
	return ports_count(house.host->ports) == 0;
}

static bool
is_closed(void *ctx)
{
	struct client *c = ctx;
	char piece[256];
	ssize_t n;

	while ((n = recv(c->fd, piece, sizeof piece, MSG_DONTWAIT)) > 0)
		buf_add(&c->in, piece, (size_t)n);
	return n == 0 || errno != EAGAIN;
}

/* ---- what works */

static void
two_sandboxes_may_use_one_port(void **state)
{
	struct guest other;
	struct client second;
	struct answer a;

	(void)state;
	create_guest(NULL, &other);
	launch(&second, &other, service, "\"second\",\"3000\",\"0.0.0.0\"");
	wait_output(&second, "up");
	ask_port(&guest, "GET", "/name", &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body.data, "first");
	answer_clear(&a);
	ask_port(&other, "GET", "/name", &a);
	assert_string_equal(a.body.data, "second");
	answer_clear(&a);
	client_close(&second);
	kill_guest(&other);
	ask_port(&other, "GET", "/name", &a);
	assert_int_equal(a.status, 502);
	assert_true(body_has(&a, "The sandbox was not found"));
	answer_clear(&a);
}

/* One request as it stands; %s in it is the sandbox's id. */
static void
ask_raw(const char *text, struct answer *out)
{
	const char *mark = strstr(text, "%s");
	char *request = xasprintf("%.*s%s%s", mark ? (int)(mark - text) : 0, text,
	    mark ? guest.id : "", mark ? mark + 2 : text);
	struct client c;

	client_open(&c);
	client_send(&c, request, strlen(request));
	client_answer(&c, out);
	client_close(&c);
	free(request);
}

static void
names_lead_to_ports(void **state)
{
	static const struct {
		const char *host;
		int status;
		const char *text;
	} cases[] = {
		{ "Host: 3000-%s.localhost\r\n", 200, "first" },
		{ "Host: 3000-%s.localhost:4711\r\n", 200, "first" },
		{ "Host: 3000-%s-6532622b.LOCALHOST\r\n", 200, "first" },
		/* the name counts, whatever headers say */
		{ "Host: 3000-%s.localhost\r\nE2b-Sandbox-Id: inone\r\n", 200, "first" },
		{ "Host: [::1]:4711\r\nE2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 3000\r\n",
		    200, "first" },
		/* names that somebody made to lead here */
		{ "Host: 3000-%s.example.com\r\n", 400, "localhost" },
		{ "Host: example.com\r\nE2b-Sandbox-Id: %s\r\n"
		  "E2b-Sandbox-Port: 3000\r\n",
		    400, "localhost" },
		{ "Host: localhost.example.com\r\nE2b-Sandbox-Id: %s\r\n"
		  "E2b-Sandbox-Port: 3000\r\n",
		    400, "localhost" },
		{ "Host: 49983-%s.example.com\r\n", 400, "localhost" },
		{ "Host: localhost\r\nE2b-Sandbox-Id: %s\r\n", 400, "both" },
		{ "Host: 0-%s.localhost\r\n", 404, "no matching operation" },
		{ "Host: 3000-inone.localhost\r\n", 502, "The sandbox was not found" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = xasprintf("GET /name HTTP/1.1\r\n%s\r\n", cases[i].host);
		struct answer a;

		ask_raw(text, &a);
		if (a.status != cases[i].status || !body_has(&a, cases[i].text))
			fail_msg("%s: %d %s", cases[i].host, a.status, a.body.data);
		answer_clear(&a);
		free(text);
	}
}

static void
headers_pass_but_those_of_one_connection(void **state)
{
	static const char *const there[] = { "GET /head?a=%20b& HTTP/1.1\n",
		"Host: 3000-i", "X-One: 1\nX-One: 2\n", "Cookie: a=b; c=d",
		"Connection: close" };
	static const char *const not_there[] = { "Keep-Alive", "X-Hop",
		"TE:", "keep-alive" };

	(void)state;
	char *text =
	    xasprintf("GET /head?a=%%20b& HTTP/1.1\r\nHost: 3000-%s.localhost\r\n"
		      "X-One: 1\r\nX-One: 2\r\nConnection: keep-alive, x-hop\r\n"
		      "X-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\n"
		      "Cookie: a=b; c=d\r\n\r\n",
		guest.id);
	struct client c;

	client_open(&c);
	client_send(&c, text, strlen(text));
	turn_until(is_closed, &c);
	for (size_t i = 0; i < ARRAY_LEN(there); i++)
		if (!strstr(c.in.data, there[i]))
			fail_msg("no %s in %s", there[i], c.in.data);
	for (size_t i = 0; i < ARRAY_LEN(not_there); i++)
		if (strstr(c.in.data, not_there[i]))
			fail_msg("%s in %s", not_there[i], c.in.data);
	assert_true(str_has_prefix(c.in.data,
	    "HTTP/1.0 200 OK\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\n\r\nGET "));
	client_close(&c);
	free(text);
}

static void
an_ordinary_server_is_reached(void **state)
{
	struct client server, c;
	struct answer a;
	char *headers = address(&guest, 8000);

	(void)state;
	launch(&server, &guest,
	    "import http.server as h,os\n"
	    "os.chdir('/tmp')\nopen('page','w').write('a page')\n"
	    "s=h.ThreadingHTTPServer(('127.0.0.1',8000),h.SimpleHTTPRequestHandler)\n"
	    "print('up',flush=True)\ns.serve_forever()",
	    "\"\"");
	wait_output(&server, "up");
	ask("GET", "/page", headers, NULL, 0, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body.data, "a page");
	assert_true(str_has_prefix(answer_header(&a, "Server"), "SimpleHTTP"));
	answer_clear(&a);
	client_open(&c);
	client_ask(&c, "HEAD", "/page", headers, NULL, 0);
	turn_until(is_closed, &c);
	assert_non_null(strstr(c.in.data, "Content-Length: 6\r\n"));
	assert_true(str_has_suffix(c.in.data, "\r\n\r\n"));
	client_close(&c);
	ask("GET", "/none", headers, NULL, 0, &a);
	assert_int_equal(a.status, 404);
	answer_clear(&a);
	client_close(&server);
	free(headers);
}

/* ---- bodies */

static uint32_t
crc32_of(const char *bytes, size_t len)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int k = 0; k < 8; k++)
			crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
	}
	return ~crc;
}

static char *
big_body(void)
{
	char *bytes = xmalloc(BIG);

	for (size_t i = 0; i < BIG; i++)
		bytes[i] = (char)((i * 2654435761u) >> 13);
	return bytes;
}

static void
big_bodies_go_in_whole(void **state)
{
	char *bytes = big_body();
	char *expected = xasprintf("%d %u", BIG, crc32_of(bytes, BIG));
	char *headers = address(&guest, 3000);
	struct client c;
	struct answer a;

	(void)state;
	ask("POST", "/sum", headers, bytes, BIG, &a);
	assert_string_equal(a.body.data, expected);
	answer_clear(&a);

	char *head = xasprintf("POST /sum HTTP/1.1\r\nHost: localhost\r\n%s"
			       "Transfer-Encoding: chunked\r\n\r\n",
	    headers);

	client_open(&c);
	client_send(&c, head, strlen(head));
	for (size_t at = 0; at < BIG; at += 1024 * 1024) {
		client_send(&c, "100000\r\n", 8);
		client_send(&c, bytes + at, 1024 * 1024);
		client_send(&c, "\r\n", 2);
	}
	client_send(&c, "0\r\n\r\n", 5);
	client_answer(&c, &a);
	assert_string_equal(a.body.data, expected);
	answer_clear(&a);
	client_close(&c);
	free(head);
	free(headers);
	free(expected);
	free(bytes);
}

/* Also to a client that looks away for a while: then the service waits. */
static void
big_bodies_come_out_whole(void **state)
{
	struct client c;
	struct answer a;

	(void)state;
	open_port(&c, &guest, "/big", NULL);
	for (int i = 0; i < 200; i++)
		loop_turn(house.loop, 1);
	client_answer(&c, &a);
	assert_int_equal(a.body.len, BIG);
	for (size_t i = 0; i < BIG; i += 4093)
		assert_int_equal((unsigned char)a.body.data[i], i / 65536 % 251);
	answer_clear(&a);
	client_close(&c);
}

static void
both_ways_at_once(void **state)
{
	struct client c;

	(void)state;
	open_port(&c, &guest, "/mirror", "Transfer-Encoding: chunked\r\n");
	for (int i = 0; i < 5; i++) {
		char *word = xasprintf("word%d", i);
		char *chunk = xasprintf("5\r\n%s\r\n", word);

		client_send(&c, chunk, strlen(chunk));
		client_wait(&c, word); /* while the request is still being sent */
		free(chunk);
		free(word);
	}
	client_send(&c, "0\r\n\r\n", 5);
	client_wait(&c, "\r\n0\r\n\r\n");
	turn_until(is_closed, &c);
	client_close(&c);
}

static void
answers_end_where_they_say(void **state)
{
	struct client c;
	struct answer a;

	(void)state;
	/* The service keeps its connection open. */
	open_port(&c, &guest, "/keeps", NULL);
	turn_until(is_closed, &c);
	assert_true(str_has_suffix(c.in.data, "\r\n\r\nkept"));
	client_close(&c);
	/* Interim answers stand before the real one; 100 is between the hops. */
	open_port(&c, &guest, "/hints", NULL);
	turn_until(is_closed, &c);
	assert_true(str_has_prefix(c.in.data, "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 "));
	client_close(&c);
	ask_raw("GET /hints HTTP/1.0\r\nHost: 3000-%s.localhost\r\n\r\n", &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
}

/* ---- upgrades */

static const char upgrade[] = "Connection: Upgrade\r\nUpgrade: echo\r\n";

static void
upgrades_are_spliced(void **state)
{
	struct client c;
	char bytes[256];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	open_port(&c, &guest, "/up", upgrade);
	client_wait(&c, "\r\n\r\nhello");
	assert_true(str_has_prefix(c.in.data,
	    "HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"));
	for (int i = 0; i < 100; i++) {
		buf_reset(&c.in);
		client_send(&c, bytes, sizeof bytes);
		while (c.in.len < sizeof bytes) {
			loop_turn(house.loop, 20);
			assert_false(is_closed(&c));
		}
		assert_int_equal(c.in.len, sizeof bytes);
		assert_memory_equal(c.in.data, bytes, sizeof bytes);
	}
	/* One side's end is told to the other, which may still speak. */
	buf_reset(&c.in);
	shutdown(c.fd, SHUT_WR);
	turn_until(is_closed, &c);
	assert_string_equal(c.in.data, "bye");
	client_close(&c);
	turn_until(is_quiet, NULL);
}

static void
a_service_may_decline_an_upgrade(void **state)
{
	struct client c;

	(void)state;
	open_port(&c, &guest, "/keeps", upgrade);
	turn_until(is_closed, &c);
	assert_true(str_has_suffix(c.in.data, "\r\n\r\nkept"));
	client_close(&c);
}

/* ---- ports that are not there, or not yet */

static void
a_closed_port_is_told(void **state)
{
	char *headers = address(&guest, 3999);
	char *expected =
	    xasprintf("{\"sandboxId\":\"%s\",\"message\":\"The sandbox is "
		      "running but port is not open\",\"port\":3999,\"code\":502}",
		guest.id);
	struct answer a;

	(void)state;
	ask("GET", "/", headers, NULL, 0, &a);
	assert_int_equal(a.status, 502);
	assert_string_equal(a.body.data, expected);
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "*");
	assert_true(
	    str_has_prefix(answer_header(&a, "Content-Type"), "application/json"));
	answer_clear(&a);
	free(expected);
	free(headers);
}

static void
a_port_that_opens_meanwhile_is_reached(void **state)
{
	struct ports_limits *limits = ports_limits(house.host->ports);
	struct ports_limits before = *limits;
	struct client late, c;
	struct answer a;
	char *headers = address(&guest, 3001), *json;
	int pid;

	(void)state;
	limits->dials = 1000;
	launch(&late, &guest, service, "\"late\",\"3001\",\"127.0.0.1\",\"wait\"");
	wait_output(&late, "bound");
	pid = wait_pid(&late);
	client_open(&c);
	client_ask(&c, "POST", "/sum", headers, "12345", 5);
	while (is_quiet(NULL))
		loop_turn(house.loop, 20);
	json =
	    xasprintf("{\"process\":{\"pid\":%d},\"input\":{\"stdin\":\"Cg==\"}}", pid);
	assert_int_equal(unary(&guest, "SendInput", json, NULL), 200);
	client_answer(&c, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body.data, "5 3421846044");
	answer_clear(&a);
	*limits = before;
	client_close(&c);
	client_close(&late);
	free(json);
	free(headers);
}

/* As some development servers do. */
static void
a_service_on_ipv6_alone_is_reached(void **state)
{
	struct client six;
	struct answer a;
	struct stream_end ran;
	char *headers = address(&guest, 3006);

	(void)state;
	run_script(&guest,
	    "python3 -c 'import socket;socket.socket(10).bind((\"::1\",3005))'", &ran);
	stream_clear(&ran);
	if (ran.exit_code != 0) {
		free(headers);
		skip();
	}
	launch(&six, &guest, service, "\"six\",\"3006\",\"::1\"");
	wait_output(&six, "up");
	ask("GET", "/name", headers, NULL, 0, &a);
	assert_string_equal(a.body.data, "six");
	answer_clear(&a);
	client_close(&six);
	free(headers);
}

static void
bad_services_are_told(void **state)
{
	static const struct {
		const char *path, *text;
	} cases[] = {
		{ "/none", "ended the connection without an answer" },
		{ "/junk", "does not answer in HTTP" },
		{ "/long", "does not answer in HTTP" },
		{ "/101", "does not answer in HTTP" },
	};
	struct client c;
	struct answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ask_port(&guest, "GET", cases[i].path, &a);
		if (a.status != 502 || !body_has(&a, cases[i].text) ||
		    !body_has(&a, "\"port\":3000"))
			fail_msg("%s: %d %s", cases[i].path, a.status, a.body.data);
		answer_clear(&a);
	}
	open_port(&c, &guest, "/short", NULL);
	turn_until(is_closed, &c);
	assert_int_equal(errno, ECONNRESET);
	client_close(&c);
}

static void
bad_questions_are_refused(void **state)
{
	static const char *const headers[] = {
		"Transfer-Encoding: gzip\r\n",
		"Transfer-Encoding: gzip, chunked\r\n",
		"X-A : b\r\n",
		"X(A): b\r\n",
		"X-A: b\001c\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		char *text =
		    xasprintf("GET /name HTTP/1.1\r\nHost: 3000-%%s.localhost\r\n"
			      "%s\r\n",
			headers[i]);
		struct answer a;

		ask_raw(text, &a);
		if (a.status != 400)
			fail_msg("%s: %d", headers[i], a.status);
		answer_clear(&a);
		free(text);
	}
}

/* The answer is read although the body is still being sent. */
static void
a_refusal_in_the_middle_of_a_body_arrives(void **state)
{
	struct client c;
	struct answer a;
	char *head = xasprintf("POST /refuse HTTP/1.1\r\nHost: 3000-%s.localhost\r\n"
			       "Content-Length: 1000000\r\n\r\n",
	    guest.id);

	(void)state;
	client_open(&c);
	client_send(&c, head, strlen(head));
	client_answer(&c, &a);
	assert_int_equal(a.status, 413);
	assert_string_equal(a.body.data, "no");
	answer_clear(&a);
	client_close(&c);
	free(head);
}

/* ---- ends */

/* What the service of a closed sandbox saw of the request, with or without the token. */
static int
ask_closed(const struct guest *g, const char *token, struct answer *out)
{
	char *headers =
	    xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 3000\r\n%s%s%s", g->id,
		token ? "E2B-Traffic-Access-Token: " : "", token ? token : "",
		token ? "\r\n" : "");

	ask("GET", "/head", headers, NULL, 0, out);
	free(headers);
	return out->status;
}

static void
closed_sandboxes_ask_for_their_token(void **state)
{
	static const char create[] =
	    "{\"templateID\":\"base\",\"timeout\":60,\"network\":{\"allowPublicTraffic\":"
	    "false,\"maskRequestHost\":\"port-${PORT}.example\",\"denyOut\":"
	    "[\"0.0.0.0/0\"]}}";
	struct guest g;
	struct client c, asker;
	struct answer a;
	char token[80], *path;

	(void)state;
	assert_int_equal(rest("POST", "/v2/sandboxes", create, &a), 201);
	const char *id = strstr(a.body.data, "\"sandboxID\":\"") + 13;
	const char *mine = strstr(a.body.data, "\"envdAccessToken\":\"") + 19;
	const char *traffic = strstr(a.body.data, "\"trafficAccessToken\":\"");

	assert_non_null(traffic);
	snprintf(g.id, sizeof g.id, "%.21s", id);
	snprintf(token, sizeof token, "%.64s", traffic + 22);
	snprintf(g.headers, sizeof g.headers,
	    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\nX-Access-Token: %.64s\r\n",
	    g.id, mine);
	answer_clear(&a);
	launch(&c, &g, service, "\"closed\",\"3000\",\"127.0.0.1\"");
	wait_output(&c, "up");
	assert_int_equal(ask_closed(&g, NULL, &a), 403);
	assert_true(body_has(&a, "trafficAccessToken"));
	answer_clear(&a);
	assert_int_equal(ask_closed(&g, "wrong", &a), 403);
	answer_clear(&a);
	path = xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 3000\r\n"
			 "e2b-traffic-access-token: %s\r\n",
	    g.id, token);
	client_open(&asker);
	client_ask(&asker, "GET", "/head", path, NULL, 0);
	client_wait(&asker, "Host: port-3000.example");
	assert_null(strstr(asker.in.data, token));
	client_close(&asker);
	free(path);
	path = xasprintf("/sandboxes/%s", g.id);
	assert_int_equal(rest("GET", path, NULL, &a), 200);
	assert_true(body_has(&a, "\"allowPublicTraffic\":false"));
	assert_true(body_has(&a, "\"denyOut\":[\"0.0.0.0/0\"]"));
	assert_true(body_has(&a, "\"allowInternetAccess\":false"));
	assert_false(body_has(&a, token));
	answer_clear(&a);
	client_close(&c);
	assert_int_equal(rest("DELETE", path, NULL, NULL), 204);
	free(path);
}

static void
what_stops_a_sandbox_ends_its_traffic(void **state)
{
	static const struct {
		const char *path, *headers, *seen;
		bool pause;
	} cases[] = {
		{ "/half", NULL, "\r\n\r\nhalf", false },
		{ "/half", NULL, "\r\n\r\nhalf", true },
		{ "/up", upgrade, "hello", false },
		{ "/up", upgrade, "hello", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct guest g;
		struct client up, c, silent;
		struct answer a;

		create_guest(NULL, &g);
		launch(&up, &g, service, "\"x\",\"3000\",\"127.0.0.1\"");
		wait_output(&up, "up");
		open_port(&c, &g, cases[i].path, cases[i].headers);
		open_port(&silent, &g, "/never", NULL);
		client_wait(&c, cases[i].seen);
		if (cases[i].pause) {
			char *path = xasprintf("/sandboxes/%s/pause", g.id);

			assert_int_equal(rest("POST", path, NULL, NULL), 204);
			free(path);
		} else {
			kill_guest(&g);
		}
		turn_until(is_closed, &c);
		client_answer(&silent, &a);
		assert_int_equal(a.status, 502);
		assert_true(body_has(&a, "The sandbox was not found"));
		answer_clear(&a);
		client_close(&silent);
		client_close(&c);
		client_close(&up);
		turn_until(is_quiet, NULL);
		if (cases[i].pause)
			kill_guest(&g);
	}
}

/* Before and after the answer has begun. */
static void
uploads_end_with_the_sandbox_or_the_client(void **state)
{
	static const struct {
		const char *path, *seen;
		bool kill;
	} cases[] = {
		{ "/sum", NULL, true },
		{ "/mirror", "piece", true },
		{ "/sum", NULL, false },
		{ "/mirror", "piece", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct guest g;
		struct client up, c;

		create_guest(NULL, &g);
		launch(&up, &g, service, "\"x\",\"3000\",\"127.0.0.1\"");
		wait_output(&up, "up");
		open_port(&c, &g, cases[i].path, "Transfer-Encoding: chunked\r\n");
		client_send(&c, "5\r\npiece\r\n", 10);
		if (cases[i].seen)
			client_wait(&c, cases[i].seen);
		while (is_quiet(NULL))
			loop_turn(house.loop, 20);
		if (cases[i].kill) {
			kill_guest(&g);
			turn_until(is_closed, &c);
			assert_true(cases[i].seen ||
				    strstr(c.in.data, "The sandbox was not found"));
		}
		client_close(&c);
		turn_until(is_quiet, NULL);
		client_close(&up);
		if (!cases[i].kill)
			kill_guest(&g);
	}
}

/* Official clients keep one connection for a sandbox's daemon and its services. */
static void
one_connection_serves_daemon_and_service(void **state)
{
	char *headers = address(&guest, 3000);
	struct client c;
	struct answer a;

	(void)state;
	client_open(&c);
	for (int i = 0; i < 3; i++) {
		client_ask(&c, "GET", "/health", guest.headers, NULL, 0);
		client_answer(&c, &a);
		assert_int_equal(a.status, 204);
		answer_clear(&a);
	}
	client_ask(&c, "POST", "/sum", headers, "12345", 5);
	client_answer(&c, &a);
	assert_string_equal(a.body.data, "5 3421846044");
	assert_string_equal(answer_header(&a, "Connection"), "close");
	answer_clear(&a);
	turn_until(is_closed, &c);
	client_close(&c);
	free(headers);
}

static void
traffic_wakes_those_who_want_it(void **state)
{
	static const struct {
		const char *members;
		int status;
	} cases[] = {
		{ ",\"timeout\":60,\"autoPause\":true,\"autoResume\":{\"enabled\":true}",
		    200 },
		{ ",\"timeout\":60,\"autoPause\":true", 502 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct guest g;
		struct client up;
		struct answer a;
		char *path, *headers;

		create_guest(cases[i].members, &g);
		path = xasprintf("/sandboxes/%s/pause", g.id);
		headers = address(&g, 3000);
		launch(&up, &g, service, "\"x\",\"3000\",\"127.0.0.1\"");
		wait_output(&up, "up");
		assert_int_equal(rest("POST", path, NULL, NULL), 204);
		ask("POST", "/sum", headers, "12345", 5, &a);
		assert_int_equal(a.status, cases[i].status);
		assert_true(body_has(
		    &a, a.status == 200 ? "5 3421846044" : "The sandbox was not found"));
		answer_clear(&a);
		client_close(&up);
		kill_guest(&g);
		free(headers);
		free(path);
	}
}

static void
clients_that_leave_leave_nothing(void **state)
{
	static const char *const paths[] = { "/never", "/half", "/big", "/up", "/none" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct client c;

		open_port(&c, &guest, paths[i],
		    i == 3 ? "Connection: Upgrade\r\nUpgrade: echo\r\n" : NULL);
		if (i == 1 || i == 2 || i == 3)
			client_wait(&c, "HTTP/1.1");
		client_close(&c);
		turn_until(is_quiet, NULL);
	}
}

static void
silence_has_an_end(void **state)
{
	struct ports_limits *limits = ports_limits(house.host->ports);
	struct ports_limits before = *limits;
	struct client c;
	struct answer a;

	(void)state;
	limits->idle_ms = 50;
	ask_port(&guest, "GET", "/never", &a);
	assert_int_equal(a.status, 504);
	answer_clear(&a);
	open_port(&c, &guest, "/up", upgrade);
	turn_until(is_closed, &c);
	client_close(&c);
	open_port(&c, &guest, "/big", NULL); /* and is not read */
	while (is_quiet(NULL))
		loop_turn(house.loop, 20);
	turn_until(is_quiet, NULL);
	client_close(&c);
	*limits = before;
}

static void
there_is_a_limit(void **state)
{
	struct ports_limits *limits = ports_limits(house.host->ports);
	struct ports_limits before = *limits;
	struct client c[2];
	struct answer a;

	(void)state;
	limits->per_sandbox = 2;
	open_port(&c[0], &guest, "/half", NULL);
	open_port(&c[1], &guest, "/half", NULL);
	client_wait(&c[0], "half");
	client_wait(&c[1], "half");
	ask_port(&guest, "GET", "/name", &a);
	assert_int_equal(a.status, 429);
	assert_true(body_has(&a, "\"connectionLimit\":2,\"code\":429}"));
	answer_clear(&a);
	client_close(&c[0]);
	client_close(&c[1]);
	turn_until(is_quiet, NULL);
	ask_port(&guest, "GET", "/name", &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	*limits = before;
}

static void
a_host_ends_in_the_middle(void **state)
{
	struct client c;

	open_port(&c, &guest, "/half", NULL);
	client_wait(&c, "half");
	close_service(state);
	assert_true(is_closed(&c));
	client_close(&c);
	open_service(state);
}

/* ---- header blocks */

static void
answers_are_read_with_care(void **state)
{
	static const struct {
		const char *head;
		bool ok;
		int64_t length;
		const char *client;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\n\r\n", true, -1,
		    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" },
		{ "HTTP/1.1 200\n\n", true, -1,
		    "HTTP/1.1 200\r\nConnection: close\r\n\r\n" },
		{ "HTTP/1.1 200 OK\r\ncontent-length:  7 \r\n\r\n", true, 7, NULL },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n", true, -1, NULL },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n"
		  "\r\n",
		    true, -1, NULL },
		{ "HTTP/1.1 204 No\r\n\r\n", true, 0, NULL },
		{ "HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\n", true, 0, NULL },
		{ "HTTP/1.1 200 OK\r\nConnection: transfer-encoding,a\r\n"
		  "Transfer-Encoding: chunked\r\nA: 1\r\nB: 2\r\n\r\n",
		    true, -1,
		    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nB: 2\r\n"
		    "Connection: close\r\n\r\n" },
		{ "HTTP/2 200\r\n\r\n", false, 0, NULL },
		{ "HTTP/1.1 99 No\r\n\r\n", false, 0, NULL },
		{ "HTTP/1.1 2000\r\n\r\n", false, 0, NULL },
		{ "HTTP/1.1 abc\r\n\r\n", false, 0, NULL },
		{ "\r\n\r\n", false, 0, NULL },
		{ "220 smtp\r\n\r\n", false, 0, NULL },
	};
	const struct port_question question = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct port_answer answer;
		struct buf client;
		size_t len = strlen(cases[i].head);
		bool ok;

		buf_init(&client, PORT_HEAD_MAX);
		ok = port_answer_read(cases[i].head, len, &question, &answer, &client);
		if (ok != cases[i].ok || (ok && answer.length != cases[i].length) ||
		    (cases[i].client && !str_eq(client.data, cases[i].client)))
			fail_msg("%s: %d %s", cases[i].head, ok, client.data);
		buf_clear(&client);
		for (size_t n = 0; ok && n < len; n++)
			assert_int_equal(port_head_size(cases[i].head, n), 0);
		if (ok)
			assert_int_equal(port_head_size(cases[i].head, len), len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read_with_care),
		cmocka_unit_test(two_sandboxes_may_use_one_port),
		cmocka_unit_test(names_lead_to_ports),
		cmocka_unit_test(headers_pass_but_those_of_one_connection),
		cmocka_unit_test(an_ordinary_server_is_reached),
		cmocka_unit_test(big_bodies_go_in_whole),
		cmocka_unit_test(big_bodies_come_out_whole),
		cmocka_unit_test(both_ways_at_once),
		cmocka_unit_test(answers_end_where_they_say),
		cmocka_unit_test(upgrades_are_spliced),
		cmocka_unit_test(a_service_may_decline_an_upgrade),
		cmocka_unit_test(a_closed_port_is_told),
		cmocka_unit_test(a_port_that_opens_meanwhile_is_reached),
		cmocka_unit_test(a_service_on_ipv6_alone_is_reached),
		cmocka_unit_test(bad_services_are_told),
		cmocka_unit_test(bad_questions_are_refused),
		cmocka_unit_test(a_refusal_in_the_middle_of_a_body_arrives),
		cmocka_unit_test(closed_sandboxes_ask_for_their_token),
		cmocka_unit_test(what_stops_a_sandbox_ends_its_traffic),
		cmocka_unit_test(uploads_end_with_the_sandbox_or_the_client),
		cmocka_unit_test(one_connection_serves_daemon_and_service),
		cmocka_unit_test(traffic_wakes_those_who_want_it),
		cmocka_unit_test(clients_that_leave_leave_nothing),
		cmocka_unit_test(silence_has_an_end),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(a_host_ends_in_the_middle),
	};

	return cmocka_run_group_tests(tests, open_service, close_service);
}
