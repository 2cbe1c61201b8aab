/*
 * bench_screen - what a person waits for, beside a peer in the same run.
 *
 *   bench_screen first-frame   until the table (tmux: its status line, htop: its header)
 *   bench_screen flood         24 MiB shown in a pane at 200x60, beside tmux
 *   bench_screen echo          key to echo, beside a bare HTTP round trip
 *   bench_screen create        create to prompt
 *   bench_screen idle          an idle dashboard over 100 sandboxes
 *
 * Medians; ratios are what counts. Needs SANDTOP_BIN, tmux and htop.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/world.h"

enum {
	ROWS = 60,
	COLS = 200,
	RUNS = 15,
	KEYS = 200,
	TYPIST_MS = 60,
	FLOOD_BYTES = 24 << 20,
	FLEET = 100
};

/* ---- numbers */

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double
median_ms(uint64_t *us, size_t count)
{
	qsort(us, count, sizeof *us, compare_u64);
	return (double)us[count / 2] / 1000.0;
}

static void
print_ratio(
    const char *what, double ours, const char *peer, double theirs, const char *goal)
{
	printf("%-34s %8.2f ms   %-22s %8.2f ms   ratio %5.2f   (%s)\n", what, ours, peer,
	    theirs, ours / theirs, goal);
	fflush(stdout);
}

/* ---- first frame */

static uint64_t
time_to_text(struct world *w, const char *const *argv, const char *text)
{
	uint64_t start_us = clock_mono_us();
	struct driver *d = driver_start(w, ROWS, COLS, argv);

	driver_wait(d, text);
	uint64_t took_us = clock_mono_us() - start_us;
	driver_free(d);
	return took_us;
}

static void
end_tmux(struct world *w)
{
	struct ran r = world_run_argv(w, NULL,
	    (const char *const[]){
		"/usr/bin/tmux", "-L", "sandtop-bench", "kill-server", NULL });

	ran_clear(&r);
}

static void
bench_first_frame(struct world *w)
{
	const char *ours[] = { getenv("SANDTOP_BIN"), "--profile", "local", NULL };
	const char *tmux[] = { "/usr/bin/tmux", "-L", "sandtop-bench", "-f", "/dev/null",
		"new-session", "cat", NULL };
	const char *htop[] = { "/usr/bin/htop", NULL };
	uint64_t us[3][RUNS];

	for (int i = 0; i < RUNS; i++) {
		us[0][i] = time_to_text(w, ours, "Fleet");
		us[1][i] = time_to_text(w, tmux, "[0]");
		end_tmux(w);
		us[2][i] = time_to_text(w, htop, "PID");
	}
	double first = median_ms(us[0], RUNS);
	print_ratio("first frame at 200x60", first, "tmux new-session",
	    median_ms(us[1], RUNS), "reach <= 1.0");
	print_ratio("", first, "htop", median_ms(us[2], RUNS), "orientation");
}

/* ---- flood */

static const struct {
	const char *name, *awk, *goal;
} corpora[] = {
	{ "ASCII lines",
	    "BEGIN{for(i=0;i<n;i++)printf \"%08d the quick brown fox jumps over the lazy "
	    "dog "
	    "and keeps running through the fields\\n\",i}",
	    "reach <= 1.0" },
	{ "colour",
	    "BEGIN{for(i=0;i<n;i++)printf \"\\033[38;5;%dmword\\033[1;3%dmword\\033[0m "
	    "\\033[48;2;%d;20;30mcell\\033[m and more text here\\n\",i%256,i%8,i%255}",
	    "reach <= 0.35" },
	{ "cell addressing",
	    "BEGIN{for(i=0;i<n;i++)printf \"\\033[%d;%dHcell %d\\033[K some text that is "
	    "drawn over and over at other places......\",i%58+1,i%150+1,i}",
	    "reach <= 0.35" },
	{ "UTF-8",
	    "BEGIN{for(i=0;i<n;i++)printf \"%d \\344\\270\\255\\346\\226\\207 "
	    "\\303\\251\\303\\250 \\360\\237\\230\\200 \\320\\277\\321\\200\\320\\270 "
	    "\\346\\227\\245\\346\\234\\254\\350\\252\\236 text between them\\n\",i}",
	    "reach <= 0.35" },
};

