/*
 * bench_crowd - the local host with many at once.
 *
 *   bench_crowd thousand   1,000 idle sandboxes, an idle shell in each
 *   bench_crowd ptys       200 PTYs that flood, each watched, and a key in one more
 *
 * BENCH_SANDBOXES and BENCH_PTYS give other numbers. Needs SANDTOP_BIN.
 */
#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/bench/client.h"

#define MIB (1024.0 * 1024)

enum {
	SANDBOXES = 1000,
	IDLE_S = 20,
	PTYS = 200,
	PTYS_OF_ONE = 20, /* in one sandbox */
	FLOOD_S = 20,
	KEY_MS = 100,
	KEYS_MAX = FLOOD_S * 1000 / KEY_MS + 1
};

static int
number_of(const char *name, int otherwise)
{
	const char *text = getenv(name);
	int64_t number;

	return text && parse_int(text, 1, 10000, &number) ? (int)number : otherwise;
}

/* ---- memory by program */

static struct group {
	const char *comm, *what;
	bool counts; /* as part of an idle sandbox */
	int processes;
	int64_t pss_kib;
} groups[] = {
	{ "init", "supervisors", true, 0, 0 },
	{ "bash", "shells", true, 0, 0 },
	{ "bwrap", "bubblewrap", true, 0, 0 },
	{ "slirp4netns", "internet helpers", false, 0, 0 },
};

static bool
read_comm(int pid, char *comm, size_t size)
{
	char *path = xasprintf("/proc/%d/comm", pid);
	FILE *in = fopen(path, "r");
	bool there = in && fgets(comm, (int)size, in);

	if (in)
		fclose(in);
	free(path);
	if (there)
		comm[strcspn(comm, "\n")] = '\0';
	return there;
}

static int
parent_of(int pid)
{
	return (int)proc_kib(pid, "status", "PPid:");
}

static bool
descends(int pid, int from)
{
	while (pid > 1 && pid != from)
		pid = parent_of(pid);
	return pid == from;
}

static void
measure_groups(int host)
{
	DIR *proc = opendir("/proc");
	char comm[64];

	for (struct dirent *e; proc && (e = readdir(proc));) {
		int pid = isdigit((unsigned char)e->d_name[0])
			      ? (int)strtol(e->d_name, NULL, 10)
			      : 0;

		if (pid <= 1 || pid == host || !read_comm(pid, comm, sizeof comm) ||
		    !descends(pid, host))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
			if (!str_eq(comm, groups[i].comm))
				continue;
			groups[i].processes++;
			groups[i].pss_kib += proc_kib(pid, "smaps_rollup", "Pss:");
		}
	}
	closedir(proc);
}

static void
print_groups(int count)
{
	double total = 0, each;
	bool whole = true;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		printf("  %-32s %9.2f MB of %d processes%s\n", groups[i].what,
		    (double)groups[i].pss_kib / 1024, groups[i].processes,
		    groups[i].counts ? "" : "   (apart)");
		whole = whole && (!groups[i].counts || groups[i].processes >= count);
		total += groups[i].counts ? (double)groups[i].pss_kib / 1024 : 0;
	}
	each = total / count;
	printf("%-34s %9.2f MB each, summed PSS   (reach <= 1.5 MB) %s\n",
	    "idle sandbox with a shell", each,
	    whole ? at_most(each, 1.5) : "MISS: processes are missing");
}

/* ---- a thousand */

static double
seconds_since(uint64_t start_us)
{
	return (double)(clock_mono_us() - start_us) / 1e6;
}

static void
print_time(const char *what, double took_s, int count)
{
	printf("%-34s %9.2f s, %.2f ms each\n", what, took_s, took_s * 1000 / count);
	fflush(stdout);
}

/* Every page; fails when one is missing. */
static void
list_all(struct client *c, int count)
{
	uint64_t start_us = clock_mono_us();
	char *answer = client_ask(c, 200, "GET", "/sandboxes", NULL);
	double took_ms = seconds_since(start_us) * 1000;
	int seen = 0;

	for (const char *at = answer; (at = strstr(at, "\"sandboxID\"")); at++)
		seen++;
	free(answer);
	printf("%-34s %9.2f ms, %d of %d %s\n", "list all", took_ms, seen, count,
	    seen == count ? "pass" : "MISS");
}

