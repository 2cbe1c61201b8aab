#include "tests/unit/cli/fixture.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

static struct fixture *current;

/* ---- services */

static bool
fake_host_start(struct cli_host *out, struct error *err)
{
	(void)err;
	current->host_runs = true;
	*out = (struct cli_host){ .running = true, .pid = 4711, .port = 7 };
	str_copy(out->url, sizeof out->url, "http://127.0.0.1:7");
	return true;
}

static bool
fake_host_stop(bool *was_running, struct error *err)
{
	(void)err;
	*was_running = current->host_runs;
	current->host_runs = false;
	return true;
}

static bool
fake_host_status(struct cli_host *out, struct error *err)
{
	(void)err;
	*out = (struct cli_host){ .running = current->host_runs, .pid = 4711, .port = 7 };
	str_copy(out->key, sizeof out->key, "e2b_it's");
	str_copy(out->url, sizeof out->url, server_url(current->server));
	str_copy(out->version, sizeof out->version, "1");
	return true;
}

static bool
fake_host_run(int port, int ready_fd, int simulate, struct error *err)
{
	return error_set(err, ERROR_SYSTEM, "port %d, ready %d, simulate %d", port,
	    ready_fd, simulate);
}

static char *
fake_describe_host(void)
{
	return xstrdup("isolation: none\n");
}

static void
fake_describe(struct buf *out)
{
	buf_add_str(out, "described \033[31m\n");
}

static void
fake_reset(int fd)
{
	(void)fd;
	current->reset = true;
}

static int
fake_open_screen(const struct command_call *call, const char *sandbox_id, bool wake)
{
	(void)call;
	free(current->opened);
	current->opened = xstrdup(sandbox_id ? sandbox_id : "");
	current->woke = wake;
	return EXIT_OK;
}

static const struct cli_services services = {
	.host_start = fake_host_start,
	.host_stop = fake_host_stop,
	.host_status = fake_host_status,
	.host_run = fake_host_run,
	.describe_host = fake_describe_host,
	.describe_screen = fake_describe,
	.describe_config = fake_describe,
	.reset_terminal = fake_reset,
	.open_screen = fake_open_screen,
};

static char *
envd_url(void *ctx, const char *sandbox_id, const char *sandbox_domain)
{
	const struct fixture *f = ctx;

	(void)sandbox_id;
	(void)sandbox_domain;
	return xstrdup(server_url(f->server));
}

/* ---- the fixture */

static void
on_turn(void *ctx)
{
	struct fixture *f = ctx;

	if (f->on_turn)
		f->on_turn(f);
}

int
fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->loop = loop_new();
	f->server = server_new(f->loop);
	loop_on_turn_end(f->loop, on_turn, f);
	strlist_add(&f->looked_at, "E2B_API_KEY: not set");
	f->account = (struct cli_account){ .key = KEY,
		.api_url = server_url(f->server),
		.domain = "e2b.test",
		.profile = "work",
		.source = "E2B_API_KEY",
		.ttl_s = 900,
		.envd_url = envd_url,
		.url_ctx = f,
		.looked_at = &f->looked_at };
	setenv("LC_ALL", "C.UTF-8", 1);
	current = f;
	*state = f;
	return 0;
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	loop_off_turn_end(f->loop, on_turn, f);
	server_free(f->server);
	loop_free(f->loop);
	strlist_clear(&f->looked_at);
	free(f->out);
	free(f->err);
	free(f->opened);
	free(f);
	return 0;
}

/* ---- running */

/* A file without a name in place of a standard descriptor. */
static int
put_file(int fd, const char *text, int *saved)
{
	char path[] = "/tmp/sandtop-cli-XXXXXX";
	int file = mkstemp(path);

	assert_true(file >= 0);
	unlink(path);
	if (text)
		assert_int_equal(write(file, text, strlen(text)), (int)strlen(text));
	lseek(file, 0, SEEK_SET);
	fflush(NULL);
	*saved = dup(fd);
	dup2(file, fd);
	return file;
}

static char *
take_file(int fd, int file, int saved, size_t *len)
{
	struct buf text;
	char bytes[65536];
	ssize_t got;

	fflush(NULL);
	dup2(saved, fd);
	close(saved);
	buf_init(&text, 256u << 20);
	lseek(file, 0, SEEK_SET);
	while ((got = read(file, bytes, sizeof bytes)) > 0)
		buf_add(&text, bytes, (size_t)got);
	close(file);
	if (len)
		*len = text.len;
	return buf_take(&text);
}

int
run(struct fixture *f, const char *input, const char *line)
{
	struct command_call call = { 0 };
	struct error err = { 0 };
	int saved[3], files[3];

	free(f->out);
	free(f->err);
	f->out = f->err = NULL;
	if (!command_parse_line(line, &call, &err))
		fail_msg("%s: %s", line, err.text);
	files[0] = put_file(0, input ? input : "", &saved[0]);
	files[1] = put_file(1, NULL, &saved[1]);
	files[2] = put_file(2, NULL, &saved[2]);
	f->code = cli_run(f->loop, &f->account, &services, &call);
	f->err = take_file(2, files[2], saved[2], NULL);
	f->out = take_file(1, files[1], saved[1], &f->out_len);
	free(take_file(0, files[0], saved[0], NULL));
	command_call_clear(&call);
	return f->code;
}

/* ---- answers */

static void
time_in(int64_t seconds, char *out, size_t size)
{
	clock_format_rfc3339(clock_wall_ms() + seconds * 1000, out, size);
}

char *
sandbox_json(const char *id, const char *state, int64_t end_in_s)
{
	char start[40], end[40];

	time_in(-600, start, sizeof start);
	time_in(end_in_s, end, sizeof end);
	return xasprintf(
	    "{\"sandboxID\":\"%s\",\"templateID\":\"tpl\",\"alias\":\"base\","
	    "\"clientID\":\"c\",\"startedAt\":\"%s\",\"endAt\":\"%s\","
	    "\"state\":\"%s\",\"cpuCount\":2,\"memoryMB\":512,\"diskSizeMB\":"
	    "1024,\"envdVersion\":\"0.6.13\",\"envdAccessToken\":\"tok\","
	    "\"metadata\":{\"name\":\"box %c\",\"user\":\"ana\"}}",
	    id, start, end, state, id[1]);
}

void
answer_sandbox(struct fixture *f, const char *id, const char *state, int64_t end_in_s)
{
	char *body = sandbox_json(id, state, end_in_s);
	char *path = xasprintf("GET /sandboxes/%s", id);
	char *bytes = xasprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				"Content-Length: %zu\r\n\r\n%s",
	    strlen(body), body);

	server_answer(f->server,
	    &(struct server_answer){ .path = path, .bytes = bytes, .keep = true });
	free(bytes);
	free(path);
	free(body);
}

void
answer_stream(struct fixture *f, const char *path, const struct buf *envelopes, bool open)
{
	struct buf whole;

	buf_init(&whole, 1u << 20);
	buf_add_str(&whole,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n");
	if (envelopes->len > 0) {
		buf_addf(&whole, "%zx\r\n", envelopes->len);
		buf_add(&whole, envelopes->data, envelopes->len);
		buf_add_str(&whole, "\r\n");
	}
	if (!open)
		buf_add_str(&whole, "0\r\n\r\n");
	server_answer(
	    f->server, &(struct server_answer){
			   .path = path, .bytes = whole.data, .len = whole.len });
	buf_clear(&whole);
}
