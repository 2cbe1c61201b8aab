#include "cli/exec.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "cli/exec_private.h"
#include "cli/exec_words.h"
#include "cli/output.h"
#include "wire/json.h"

enum { UNSENT_MAX = 256 * 1024, GRACE_MS = 5000 };

const char *
exec_tag(const struct exec *e)
{
	return e->tag ? e->tag : e->own_tag;
}

/* ---- the end */

static void
stop_if_drained(struct exec *e)
{
	if (e->over && exec_sink_is_empty(&e->out) && exec_sink_is_empty(&e->err))
		loop_stop(e->cli->loop);
}

void
exec_finish(struct exec *e, int code)
{
	if (e->over)
		return;
	e->over = true;
	e->exit_code = e->forced >= 0 ? e->forced : code;
	timer_stop(e->deadline);
	if (e->retry)
		timer_stop(e->retry);
	exec_source_want(&e->in, false);
	exec_sink_end(&e->out);
	exec_sink_end(&e->err);
	stop_if_drained(e);
}

void
exec_fail(struct exec *e, const struct error *err)
{
	if (e->over)
		return;
	cli_error(e->cli, err, e->sandbox->id);
	exec_finish(e, EXIT_OUR_FAILURE);
}

static void
leave(struct exec *e, int code, const char *why)
{
	if (e->pid)
		say("%s: process %" PRIu32 " in %s may still run", why, e->pid,
		    e->sandbox->id);
	else
		say("%s: the command may still run in %s", why, e->sandbox->id);
	e->over = true;
	e->exit_code = code;
	loop_stop(e->cli->loop);
}

/* ---- signals to the remote */

static void
on_signalled(void *ctx, const struct connect_error *ce, const struct error *err)
{
	(void)ctx;
	if (err->code != ERROR_NONE && ce->code != CONNECT_NOT_FOUND)
		say("%s", err->text);
}

void
exec_send_signal(struct exec *e)
{
	if (!e->signal || !e->pid || !e->stream)
		return;
	envd_signal(e->envd, e->pid, e->signal, on_signalled, e);
	e->signal = 0;
}

static void
want_signal(struct exec *e, int signum)
{
	if (e->signal != SIGKILL)
		e->signal = signum;
	exec_send_signal(e);
}

/* SIGTERM, five seconds later SIGKILL, five later we go. */
static void
terminate(struct exec *e, int forced)
{
	if (e->killing || e->over)
		return;
	e->killing = true;
	e->forced = forced;
	want_signal(e, SIGTERM);
	timer_start(e->deadline, GRACE_MS, 0);
}

static void
on_deadline(void *ctx)
{
	struct exec *e = ctx;

	if (!e->killing) {
		terminate(e, EXIT_TIMEOUT);
	} else if (e->strikes < 2) {
		e->strikes = 2;
		want_signal(e, SIGKILL);
		timer_start(e->deadline, GRACE_MS, 0);
	} else {
		leave(e, e->forced, "it did not end");
	}
}

static void
on_interrupt(void *ctx, int signum)
{
	struct exec *e = ctx;

	(void)signum;
	e->strikes++;
	if (e->strikes == 1)
		want_signal(e, SIGTERM);
	else if (e->strikes == 2)
		want_signal(e, SIGKILL);
	else
		leave(e, EXIT_INTERRUPTED, "interrupted");
}

/* ---- output */

/* Back-pressure: what cannot be written is not read (law 5 allows it here alone). */
static void
hold(struct exec *e)
{
	bool full = exec_sink_is_full(&e->out) || exec_sink_is_full(&e->err);

	if (full == e->held || !e->stream)
		return;
	e->held = full;
	envd_stream_pause(e->stream, full);
}

static void
on_drained(void *ctx)
{
	struct exec *e = ctx;

	hold(e);
	stop_if_drained(e);
}

/* Nobody reads any more: a local program would get SIGPIPE, the remote gets SIGTERM. */
static void
on_broken(void *ctx, int fd, int errnum)
{
	struct exec *e = ctx;
	struct error err;

	if (fd != 1) {
		hold(e);
		stop_if_drained(e);
		return;
	}
	if (errnum != EPIPE) {
		error_system(&err, errnum, "writing the output");
		cli_error(e->cli, &err, e->sandbox->id);
	}
	if (e->over && errnum != EPIPE)
		e->exit_code = EXIT_OUR_FAILURE;
	terminate(e, errnum == EPIPE ? 128 + SIGPIPE : EXIT_OUR_FAILURE);
	hold(e);
	stop_if_drained(e);
}

static const struct exec_sink_events sink_events = {
	.drained = on_drained,
	.broken = on_broken,
};

/* ---- input */

static void
pump_input(struct exec *e)
{
	bool room = e->stream && e->pid && !e->in_ended && !e->over &&
		    envd_stream_unsent(e->stream) < UNSENT_MAX;

	if (e->has_in)
		exec_source_want(&e->in, room);
}

static void
on_input(void *ctx, const char *bytes, size_t len)
{
	struct exec *e = ctx;

	envd_stream_send(e->stream, PROCESS_INPUT_STDIN, bytes, len);
	pump_input(e);
}

static void
on_input_end(void *ctx, int errnum)
{
	struct exec *e = ctx;
	struct error err;

	e->in_ended = true;
	if (errnum) {
		error_system(&err, errnum, "reading standard input");
		cli_error(e->cli, &err, NULL);
		terminate(e, EXIT_OUR_FAILURE);
	}
	if (e->stream)
		envd_stream_close_stdin(e->stream);
}

static const struct exec_source_events source_events = {
	.data = on_input,
	.end = on_input_end,
};

/* ---- the stream */