static void
ask_metrics(struct client *c, const struct box *boxes, int count)
{
	struct buf path;
	uint64_t start_us;
	int asked = MIN(count, 100);

	buf_init(&path, 16384);
	buf_add_str(&path, "/sandboxes/metrics?sandbox_ids=");
	for (int i = 0; i < asked; i++)
		buf_addf(&path, "%s%s", i ? "," : "", boxes[i].id);
	start_us = clock_mono_us();
	free(client_ask(c, 200, "GET", path.data, NULL));
	printf(
	    "%-34s %9.2f ms\n", "figures of a hundred", seconds_since(start_us) * 1000);
	buf_clear(&path);
}

static void
watch_idle(int host)
{
	double before_s, percent;

	poll(NULL, 0, 5000); /* what creation left to do */
	before_s = proc_cpu_s(host);
	poll(NULL, 0, IDLE_S * 1000);
	percent = (proc_cpu_s(host) - before_s) / IDLE_S * 100;
	printf("%-34s %9.2f %% of a core, %.1f MB resident\n", "the host meanwhile",
	    percent, (double)proc_kib(host, "status", "VmRSS:") / 1024);
}

static void
bench_thousand(struct world *w)
{
	static const char shell[] = "\"-i\",\"-l\"";
	int count = number_of("BENCH_SANDBOXES", SANDBOXES), host, pid;
	struct box *boxes = xcalloc((size_t)count, sizeof *boxes);
	struct client c;
	uint64_t start_us;

	client_open(&c, w);
	host = world_host_pid(w);
	start_us = clock_mono_us();
	for (int i = 0; i < count; i++)
		client_create(&c, &boxes[i]);
	print_time("create them one by one", seconds_since(start_us), count);
	start_us = clock_mono_us();
	for (int i = 0; i < count; i++)
		close(client_start_pty(&c, &boxes[i], shell, &pid));
	print_time("start a shell in each", seconds_since(start_us), count);
	watch_idle(host);
	list_all(&c, count);
	ask_metrics(&c, boxes, count);
	measure_groups(host);
	print_groups(count);
	start_us = clock_mono_us();
	for (int i = 0; i < count; i++)
		client_kill(&c, &boxes[i]);
	print_time("kill them one by one", seconds_since(start_us), count);
	client_close(&c);
	free(boxes);
}

/* ---- two hundred */

struct flood {
	struct client client;
	struct box boxes[PTYS / PTYS_OF_ONE + 1];
	int box_count;
	int epoll, host;
	int echo_fd, echo_pid;
	uint64_t bytes;
	uint64_t key_us; /* of the key whose echo is awaited; 0: none */
	double echoes_ms[KEYS_MAX];
	size_t echo_count;
	struct buf key; /* the request that types one */
};

static void
watch(struct flood *f, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &e);
}

static void
start_floods(struct flood *f, int count)
{
	int pid;

	for (int i = 0; i < count; i++) {
		if (i % PTYS_OF_ONE == 0)
			client_create(&f->client, &f->boxes[f->box_count++]);
		watch(f, client_start_pty(&f->client, &f->boxes[f->box_count - 1],
			     "\"-c\",\"exec yes\"", &pid));
	}
}

/* A key goes to a `cat`, which its terminal echoes. */
static void
start_echo(struct flood *f)
{
	struct box *b = &f->boxes[f->box_count++];
	char *body;

	client_create(&f->client, b);
	f->echo_fd = client_start_pty(&f->client, b, "\"-c\",\"exec cat\"", &f->echo_pid);
	watch(f, f->echo_fd);
	watch(f, f->client.fd);
	body = xasprintf(
	    "{\"process\":{\"pid\":%d},\"input\":{\"pty\":\"YQ==\"}}", f->echo_pid);
	buf_init(&f->key, 4096);
	buf_addf(&f->key,
	    "POST /process.Process/SendInput HTTP/1.1\r\nHost: localhost\r\n"
	    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\nX-Access-Token: %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    b->id, b->token, strlen(body), body);
	free(body);
}

