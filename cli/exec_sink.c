#include "cli/exec_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/compiler.h"

enum { PIECE = 64 * 1024, PENDING_MAX = 128 * 1024 * 1024 };

static void flush(struct exec_sink *s);

static void
on_ready(void *ctx, int events)
{
	struct exec_sink *s = ctx;

	(void)events;
	flush(s);
}

void
exec_sink_open(struct exec_sink *s, struct loop *loop,
    const struct exec_sink_options *options, const struct exec_sink_events *events,
    void *ctx)
{
	*s = (struct exec_sink){ .events = events, .ctx = ctx, .number = options->fd };
	buf_init(&s->pending, PENDING_MAX);
	s->filters = !options->raw && isatty(options->fd);
	terminal_text_init(&s->text, &s->pending, options->color);
	/* What is not open shows at the first write. */
	if (own_fd_open(&s->fd, options->fd, O_WRONLY))
		s->watch = watch_new(loop, s->fd.fd, on_ready, s);
}

static void
fail(struct exec_sink *s, int errnum)
{
	s->broken = true;
	buf_reset(&s->pending);
	if (s->watch)
		watch_set(s->watch, 0);
	s->events->broken(s->ctx, s->number, errnum);
}

/* Bytes written; 0 when the reader wants to be waited for, or has gone. */
static size_t
write_some(struct exec_sink *s, const char *bytes, size_t len)
{
	ssize_t sent;

	do
		sent = write(s->fd.fd, bytes, MIN(len, (size_t)PIECE));
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return (size_t)sent;
	if (errno == EAGAIN && s->watch)
		watch_set(s->watch, WATCH_WRITE);
	else
		fail(s, errno);
	return 0;
}

static void
flush(struct exec_sink *s)
{
	size_t done = 0, some = 1;

	while (done < s->pending.len && some > 0) {
		some = write_some(s, s->pending.data + done, s->pending.len - done);
		done += some;
	}
	if (s->broken)
		return;
	buf_consume(&s->pending, done);
	if (s->pending.len > 0)
		return;
	if (s->watch)
		watch_set(s->watch, 0);
	s->events->drained(s->ctx);
}

void
exec_sink_write(struct exec_sink *s, const char *bytes, size_t len)
{
	if (s->broken)
		return;
	bool was_empty = s->pending.len == 0;

	if (s->filters) {
		terminal_text_feed(&s->text, bytes, len);
	} else {
		/* The usual case needs no copy: the reader keeps up. */
		while (was_empty && len > 0) {
			size_t some = write_some(s, bytes, len);
			if (some == 0)
				break;
			bytes += some;
			len -= some;
		}
		if (!s->broken)
			buf_add(&s->pending, bytes, len);
	}
	if (s->filters && was_empty && s->pending.len > 0)
		flush(s);
	if (s->pending.overflow)
		fail(s, ENOBUFS);
}

bool
exec_sink_is_full(const struct exec_sink *s)
{
	return s->pending.len >= SINK_FULL;
}

bool
exec_sink_is_empty(const struct exec_sink *s)
{
	return s->pending.len == 0;
}

void
exec_sink_end(struct exec_sink *s)
{
	if (s->broken || !s->filters)
		return;
	bool was_empty = s->pending.len == 0;
	terminal_text_end(&s->text);
	if (was_empty && s->pending.len > 0)
		flush(s);
}

void
exec_sink_close(struct exec_sink *s)
{
	watch_free(s->watch);
	own_fd_close(&s->fd);
	terminal_text_clear(&s->text);
	buf_clear(&s->pending);
	*s = (struct exec_sink){ .fd = { .fd = -1 } };
}
