#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"

enum {
	RING_LINES = 1000,
	TEXT_MAX = 4096, /* of one message, before it is escaped */
	LINE_MAX_BYTES = TEXT_MAX * 10,
};

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info ",
	[LOG_WARN] = "warn ",
	[LOG_ERROR] = "error",
};

enum log_level log_threshold = LOG_INFO;

/* One log for the process: what is wrong has to be found in one place. */
static struct {
	bool is_open, to_stderr;
	int fd;			/* owned while is_open */
	char *ring[RING_LINES]; /* owned lines, NULL until used */
	size_t next, count;	/* `next` is overwritten next */
	struct strlist secrets;
} state;

bool
log_open(const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return error_system(err, errno, "opening the log %s", path);
	log_close();
	state.fd = fd;
	state.is_open = true;
	return true;
}

void
log_close(void)
{
	if (state.is_open)
		close(state.fd);
	state.is_open = false;
}

void
log_set_level(enum log_level level)
{
	log_threshold = level;
}

void
log_to_stderr(bool on)
{
	state.to_stderr = on;
}

/* Longer ones first, so that one that begins with another is hidden whole. */
static int
by_length(const void *a, const void *b)
{
	size_t a_len = strlen(*(char *const *)a), b_len = strlen(*(char *const *)b);

	return (a_len < b_len) - (a_len > b_len);
}

void
log_hide_secret(const char *secret)
{
	if (str_is_empty(secret) || strlist_has(&state.secrets, secret))
		return;
	strlist_add(&state.secrets, secret);
	qsort(state.secrets.items, state.secrets.count, sizeof *state.secrets.items,
	    by_length);
}

/* Length of the secret that begins at s, 0: none does. */
static size_t
secret_at(const char *s)
{
	for (size_t i = 0; i < state.secrets.count; i++)
		if (str_has_prefix(s, state.secrets.items[i]))
			return strlen(state.secrets.items[i]);
	return 0;
}

static void
hide_secrets(struct buf *out, const char *s)
{
	while (*s) {
		size_t hidden = secret_at(s);

		if (hidden)
			buf_add_str(out, "***");
		else
			buf_add_char(out, *s);
		s += MAX(hidden, (size_t)1);
	}
}

/* The message without secrets, cut, escaped. A secret is looked for before the
 * cut, which could leave half of it. */
static PRINTF_LIKE(2, 0) void add_message(struct buf *line, const char *fmt, va_list ap)
{
	char *raw = xvasprintf(fmt, ap);
	struct buf shown;

	buf_init(&shown, SIZE_MAX / 2);
	hide_secrets(&shown, raw);

	size_t kept = MIN(shown.len, (size_t)TEXT_MAX);

	while (kept < shown.len && kept > 0 &&
	       ((unsigned char)shown.data[kept] & 0xc0) == 0x80)
		kept--;
	text_clean(line, shown.data, kept);
	if (kept < shown.len)
		buf_addf(line, "... (%zu bytes more)", shown.len - kept);
	buf_clear(&shown);
	free(raw);
}

static void
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* nowhere to say so */
		bytes += done;
		len -= (size_t)done;
	}
}

/* Takes the line. */
static void
remember(char *line)
{
	free(state.ring[state.next]);
	state.ring[state.next] = line;
	state.next = (state.next + 1) % RING_LINES;
	state.count = MIN(state.count + 1, (size_t)RING_LINES);
}

void
log_write(enum log_level level, const char *module, const char *fmt, ...)
{
	int saved_errno = errno;
	char when[32];
	struct buf line;
	va_list ap;

	if (level < log_threshold)
		return;
	clock_format_rfc3339(clock_wall_ms(), when, sizeof when);
	buf_init(&line, LINE_MAX_BYTES);
	buf_addf(&line, "%s %s %s: ", when, level_names[level], module);
	va_start(ap, fmt);
	add_message(&line, fmt, ap);
	va_end(ap);
	buf_add_char(&line, '\n');
	if (state.is_open)
		write_all(state.fd, line.data, line.len);
	if (state.to_stderr)
		write_all(STDERR_FILENO, line.data, line.len);
	line.data[line.len - 1] = '\0';
	remember(buf_take(&line));
	errno = saved_errno;
}

const char *
log_recent(size_t age)
{
	if (age >= state.count)
		return NULL;
	return state.ring[(state.next + RING_LINES - 1 - age) % RING_LINES];
}