static void
take_ready(struct flood *f, int fd)
{
	static char bytes[256 * 1024];
	ssize_t n = read(fd, bytes, sizeof bytes);

	if (n <= 0)
		fail_msg("a stream ended");
	if (fd == f->echo_fd && f->key_us && memmem(bytes, (size_t)n, "\"pty\"", 5)) {
		f->echoes_ms[f->echo_count++] =
		    (double)(clock_mono_us() - f->key_us) / 1000;
		f->key_us = 0;
	}
	if (fd == f->client.fd && !str_has_prefix(bytes, "HTTP/1.1 200"))
		fail_msg("a key was refused: %.200s", bytes);
	f->bytes += fd != f->client.fd ? (uint64_t)n : 0;
}

static void
flood_for(struct flood *f, int ms, bool with_keys)
{
	struct epoll_event events[64];
	uint64_t end_us = clock_mono_us() + (uint64_t)ms * 1000, next_us = 0;

	while (clock_mono_us() < end_us) {
		int n = epoll_wait(f->epoll, events, ARRAY_LEN(events), 20);

		for (int i = 0; i < n; i++)
			take_ready(f, events[i].data.fd);
		if (!with_keys || f->key_us || clock_mono_us() < next_us ||
		    f->echo_count >= KEYS_MAX)
			continue;
		f->key_us = clock_mono_us();
		next_us = f->key_us + KEY_MS * 1000;
		write_all(f->client.fd, f->key.data, f->key.len);
	}
}

static void
print_flood(const struct flood *f, int count, const double *rss, double spent_s)
{
	double first = 0, last = 0;

	for (int s = 0; s < FLOOD_S / 4; s++) {
		first += rss[s] / (FLOOD_S / 4);
		last += rss[FLOOD_S - 1 - s] / (FLOOD_S / 4);
	}
	printf("%d PTYs flooding at once, watched: %.1f MiB/s on the wire; the host "
	       "%.0f %% of a core\n",
	    count, (double)f->bytes / MIB / FLOOD_S, spent_s / FLOOD_S * 100);
	printf("%-34s %9.1f MB first quarter, %.1f MB last   ratio %5.2f   (reach <= "
	       "1.05) %s\n",
	    "memory of the host", first, last, last / first, at_most(last / first, 1.05));
}

static void
print_echoes(const char *what, struct flood *f, double reach)
{
	double middle;
	size_t count = f->echo_count;

	if (count == 0) {
		printf("%-34s no echo at all MISS\n", what);
		return;
	}
	middle = median(f->echoes_ms, count);
	printf("%-34s %9.2f ms median, %.2f ms 9 of 10, of %zu", what, middle,
	    f->echoes_ms[count * 9 / 10], count);
	if (reach > 0)
		printf("   (reach: 9 of 10 <= %.0f ms) %s", reach,
		    at_most(f->echoes_ms[count * 9 / 10], reach));
	printf("\n");
	f->echo_count = 0;
	f->key_us = 0;
}

static void
bench_ptys(struct world *w)
{
	int count = MIN(number_of("BENCH_PTYS", PTYS), PTYS);
	static struct flood f;
	double rss[FLOOD_S], before_s;

	f.epoll = epoll_create1(EPOLL_CLOEXEC);
	f.host = world_host_pid(w);
	client_open(&f.client, w);
	start_echo(&f);
	flood_for(&f, 3000, true);
	print_echoes("key to echo, nothing else running", &f, 0);
	epoll_ctl(f.epoll, EPOLL_CTL_DEL, f.client.fd, NULL);
	start_floods(&f, count);
	watch(&f, f.client.fd);
	flood_for(&f, 3000, false);
	f.bytes = 0;
	before_s = proc_cpu_s(f.host);
	for (int s = 0; s < FLOOD_S; s++) {
		flood_for(&f, 1000, true);
		rss[s] = (double)proc_kib(f.host, "status", "VmRSS:") / 1024;
	}
	print_flood(&f, count, rss, proc_cpu_s(f.host) - before_s);
	print_echoes("key to echo beside them", &f, 200);
	client_close(&f.client); /* the answer to the last key may be on its way */
	client_open(&f.client, w);
	for (int i = 0; i < f.box_count; i++)
		client_kill(&f.client, &f.boxes[i]);
	client_close(&f.client);
	buf_clear(&f.key);
}

/* ---- the list of them */

static const struct {
	const char *name;
	void (*run)(struct world *w);
} benches[] = {
	{ "thousand", bench_thousand },
	{ "ptys", bench_ptys },
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
