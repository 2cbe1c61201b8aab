#include "cli/exec_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

enum { PIECE = 64 * 1024 };

static void
end(struct exec_source *s, int errnum)
{
	s->over = true;
	exec_source_want(s, false);
	s->events->end(s->ctx, errnum);
}

static void
read_piece(struct exec_source *s)
{
	ssize_t got = read(s->fd.fd, s->piece, PIECE);

	if (got > 0)
		s->events->data(s->ctx, s->piece, (size_t)got);
	else if (got == 0)
		end(s, 0);
	else if (errno != EAGAIN && errno != EINTR)
		end(s, errno);
}

static void
on_ready(void *ctx, int events)
{
	struct exec_source *s = ctx;

	(void)events;
	if (s->wanted && !s->over)
		read_piece(s);
}

/* A file is read until the owner has had enough. */
static void
on_deferred(void *ctx)
{
	struct exec_source *s = ctx;

	s->deferred = 0;
	while (s->wanted && !s->over)
		read_piece(s);
}

bool
exec_source_open(struct exec_source *s, struct loop *loop,
    const struct exec_source_events *events, void *ctx)
{
	*s = (struct exec_source){ .events = events, .ctx = ctx, .loop = loop };
	s->fd.fd = -1;
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY || isatty(STDIN_FILENO) ||
	    !own_fd_open(&s->fd, STDIN_FILENO, O_RDONLY))
		return false;
	s->piece = xmalloc(PIECE);
	s->watch = watch_new(loop, s->fd.fd, on_ready, s);
	return true;
}

void
exec_source_want(struct exec_source *s, bool wanted)
{
	if (!s->piece || (s->over && wanted))
		return;
	s->wanted = wanted;
	if (s->watch)
		watch_set(s->watch, wanted ? WATCH_READ : 0);
	else if (wanted && !s->deferred)
		s->deferred = loop_defer(s->loop, on_deferred, s);
}

void
exec_source_close(struct exec_source *s)
{
	if (!s->loop)
		return;
	if (s->deferred)
		loop_defer_cancel(s->loop, s->deferred);
	watch_free(s->watch);
	own_fd_close(&s->fd);
	free(s->piece);
	*s = (struct exec_source){ .fd = { .fd = -1 } };
}