static void
print_pid(struct exec *e)
{
	struct buf json;

	if (e->cli->format == FORMAT_TABLE || e->cli->format == FORMAT_IDS) {
		out_line(e->cli, "%" PRIu32, e->pid);
		return;
	}
	buf_init(&json, OUT_MAX);
	buf_add_char(&json, '{');
	json_add_text(&json, "id", e->sandbox->id);
	json_add_int(&json, "pid", e->pid);
	json_add_text(&json, "tag", exec_tag(e));
	buf_add_char(&json, '}');
	out_json(e->cli, &json);
}

static void
on_started(void *ctx, uint32_t pid)
{
	struct exec *e = ctx;
	bool again = e->pid != 0 || e->said_lost;

	e->pid = pid;
	if (e->detach) {
		print_pid(e);
		exec_finish(e, EXIT_OK);
		return;
	}
	if (again)
		exec_rejoined(e);
	if (again && e->in_ended && e->has_in)
		envd_stream_close_stdin(e->stream);
	if (!again && e->timeout_s > 0 && !e->killing)
		timer_start(e->deadline, (uint64_t)e->timeout_s * 1000, 0);
	exec_send_signal(e);
	pump_input(e);
}

static void
on_data(void *ctx, enum process_stream stream, const char *bytes, size_t len)
{
	struct exec *e = ctx;

	e->seen += (int64_t)len;
	e->tries = 0;
	exec_sink_write(stream == PROCESS_STDERR ? &e->err : &e->out, bytes, len);
	hold(e);
}

static void
on_ended(void *ctx, const struct process_event *end)
{
	struct exec *e = ctx;

	if (!end->exited && end->exit_code < 0 && e->strikes == 0 && !e->killing)
		say("the command was ended by a signal (%s)", end->status);
	exec_finish(e, exec_exit_code(end));
}

static void
on_lost(void *ctx, bool refused, const struct connect_error *ce, const struct error *err)
{
	struct exec *e = ctx;
	struct error why = *err;

	(void)ce;
	if (refused && e->pid == 0) {
		exec_fail(e, &why);
	} else if (refused) {
		error_set(&why, ERROR_OFFLINE,
		    "the command ended while the connection was away: its exit code is "
		    "not known");
		exec_fail(e, &why);
	} else if (e->stream && envd_stream_unsent(e->stream) > 0) {
		error_set(&why, ERROR_OFFLINE,
		    "the connection was lost while input was on its way: how much of it "
		    "process %" PRIu32 " got is not known; it may still run in %s",
		    e->pid, e->sandbox->id);
		exec_fail(e, &why);
	} else {
		exec_rejoin(e, &why);
	}
}

static void
on_input_pending(void *ctx, size_t bytes)
{
	(void)bytes;
	pump_input(ctx);
}

/* Like a closed pipe: the remote does not want the rest. */
static void
on_input_failed(void *ctx, const struct error *err)
{
	struct exec *e = ctx;

	(void)err;
	e->in_ended = true;
	exec_source_want(&e->in, false);
}

const struct envd_stream_events exec_stream_events = {
	.started = on_started,
	.data = on_data,
	.ended = on_ended,
	.lost = on_lost,
	.input_pending = on_input_pending,
	.replay_at = exec_on_replay,
	.input_failed = on_input_failed,
};

static void
start(struct exec *e)
{
	struct process_start start = { .has_stdin = true, .stdin_open = e->has_in };

	start.config.cmd = xstrdup("/bin/bash");
	strlist_add(&start.config.args, "-l");
	strlist_add(&start.config.args, "-c");
	strlist_add(&start.config.args, e->line);
	start.config.cwd = xstrdup(e->cwd);
	pairs_copy(&start.config.envs, e->envs);
	start.tag = xstrdup(exec_tag(e));
	e->stream = envd_start(e->envd, &start, &exec_stream_events, e);
	process_start_clear(&start);
}

/* ---- running */

static void
open_all(struct exec *e)
{
	struct cli *cli = e->cli;
	bool err_color = cli->color || (isatty(STDERR_FILENO) && !getenv("NO_COLOR"));
	struct exec_sink_options out = { STDOUT_FILENO, e->raw, cli->color };
	struct exec_sink_options err = { STDERR_FILENO, e->raw, err_color };
	char hex[9];

	random_hex(hex, 8);
	str_copy(e->own_tag, sizeof e->own_tag, "sandtop-exec/");
	str_copy(e->own_tag + sizeof "sandtop-exec/" - 1, sizeof hex, hex);
	e->forced = -1;
	e->deadline = timer_new(cli->loop, on_deadline, e);
	exec_sink_open(&e->out, cli->loop, &out, &sink_events, e);
	exec_sink_open(&e->err, cli->loop, &err, &sink_events, e);
	if (!e->detach)
		e->has_in = exec_source_open(&e->in, cli->loop, &source_events, e);
	loop_on_signal(cli->loop, SIGINT, on_interrupt, e);
	loop_on_signal(cli->loop, SIGTERM, on_interrupt, e);
	e->envd = remote_envd(e->remote, e->sandbox, e->user);
}

static void
close_all(struct exec *e)
{
	loop_on_signal(e->cli->loop, SIGINT, NULL, NULL);
	loop_on_signal(e->cli->loop, SIGTERM, NULL, NULL);
	envd_stream_free(e->stream);
	envd_free(e->envd);
	exec_source_close(&e->in);
	exec_sink_close(&e->out);
	exec_sink_close(&e->err);
	timer_free(e->deadline);
	timer_free(e->retry);
}

int
exec_run(struct exec *e)
{
	open_all(e);
	start(e);
	loop_run(e->cli->loop);
	close_all(e);
	return e->exit_code;
}
