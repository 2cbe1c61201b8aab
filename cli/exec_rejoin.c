/* The stream is lost, the process perhaps not: ask, verify, join again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/exec_private.h"
#include "cli/output.h"

enum { TRIES_MAX = 8, FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 30000 };

/* The first time at once, then with growing patience; output resets it. */
static int
wait_ms(const struct exec *e)
{
	int wait = e->rejoin_ms ? e->rejoin_ms : FIRST_WAIT_MS;

	for (int i = 2; i < e->tries && wait < LONGEST_WAIT_MS; i++)
		wait *= 2;
	return e->tries == 1 ? 0 : MIN(wait, (int)LONGEST_WAIT_MS);
}

/* A start whose answer is lost: nothing is known to name. */
static void
process_text(const struct exec *e, char *out, size_t size)
{
	if (e->pid)
		snprintf(out, size, " (process %" PRIu32 ")", e->pid);
	else
		str_copy(out, size, ", if it was started");
}

static void
ask_later(struct exec *e, const struct error *why)
{
	struct error err;
	char text[32];

	if (++e->tries <= TRIES_MAX) {
		timer_start(e->retry, (uint64_t)wait_ms(e), 0);
		return;
	}
	process_text(e, text, sizeof text);
	error_set(&err, why->code ? why->code : ERROR_OFFLINE,
	    "gave up joining the command in %s again, it may still run%s: %s",
	    e->sandbox->id, text, why->text);
	exec_fail(e, &err);
}

/* ---- which process is ours */

static const struct process_info *
find_pid(const struct process_list *list, uint32_t pid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].pid == pid)
			return &list->items[i];
	return NULL;
}

static const struct process_info *
find_tag(const struct process_list *list, const char *tag)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_eq(list->items[i].tag, tag))
			return &list->items[i];
	return NULL;
}

/* A pid is used again; the tag tells. One that is not listed may just have ended: the
 * daemon keeps its end for half a minute. 0: not ours, or never started. */
static uint32_t
own_pid(const struct exec *e, const struct process_list *list)
{
	const struct process_info *found;

	if (e->pid == 0) {
		found = e->tag ? NULL : find_tag(list, exec_tag(e));
		return found ? found->pid : 0;
	}
	found = find_pid(list, e->pid);
	return !found || str_eq(found->tag, exec_tag(e)) ? e->pid : 0;
}

static void
on_list(void *ctx, const struct process_list *list, const struct error *err)
{
	struct exec *e = ctx;
	struct error gone;
	uint32_t pid;

	if (err->code != ERROR_NONE) {
		ask_later(e, err);
		return;
	}
	pid = own_pid(e, list);
	if (pid == 0) {
		error_set(&gone, ERROR_OFFLINE,
		    "the connection was lost and the command is not to be found any "
		    "more: "
		    "what became of it is not known");
		exec_fail(e, &gone);
		return;
	}
	e->held = false;
	e->stream = envd_connect(e->envd, pid, e->cli->account->local_host ? e->seen : -1,
	    &exec_stream_events, e);
}

/* ---- does the sandbox run */

static void
on_sandbox(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct exec *e = ctx;
	struct error why;
	char text[32];

	if (err->code == ERROR_NOT_FOUND) {
		error_set(&why, ERROR_NOT_FOUND,
		    "%s is gone, and the command with it: killed or timed out",
		    e->sandbox->id);
		exec_fail(e, &why);
	} else if (err->code == ERROR_DENIED) {
		exec_fail(e, err);
	} else if (err->code != ERROR_NONE) {
		ask_later(e, err);
	} else if (sandbox->state != REST_STATE_RUNNING) {
		process_text(e, text, sizeof text);
		error_set(&why, ERROR_CONFLICT,
		    "%s was paused, and the command sleeps in it%s: 'sandtop resume "
		    "%s' wakes it",
		    e->sandbox->id, text, e->sandbox->id);
		exec_fail(e, &why);
	} else {
		envd_list(e->envd, on_list, e);
	}
}

static void
ask(void *ctx)
{
	struct exec *e = ctx;

	api_get(e->remote->api, e->sandbox->id, on_sandbox, e);
}

void
exec_rejoin(struct exec *e, const struct error *why)
{
	if (e->over)
		return;
	envd_stream_free(e->stream);
	e->stream = NULL;
	exec_source_want(&e->in, false);
	if (!e->said_lost)
		say("%s; asking whether %s still runs", why->text, e->sandbox->id);
	e->said_lost = true;
	if (!e->retry)
		e->retry = timer_new(e->cli->loop, ask, e);
	ask_later(e, why);
}

void
exec_rejoined(struct exec *e)
{
	if (!e->cli->account->local_host)
		say("joined process %" PRIu32
		    " again; output of the time between is lost",
		    e->pid);
	e->said_lost = false;
}

/* The local host keeps a little: it says where its answer begins. */
void
exec_on_replay(void *ctx, int64_t offset)
{
	struct exec *e = ctx;

	if (offset < 0)
		say("joined again; output of the time between is lost");
	else if (offset > e->seen)
		say("joined again; %" PRId64 " bytes of output are lost",
		    offset - e->seen);
	else
		say("joined again; nothing was lost");
	e->seen = MAX(e->seen, offset);
}
