/*
 * bench_service - what clients of the local host wait for, beside a peer in the same run.
 *
 *   bench_service create-api   POST /v2/sandboxes to 201, over one kept connection
 *   bench_service tiny         tiny JSON answers per second
 *   bench_service transfer     1 GiB up and down
 *
 * Peers: a bare libmicrohttpd (peer_mhd) and nginx, where it is installed, with the same
 * bytes and the same file system. Rounds alternate; medians. Needs SANDTOP_BIN.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/bench/client.h"

#define GIB (UINT64_C(1) << 30)

enum { CREATES = 50, ROUNDS = 5, TRANSFERS = 5, ROUND_MS = 1500, LANES = 16 };

/* ---- peers */

struct peer {
	const char *name;
	int pid, port; /* port 0: not there */
	int in;	       /* its stdin; closing it ends peer_mhd */
};

static void
peer_stop(struct peer *p)
{
	if (p->port == 0)
		return;
	close(p->in);
	kill(p->pid, SIGTERM);
	waitpid(p->pid, NULL, 0);
	p->port = 0;
}

static int
peer_spawn(struct peer *p, const char *const *argv)
{
	int in[2], out[2];

	if (pipe(in) != 0 || pipe(out) != 0)
		fail_msg("no pipes");
	p->pid = fork();
	if (p->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p->in = in[1];
	return out[0];
}

static struct peer
start_mhd(const struct world *w, const char *text)
{
	struct peer p = { .name = "bare libmicrohttpd" };
	const char *own = getenv("BENCH_PEER");
	char line[32] = "";
	int64_t port;
	int out = peer_spawn(&p, (const char *const[]){ own, w->dir, text, NULL });

	if (read(out, line, sizeof line - 1) <= 0 ||
	    !parse_int(str_trim(line), 1, 65535, &port))
		fail_msg("peer_mhd did not start");
	close(out);
	p.port = (int)port;
	return p;
}

static int
free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&at, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		fail_msg("no free port");
	close(fd);
	return ntohs(at.sin_port);
}

static void
write_text(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	if (!out || fputs(text, out) < 0 || fclose(out) != 0)
		fail_msg("cannot write %s", path);
}

static bool
is_listening(void *ctx)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t) * (int *)ctx),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;

	close(fd);
	return yes;
}

/* One worker: the others have one thread too. */
static struct peer
start_nginx(const struct world *w, const char *text)
{
	struct peer p = { .name = "nginx", .port = free_port() };
	char *path = xasprintf("%s/nginx.conf", w->dir);
	char *tiny = xasprintf("%s/tiny", w->dir);
	char *conf = xasprintf(
	    "daemon off; master_process off; pid %s/nginx.pid; error_log /dev/null;\n"
	    "events { worker_connections 1024; }\n"
	    "http { access_log off; sendfile on; tcp_nopush on;\n"
	    "keepalive_requests 1000000000; client_max_body_size 0;\n"
	    "client_body_temp_path %s/nginx-body; proxy_temp_path %s/nginx-a;\n"
	    "fastcgi_temp_path %s/nginx-b; uwsgi_temp_path %s/nginx-c;\n"
	    "scgi_temp_path %s/nginx-d; default_type application/json;\n"
	    "open_file_cache max=10;\n"
	    "server { listen 127.0.0.1:%d; root %s; dav_methods PUT; } }\n",
	    w->dir, w->dir, w->dir, w->dir, w->dir, w->dir, p.port, w->dir);
	const char *argv[] = { "/usr/sbin/nginx", "-p", w->dir, "-c", path, NULL };

	write_text(path, conf);
	write_text(tiny, text);
	free(conf);
	if (access(argv[0], X_OK) != 0) {
		p.port = 0;
	} else {
		close(peer_spawn(&p, argv));
		if (!world_wait(is_listening, &p.port))
			fail_msg("nginx did not start");
	}
	free(path);
	free(tiny);
	return p;
}

/* Ours divided by theirs, as a rate; `reach` 0: orientation. */
static void
print_rates(const char *what, const char *unit, double ours, const struct peer *p,
    double theirs, double reach)
{
	if (p->port == 0) {
		printf("%-34s %9.0f %s   %-20s skipped: not installed\n", what, ours,
		    unit, p->name);
		return;
	}
	printf("%-34s %9.0f %s   %-20s %9.0f %s   ratio %5.2f", what, ours, unit, p->name,
	    theirs, unit, ours / theirs);
	if (reach > 0)
		printf("   (reach >= %.1f) %s\n", reach, at_least(ours / theirs, reach));
	else
		printf("   (orientation)\n");
	fflush(stdout);
}

/* ---- create */

static double
time_create(struct client *c, struct box *b)
{
	uint64_t start_us = clock_mono_us();

	client_create(c, b);
	return (double)(clock_mono_us() - start_us) / 1000;
}

static void
bench_create(struct world *w)
{
	struct client c;
	struct box b;
	double created[CREATES], killed[CREATES], middle;

	client_open(&c, w);
	time_create(&c, &b); /* to warm up */
	client_kill(&c, &b);
	for (int i = 0; i < CREATES; i++) {
		uint64_t start_us;

		created[i] = time_create(&c, &b);
		start_us = clock_mono_us();
		client_kill(&c, &b);
		killed[i] = (double)(clock_mono_us() - start_us) / 1000;
	}
	client_close(&c);
	middle = median(created, CREATES);
	printf("%-34s %9.2f ms   (9 of 10 below %.2f ms)   (reach <= 25 ms) %s\n",
	    "create, POST to 201", middle, created[CREATES * 9 / 10],
	    at_most(middle, 25));
	printf("%-34s %9.2f ms\n", "kill, DELETE to 204", median(killed, CREATES));
}