/* The same bytes for both: made once on the machine, sent into the sandbox. */
static char *
make_corpus(struct world *w, size_t which)
{
	char *path = xasprintf("%s/flood-%zu", w->dir, which);
	char *command = xasprintf("awk -v n=1000000 '%s' | head -c %d >%s",
	    corpora[which].awk, FLOOD_BYTES, path);

	if (system(command) != 0)
		fail_msg("cannot make the corpus");
	free(command);
	return path;
}

static void
send_corpus(const char *id, const char *path, struct world *w)
{
	char *command = xasprintf("cat %s", path);
	char *shell = xasprintf(
	    "%s exec %s -- sh -c 'cat >/tmp/flood' <%s", getenv("SANDTOP_BIN"), id, path);
	struct ran r = world_run_argv(
	    w, NULL, (const char *const[]){ "/bin/sh", "-c", shell, NULL });

	if (r.status != 0)
		fail_msg("sending the corpus: %s", r.err.data);
	ran_clear(&r);
	free(command);
	free(shell);
}

static uint64_t
time_cat(struct driver *d, const char *path)
{
	static int serial;
	char *line = xasprintf(
	    "clear; cat %s; printf '\\033[m\\033[2J\\033[H'; echo fin''ished-%d\r", path,
	    ++serial);
	char *done = xasprintf("finished-%d", serial);

	driver_type(d, line);
	uint64_t start_us = clock_mono_us();
	driver_wait(d, done);
	uint64_t took_us = clock_mono_us() - start_us;
	free(line);
	free(done);
	return took_us;
}

static void
bench_flood(struct world *w)
{
	enum { FLOODS = 5 };
	char *id = world_out(w, "create", "base", NULL);
	const char *tmux_argv[] = { "/usr/bin/tmux", "-L", "sandtop-bench", "-f",
		"/dev/null", "new-session", "bash --norc", NULL };
	struct driver *ours = driver_sandtop(w, ROWS, COLS, "shell", id, NULL);
	struct driver *tmux = driver_start(w, ROWS, COLS, tmux_argv);

	driver_wait(ours, "$");
	driver_wait(tmux, "[0]");
	for (size_t i = 0; i < ARRAY_LEN(corpora); i++) {
		uint64_t us[2][FLOODS];
		char *path = make_corpus(w, i);
		send_corpus(id, path, w);
		for (int run = 0; run < FLOODS; run++) {
			us[0][run] = time_cat(ours, "/tmp/flood");
			us[1][run] = time_cat(tmux, path);
		}
		char *what = xasprintf("24 MiB %s at 200x60", corpora[i].name);
		print_ratio(what, median_ms(us[0], FLOODS), "tmux",
		    median_ms(us[1], FLOODS), corpora[i].goal);
		free(what);
		free(path);
	}
	driver_free(ours);
	driver_free(tmux);
	end_tmux(w);
	free(id);
}

/* ---- key to echo */

