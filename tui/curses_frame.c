#include "tui/curses_frame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "tui/terminal.h"

#include <curses.h> /* behind base/key.h, whose names it also has */

enum { KEPT_BYTES = 1 << 20 }; /* memory that stays with the file */

struct curses_frame {
	SCREEN *screen;	    /* owned */
	FILE *frame, *null; /* owned: what ncurses writes to, what it would read */
};

static bool
open_files(struct curses_frame *f, struct error *err)
{
	int fd = memfd_create("frame", MFD_CLOEXEC);

	if (fd < 0)
		return error_system(err, errno, "cannot make memory for the screen");
	f->frame = fdopen(fd, "w");
	f->null = fopen("/dev/null", "re");
	if (!f->frame || !f->null)
		return error_system(err, errno, "cannot open /dev/null");
	return true;
}

bool
curses_frame_open(const char *const *entries, size_t count, int rows, int cols,
    struct curses_frame **out, struct error *err)
{
	struct curses_frame *f = xcalloc(1, sizeof *f);

	if (!open_files(f, err)) {
		curses_frame_free(f);
		return false;
	}
	use_env(FALSE);
	for (size_t i = 0; i < count && !f->screen; i++)
		if (terminal_has_entry(entries[i])) /* newterm() would leak */
			f->screen = newterm(entries[i], f->frame, f->null);
	if (!f->screen) {
		curses_frame_free(f);
		return error_set(err, ERROR_SYSTEM,
		    "no terminfo entry for this terminal nor a stand-in: install "
		    "ncurses-base; 'sandtop ls' and the other commands work without");
	}
	typeahead(-1); /* /dev/null always looks readable, which would stop every frame */
	resize_term(rows, cols);
	*out = f;
	return true;
}

void
curses_frame_free(struct curses_frame *f)
{
	if (!f)
		return;
	if (f->screen)
		delscreen(f->screen);
	if (f->frame)
		fclose(f->frame);
	if (f->null)
		fclose(f->null);
	free(f);
}

void
curses_frame_take(struct curses_frame *f, struct buf *out)
{
	int fd = fileno(f->frame);
	off_t len;

	fflush(f->frame);
	len = lseek(fd, 0, SEEK_CUR);
	if (len > 0 && out) {
		char *room = buf_reserve(out, (size_t)len);
		ssize_t n = room ? pread(fd, room, (size_t)len, 0) : 0;
		if (n > 0)
			buf_commit(out, (size_t)n);
	}
	lseek(fd, 0, SEEK_SET);
	if (len > KEPT_BYTES)
		(void)!ftruncate(fd, 0);
}

static bool
add_cap(struct buf *out, const char *name)
{
	const char *text = tigetstr(name);

	/* With padding in it the terminal is older than all of this. */
	if (!text || text == (char *)-1 || strstr(text, "$<"))
		return false;
	buf_add_str(out, text);
	return true;
}

void
curses_frame_add_leave(struct buf *out)
{
	add_cap(out, "cnorm");
	add_cap(out, "sgr0");
	add_cap(out, "op");
	add_cap(out, "rmkx");
	if (!add_cap(out, "rmcup"))
		add_cap(out, "clear");
}