/* ---- tiny JSON */

/* Body of an answer, for the peers to send as well. */
static char *
make_request(struct client *c, const char *path, struct buf *request)
{
	buf_init(request, 4096);
	buf_addf(request, "GET %s HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\n\r\n",
	    path, c->key);
	return client_ask(c, 200, "GET", path, NULL);
}

static void
bench_one_tiny(struct world *w, struct client *c, const char *what, const char *path)
{
	struct buf ours, theirs;
	char *body = make_request(c, path, &ours);
	struct peer mhd = start_mhd(w, body), nginx = start_nginx(w, body);
	double rates[3][ROUNDS], middle;

	buf_init(&theirs, 4096);
	buf_addf(&theirs,
	    "GET /tiny HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\n\r\n", c->key);
	for (int i = 0; i < ROUNDS; i++) {
		rates[0][i] = load_rate(c->port, &ours, LANES, ROUND_MS);
		rates[1][i] = load_rate(mhd.port, &theirs, LANES, ROUND_MS);
		if (nginx.port > 0)
			rates[2][i] = load_rate(nginx.port, &theirs, LANES, ROUND_MS);
	}
	middle = median(rates[0], ROUNDS);
	print_rates(what, "/s", middle, &mhd, median(rates[1], ROUNDS), 0.8);
	print_rates(
	    "", "/s", middle, &nginx, nginx.port > 0 ? median(rates[2], ROUNDS) : 0, 0);
	peer_stop(&nginx);
	peer_stop(&mhd);
	free(body);
	buf_clear(&ours);
	buf_clear(&theirs);
}

static void
bench_tiny(struct world *w)
{
	struct client c;
	struct box b;
	char *path;

	client_open(&c, w);
	client_create(&c, &b);
	path = xasprintf("/sandboxes/%s", b.id);
	bench_one_tiny(w, &c, "GET /health", "/health");
	bench_one_tiny(w, &c, "GET /sandboxes/{id}", path);
	free(path);
	client_kill(&c, &b);
	client_close(&c);
}

/* ---- 1 GiB */

static void
bench_transfer(struct world *w)
{
	struct client c;
	struct box b;
	struct peer peers[2];
	double up[3][TRANSFERS], down[3][TRANSFERS];
	char *up_head, *down_head, *unlinked = xasprintf("%s/big", w->dir);

	client_open(&c, w);
	client_create(&c, &b);
	peers[0] = start_mhd(w, "{}");
	peers[1] = start_nginx(w, "{}");
	up_head = xasprintf("POST /files?path=big HTTP/1.1\r\nHost: localhost\r\n"
			    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n"
			    "X-Access-Token: %s\r\nContent-Type: application/"
			    "octet-stream\r\n",
	    b.id, b.token);
	down_head = xasprintf("GET /files?path=big HTTP/1.1\r\nHost: localhost\r\n"
			      "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n"
			      "X-Access-Token: %s\r\n",
	    b.id, b.token);
	for (int i = 0; i < TRANSFERS; i++) {
		up[0][i] = 1024 / load_upload(c.port, up_head, GIB);
		down[0][i] = 1024 / load_download(c.port, down_head, GIB);
		free(client_ask_box(
		    &c, &b, "/filesystem.Filesystem/Remove", "{\"path\":\"big\"}"));
		for (int p = 0; p < 2 && peers[p].port > 0; p++) {
			up[p + 1][i] =
			    1024 / load_upload(peers[p].port,
				       "PUT /big HTTP/1.1\r\nHost: x\r\n", GIB);
			down[p + 1][i] =
			    1024 / load_download(peers[p].port,
				       "GET /big HTTP/1.1\r\nHost: x\r\n", GIB);
			unlink(unlinked);
		}
	}
	for (int p = 0; p < 2; p++) {
		bool there = peers[p].port > 0;

		print_rates("1 GiB up", "MiB/s", median(up[0], TRANSFERS), &peers[p],
		    there ? median(up[p + 1], TRANSFERS) : 0, 0.8);
		print_rates("1 GiB down", "MiB/s", median(down[0], TRANSFERS), &peers[p],
		    there ? median(down[p + 1], TRANSFERS) : 0, 0.8);
	}
	peer_stop(&peers[1]);
	peer_stop(&peers[0]);
	free(unlinked);
	free(up_head);
	free(down_head);
	client_kill(&c, &b);
	client_close(&c);
}

/* ---- the list of them */

static const struct {
	const char *name;
	void (*run)(struct world *w);
} benches[] = {
	{ "create-api", bench_create },
	{ "tiny", bench_tiny },
	{ "transfer", bench_transfer },
};

static struct world sealed;

static int
set_up(void **state)
{
	(void)state;
	world_init(&sealed);
	world_start_host(&sealed);
	world_use_host_by_env(&sealed);
	return 0;
}

/* Also after a failure: nothing is left running. */
static int
tear_down(void **state)
{
	(void)state;
	world_clear(&sealed);
	return 0;
}

static void
run_bench(void **state)
{
	void (*run)(struct world * w) = benches[*(size_t *)*state].run;

	run(&sealed);
}

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_LEN(benches)] = { 0 };
	size_t which[ARRAY_LEN(benches)], count = 0;

	const char *only = argc > 1 ? argv[1] : NULL;

	for (size_t i = 0; i < ARRAY_LEN(benches); i++) {
		if (only && !str_eq(only, benches[i].name))
			continue;
		which[count] = i;
		tests[count] = (struct CMUnitTest){ benches[i].name, run_bench, set_up,
			tear_down, &which[count] };
		count++;
	}
	return _cmocka_run_group_tests("bench", tests, count, NULL, NULL);
}