static int
connect_host(const struct world *w)
{
	const char *url = world_get(w, "E2B_API_URL");
	int64_t port = 0;
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (!url || !strrchr(url, ':') ||
	    !parse_int(strrchr(url, ':') + 1, 1, 65535, &port))
		fail_msg("no port in %s", url ? url : "E2B_API_URL");
	to.sin_port = htons((uint16_t)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		fail_msg("cannot connect");
	return fd;
}

static double
bare_round_trip_ms(const struct world *w)
{
	static const char request[] = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
	uint64_t us[KEYS];
	char reply[4096];
	int fd = connect_host(w);

	for (int i = 0; i < KEYS; i++) {
		uint64_t start_us = clock_mono_us();
		if (write(fd, request, sizeof request - 1) < 0 ||
		    read(fd, reply, sizeof reply) <= 0)
			fail_msg("the host does not answer");
		us[i] = clock_mono_us() - start_us;
	}
	close(fd);
	return median_ms(us, KEYS);
}

/* Reads on for a while, as long as a fast typist takes to the next key. */
static void
settle(struct driver *d, int for_ms)
{
	uint64_t end_us = clock_mono_us() + (uint64_t)for_ms * 1000;

	while (clock_mono_us() < end_us) {
		driver_pump(d);
		poll(NULL, 0, 1);
	}
}

static void
bench_echo(struct world *w)
{
	char *id = world_out(w, "create", "base", NULL);
	struct driver *d = driver_sandtop(w, 24, 80, "shell", id, NULL);
	uint64_t us[KEYS];

	driver_wait(d, "$");
	driver_type(d, "cat >/dev/null\r");
	driver_wait(d, "cat >/dev/null");
	for (int i = 0; i < KEYS; i++) {
		char key[2] = { (char)('a' + i % 26), '\0' };
		if (i % 40 == 39)
			key[0] = '\r';
		settle(d, TYPIST_MS);
		size_t before = driver_bytes(d)->len;
		uint64_t start_us = clock_mono_us();
		driver_type(d, key);
		while (driver_bytes(d)->len == before)
			driver_pump(d);
		us[i] = clock_mono_us() - start_us;
		driver_pump(d);
	}
	double bare = bare_round_trip_ms(w), echo = median_ms(us, KEYS);
	print_ratio(
	    "key to echo", echo, "bare HTTP round trip", bare, "reach <= 1 ms above");
	driver_free(d);
	free(id);
}

/* ---- create to prompt */

/* Sends the request and reads until `until` shows; the bytes so far in `in`. */
static void
ask_until(int fd, const char *request, size_t len, const char *until, struct buf *in)
{
	char bytes[65536];

	if (write(fd, request, len) != (ssize_t)len)
		fail_msg("the host does not listen");
	while (!memmem(in->data, in->len, until, strlen(until))) {
		ssize_t got = read(fd, bytes, sizeof bytes);
		if (got <= 0)
			fail_msg("the host closed: %s", in->data);
		buf_add(in, bytes, (size_t)got);
	}
}

/* The two requests themselves, as any client would send them. */
static uint64_t
time_create(const struct world *w)
{
	static const char create[] = "{\"templateID\":\"base\",\"timeout\":600}";
	static const char start[] =
	    "{\"process\":{\"cmd\":\"/bin/"
	    "bash\",\"args\":[\"-i\",\"-l\"],\"envs\":{\"TERM\":"
	    "\"xterm\"}},\"pty\":{\"size\":{\"cols\":80,\"rows\":24}}}";
	struct buf request, in;
	int fd = connect_host(w), stream = connect_host(w);
	uint64_t start_us = clock_mono_us();

	buf_init(&request, 65536);
	buf_init(&in, 1 << 20);
	buf_addf(&request,
	    "POST /v2/sandboxes HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    world_get(w, "E2B_API_KEY"), sizeof create - 1, create);
	ask_until(fd, request.data, request.len, "}", &in);
	char *id = text_member(in.data, "sandboxID");
	char *token = text_member(in.data, "envdAccessToken");
	buf_reset(&request);
	buf_reset(&in);
	buf_addf(&request,
	    "POST /process.Process/Start HTTP/1.1\r\nHost: localhost\r\nE2b-Sandbox-Id: "
	    "%s\r\n"
	    "E2b-Sandbox-Port: 49983\r\nX-Access-Token: %s\r\nContent-Type: "
	    "application/connect+json\r\nContent-Length: %zu\r\n\r\n",
	    id, token, sizeof start - 1 + 5);
	buf_add(&request, "\0\0\0\0", 4);
	buf_add_char(&request, (char)(sizeof start - 1));
	buf_add_str(&request, start);
	/* the first bytes that bash writes are its prompt */
	ask_until(stream, request.data, request.len, "\"pty\":\"", &in);
	uint64_t took_us = clock_mono_us() - start_us;
	close(fd);
	close(stream);
	free(id);
	free(token);
	buf_clear(&request);
	buf_clear(&in);
	return took_us;
}

static void
bench_create(struct world *w)
{
	const char *ours[] = { getenv("SANDTOP_BIN"), "create", "base", "--shell", NULL };
	const char *start[] = { getenv("SANDTOP_BIN"), "--profile", "local", NULL };
	uint64_t us[3][RUNS];

	for (int i = 0; i < RUNS; i++) {
		us[0][i] = time_create(w);
		us[1][i] = time_to_text(w, ours, "$");
		us[2][i] = time_to_text(w, start, "Fleet");
	}
	printf("%-34s %8.2f ms   (reach <= 25 ms)\n",
	    "create to prompt, by its two requests", median_ms(us[0], RUNS));
	print_ratio("sandtop create --shell, whole", median_ms(us[1], RUNS),
	    "sandtop's own start", median_ms(us[2], RUNS), "orientation");
}

/* ---- idle */

static int64_t
proc_number(int pid, const char *file, const char *key)
{
	char *path = xasprintf("/proc/%d/%s", pid, file), line[512];
	FILE *in = fopen(path, "r");
	int64_t value = -1;

	free(path);
	while (in && fgets(line, sizeof line, in)) {
		if (!str_has_prefix(line, key))
			continue;
		char *text = str_trim(line + strlen(key));
		text[strcspn(text, " k")] = '\0';
		if (!parse_int(text, 0, INT64_MAX, &value))
			value = -1;
		break;
	}
	if (in)
		fclose(in);
	return value;
}

/* User and system time of a process in clock ticks. */
static int64_t
cpu_ticks(int pid)
{
	char *path = xasprintf("/proc/%d/stat", pid), line[1024] = "", *at;
	FILE *in = fopen(path, "r");
	struct strlist words = { 0 };
	int64_t user = 0, system_ticks = 0;

	free(path);
	if (!in || !fgets(line, sizeof line, in))
		fail_msg("no such process");
	fclose(in);
	at = strrchr(line, ')');
	strlist_split(&words, at ? at + 2 : "", ' ');
	if (words.count < 13 || !parse_int(words.items[11], 0, INT64_MAX, &user) ||
	    !parse_int(words.items[12], 0, INT64_MAX, &system_ticks))
		fail_msg("odd /proc/stat");
	strlist_clear(&words);
	return user + system_ticks;
}

static void
bench_idle(struct world *w)
{
	enum { WATCH_S = 30 };
	for (int i = 0; i < FLEET; i++)
		free(world_out(w, "create", "base", "--ttl", "1h", NULL));
	struct driver *d = driver_sandtop(w, 40, 120, "--profile", "local", NULL);
	driver_wait(d, "RUN");
	settle(d, 3000);
	int64_t before = cpu_ticks(driver_pid(d));
	settle(d, WATCH_S * 1000);
	double percent = 100.0 * (double)(cpu_ticks(driver_pid(d)) - before) /
			 (double)sysconf(_SC_CLK_TCK) / WATCH_S;
	printf("%-34s %8.2f %% of a core   %6.1f MB resident, %.1f MB private   (reach "
	       "<= 0.5 %%, <= 25 MB)\n",
	    "idle with 100 sandboxes", percent,
	    (double)proc_number(driver_pid(d), "status", "VmRSS:") / 1024,
	    (double)proc_number(driver_pid(d), "smaps_rollup", "Private_Dirty:") / 1024);
	driver_free(d);
}

/* ---- the list of them */

static const struct {
	const char *name;
	void (*run)(struct world *w);
} benches[] = {
	{ "first-frame", bench_first_frame },
	{ "flood", bench_flood },
	{ "echo", bench_echo },
	{ "create", bench_create },
	{ "idle", bench_idle },
};

static const char *only;

static void
run_benches(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_set(&w, "LC_ALL", "C.UTF-8");
	world_start_host(&w);
	world_use_host_by_env(&w);
	for (size_t i = 0; i < ARRAY_LEN(benches); i++)
		if (!only || str_eq(only, benches[i].name))
			benches[i].run(&w);
	world_clear(&w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(run_benches) };

	only = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
