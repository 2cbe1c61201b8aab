#include "host/kernel.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "host/marks.h"
#include "wire/interpreter.h"

#define LINE_MAX_BYTES (32u * 1024 * 1024)
#define FRAMES_MAX (128u * 1024 * 1024)
#define READ_BYTES (64u * 1024)
#define LAST_WORDS 2048 /* of standard error, for who asks why it died */

enum { OUT, ERR };

struct kernel {
	struct loop *loop; /* borrowed */
	struct box *box;   /* borrowed; NULL: gone */
	const struct kernel_driver *driver;
	const struct kernel_events *events;  /* borrowed */
	void *ctx;			     /* borrowed */
	int pid;			     /* 0: not started, or reaped */
	int in, fds[2];			     /* owned; -1: none */
	struct watch *in_watch, *watches[2]; /* owned */
	struct buf frames;		     /* owned: what it has not read yet */
	struct buf line;		     /* owned: LINES, the one that is coming */
	struct marks marks[2];		     /* owned: MARKS */
	int64_t ends[2];		     /* MARKS: seen on each; the lesser counts */
	struct buf last_words;		     /* owned */
	int64_t cells;
	bool starting, ready, busy, held, dead, freed;
};

/* ---- the end */

static void
close_pipe(struct watch **watch, int *fd)
{
	watch_free(*watch);
	*watch = NULL;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
close_all(struct kernel *k)
{
	close_pipe(&k->in_watch, &k->in);
	close_pipe(&k->watches[OUT], &k->fds[OUT]);
	close_pipe(&k->watches[ERR], &k->fds[ERR]);
}

static void
release(struct kernel *k)
{
	close_all(k);
	buf_clear(&k->frames);
	buf_clear(&k->line);
	buf_clear(&k->last_words);
	marks_clear(&k->marks[OUT]);
	marks_clear(&k->marks[ERR]);
	free(k);
}

static void
die(struct kernel *k, const char *why)
{
	char *clean, *whole;

	if (k->dead)
		return;
	k->dead = true;
	close_all(k);
	clean = text_clean_dup(k->last_words.data);
	whole = xasprintf("%s%s%s", why, *clean ? ": " : "", clean);
	k->events->died(k->ctx, whole);
	free(whole);
	free(clean);
}

void
kernel_free(struct kernel *k)
{
	if (!k)
		return;
	if (k->pid > 0 && k->box)
		box_signal(k->box, -k->pid, SIGKILL, NULL, NULL);
	k->dead = k->freed = true;
	if (!k->starting)
		release(k);
}

void
kernel_lose_box(struct kernel *k)
{
	k->box = NULL;
}

/* ---- what it says */

static void
finish_cell(struct kernel *k)
{
	if (!k->ready) { /* the first mark: a cell may wait already */
		k->ready = true;
		return;
	}
	if (!k->busy)
		return;
	k->busy = false;
	k->events->finished(k->ctx);
}

static bool
is_type(const char *line, size_t len, const char *type)
{
	char head[64];
	int n = snprintf(head, sizeof head, "{\"type\":\"%s\"", type);

	return len >= (size_t)n && memcmp(line, head, (size_t)n) == 0;
}

/* Nothing of it may break the client's lines. */
static bool
is_event(const char *line, size_t len)
{
	if (len < 2 || line[0] != '{' || line[len - 1] != '}')
		return false;
	for (size_t i = 0; i < len; i++)
		if (line[i] < 0x20 || line[i] == 0x7f)
			return false;
	return true;
}

static void
take_line(struct kernel *k, const char *line, size_t len)
{
	if (!is_event(line, len))
		return;
	if (is_type(line, len, "ready")) {
		k->ready = true;
		return;
	}
	if (!k->busy)
		return;
	if (is_type(line, len, "end_of_execution"))
		finish_cell(k);
	else
		k->events->said(k->ctx, line, len);
}

static void
take_lines(struct kernel *k)
{
	size_t done = 0;

	while (!k->dead) {
		const char *from = k->line.data + done;
		const char *end = memchr(from, '\n', k->line.len - done);

		if (!end)
			break;
		take_line(k, from, (size_t)(end - from));
		done += (size_t)(end - from) + 1;
	}
	buf_consume(&k->line, done);
}

/* Whole characters: the rest of one may be on its way. */
static size_t
whole_characters(const char *text, size_t len)
{
	size_t back = 0;

	while (back < 3 && back < len &&
	       ((unsigned char)text[len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back >= len)
		return len;
	unsigned char lead = (unsigned char)text[len - 1 - back];
	size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

	return need > back + 1 && len > back + 1 ? len - back - 1 : len;
}

static void
say_text(struct kernel *k, int which, const char *text, size_t len)
{
	struct buf event;

	if (!k->busy)
		return;
	buf_init(&event, LINE_MAX_BYTES);
	interpreter_add_output(
	    &event, which == OUT ? "stdout" : "stderr", text, len, clock_wall_ms());
	if (!event.overflow)
		k->events->said(k->ctx, event.data, event.len);
	buf_clear(&event);
}

static void
take_marks(struct kernel *k, int which)
{
	struct marks *m = &k->marks[which];
	const char *text;
	size_t len;
	int status;

	while (!k->dead) {
		enum marks_piece piece = marks_next(m, &text, &len, &status);

		if (piece == MARKS_MORE)
			return;
		if (piece == MARKS_TEXT) {
			size_t whole =
			    len == m->held.len ? whole_characters(text, len) : len;

			say_text(k, which, text, whole);
			marks_take(m, whole);
			if (whole < len)
				return;
			continue;
		}
		if (++k->ends[which] <= k->ends[which == OUT ? ERR : OUT])
			finish_cell(k);
	}
}

static void
keep_last_words(struct kernel *k, const char *bytes, size_t len)
{
	buf_add(&k->last_words, bytes, len);
	if (k->last_words.len > LAST_WORDS)
		buf_consume(&k->last_words, k->last_words.len - LAST_WORDS);
}

static void
take(struct kernel *k, int which, const char *bytes, size_t len)
{
	if (k->driver->dialect == KERNEL_MARKS) {
		marks_feed(&k->marks[which], bytes, len);
		take_marks(k, which);
	} else if (which == ERR) {
		keep_last_words(k, bytes, len);
	} else {
		buf_add(&k->line, bytes, len);
		take_lines(k);
		if (k->line.overflow)
			die(k, "it said a line of more than 32 MiB");
	}
}

static void
on_readable(struct kernel *k, int which)
{
	char bytes[READ_BYTES];
	ssize_t n = read(k->fds[which], bytes, sizeof bytes);

	if (n > 0)
		take(k, which, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_pipe(&k->watches[which], &k->fds[which]);
}

static void
on_out(void *ctx, int events)
{
	(void)events;
	on_readable(ctx, OUT);
}

static void
on_err(void *ctx, int events)
{
	(void)events;
	on_readable(ctx, ERR);
}

/* ---- what it is told */

static void
on_writable(void *ctx, int events)
{
	struct kernel *k = ctx;
	ssize_t n;

	(void)events;
	while (k->frames.len > 0) {
		n = write(k->in, k->frames.data, k->frames.len);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) { /* its exit tells the rest */
			close_pipe(&k->in_watch, &k->in);
			return;
		}
		buf_consume(&k->frames, (size_t)n);
	}
	watch_set(k->in_watch, 0);
}

static void
add_frame(struct kernel *k, const char *bytes, size_t len)
{
	buf_addf(&k->frames, "%zu\n", len);
	buf_add(&k->frames, bytes, len);
}

static void
add_marks_request(struct kernel *k, const char *code, const struct pairs *envs)
{
	char count[24];
	int n = snprintf(count, sizeof count, "%zu", envs->count);

	add_frame(k, count, (size_t)n);
	for (size_t i = 0; i < envs->count; i++) {
		char *pair = xasprintf("%s=%s", envs->items[i].key, envs->items[i].value);

		add_frame(k, pair, strlen(pair));
		free(pair);
	}
	add_frame(k, code, strlen(code));
}

void
kernel_run(struct kernel *k, const char *code, const struct pairs *envs)
{
	struct buf text;

	k->busy = true;
	k->cells++;
	if (k->driver->dialect == KERNEL_MARKS) {
		buf_init(&text, 256);
		interpreter_add_count(&text, k->cells);
		k->events->said(k->ctx, text.data, text.len);
		buf_clear(&text);
		add_marks_request(k, code, envs);
	} else {
		buf_init(&text, FRAMES_MAX);
		interpreter_cell_encode(&text, code, envs);
		add_frame(k, text.data, text.len);
		buf_clear(&text);
	}
	if (k->in_watch)
		watch_set(k->in_watch, WATCH_WRITE);
}

void
kernel_interrupt(struct kernel *k)
{
	if (k->pid > 0 && k->box)
		box_signal(k->box, -k->pid, SIGINT, NULL, NULL);
}

void
kernel_hold(struct kernel *k, bool hold)
{
	if (k->held == hold)
		return;
	k->held = hold;
	for (int i = 0; i < 2; i++)
		if (k->watches[i])
			watch_set(k->watches[i], hold ? 0 : WATCH_READ);
}

/* What the pipes still hold was written before the end. */
bool
kernel_exited(struct kernel *k, int pid)
{
	if (k->pid != pid || pid <= 0)
		return false;
	k->pid = 0;
	for (int i = 0; i < 2; i++)
		for (int turn = 0; turn < 16 && k->fds[i] >= 0 && !k->dead; turn++)
			on_readable(k, i);
	die(k, "the kernel's process ended");
	return true;
}

/* ---- the beginning */

static void
keep_pipes(struct kernel *k, const struct box_process *p)
{
	static void (*const ready[])(void *ctx, int events) = { on_out, on_err };

	k->pid = p->pid;
	k->in = p->in;
	k->fds[OUT] = p->out;
	k->fds[ERR] = p->err;
	k->in_watch = watch_new(k->loop, k->in, on_writable, k);
	watch_set(k->in_watch, WATCH_WRITE);
	for (int i = 0; i < 2; i++) {
		k->watches[i] = watch_new(k->loop, k->fds[i], ready[i], k);
		watch_set(k->watches[i], k->held ? 0 : WATCH_READ);
	}
}

static void
on_spawned(void *ctx, const struct box_process *p)
{
	struct kernel *k = ctx;
	const int fds[] = { p->in, p->out, p->err };
	char *why;

	k->starting = false;
	if (p->result == BOX_SPAWN_OK && !k->freed) {
		keep_pipes(k, p);
		return;
	}
	if (p->result == BOX_SPAWN_OK) {
		if (k->box)
			box_signal(k->box, -p->pid, SIGKILL, NULL, NULL);
		for (size_t i = 0; i < ARRAY_LEN(fds); i++)
			if (fds[i] >= 0)
				close(fds[i]);
	}
	if (k->freed) {
		release(k);
		return;
	}
	why = xasprintf(
	    "%s did not start in the sandbox: %s", k->driver->program, p->message);
	die(k, why);
	free(why);
}

struct kernel *
kernel_new(struct loop *loop, struct box *box, const struct kernel_driver *driver,
    const char *cwd, const struct kernel_events *events, void *ctx)
{
	struct kernel *k = xcalloc(1, sizeof *k);
	struct strlist args = { .count = 0 };
	struct pairs envs = { .count = 0 };
	char word[MARKS_WORD_SIZE];
	const struct box_spawn spawn = {
		.cmd = driver->program,
		.args = &args,
		.envs = &envs,
		.cwd = cwd,
		.stdin_pipe = true,
	};

	k->loop = loop;
	k->box = box;
	k->driver = driver;
	k->events = events;
	k->ctx = ctx;
	k->in = k->fds[OUT] = k->fds[ERR] = -1;
	k->starting = true;
	random_hex(word, 32);
	buf_init(&k->frames, FRAMES_MAX);
	buf_init(&k->line, LINE_MAX_BYTES);
	buf_init(&k->last_words, LAST_WORDS + READ_BYTES);
	marks_init(&k->marks[OUT], word);
	marks_init(&k->marks[ERR], word);
	add_frame(k, driver->text, *driver->len);
	for (size_t i = 0; i < ARRAY_LEN(driver->args) && driver->args[i]; i++)
		strlist_add(&args, driver->args[i]);
	if (driver->dialect == KERNEL_MARKS)
		pairs_set(&envs, "SANDTOP_MARK", word);
	box_spawn(box, &spawn, on_spawned, k);
	strlist_clear(&args);
	pairs_clear(&envs);
	return k;
}
