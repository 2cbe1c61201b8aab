#include "cli/exec_words.h"

#include <ctype.h>
#include <signal.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"

enum { LINE_MAX_BYTES = 4 * 1024 * 1024, EXIT_UNKNOWN = 255 };

/* "=" is not among them: an unquoted A=b is an assignment. */
static bool
is_plain(const char *word)
{
	for (const char *at = word; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("_@%+:,./-", *at))
			return false;
	return *word != '\0';
}

static void
add_quoted(struct buf *out, const char *word)
{
	if (is_plain(word)) {
		buf_add_str(out, word);
		return;
	}
	buf_add_char(out, '\'');
	for (const char *at = word; *at; at++) {
		if (*at == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_char(out, *at);
	}
	buf_add_char(out, '\'');
}

char *
exec_line(const struct strlist *words)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	if (words->count == 1)
		buf_add_str(&line, words->items[0]);
	for (size_t i = 0; words->count > 1 && i < words->count; i++) {
		if (i > 0)
			buf_add_char(&line, ' ');
		add_quoted(&line, words->items[i]);
	}
	return buf_take(&line);
}

/* As the daemon names them. */
static const struct {
	const char *name;
	int signum;
} signals[] = {
	{ "hangup", SIGHUP },
	{ "interrupt", SIGINT },
	{ "quit", SIGQUIT },
	{ "illegal instruction", SIGILL },
	{ "trace/breakpoint trap", SIGTRAP },
	{ "aborted", SIGABRT },
	{ "bus error", SIGBUS },
	{ "floating point exception", SIGFPE },
	{ "killed", SIGKILL },
	{ "user defined signal 1", SIGUSR1 },
	{ "segmentation fault", SIGSEGV },
	{ "user defined signal 2", SIGUSR2 },
	{ "broken pipe", SIGPIPE },
	{ "alarm clock", SIGALRM },
	{ "terminated", SIGTERM },
	{ "stack fault", SIGSTKFLT },
	{ "CPU time limit exceeded", SIGXCPU },
	{ "file size limit exceeded", SIGXFSZ },
	{ "virtual timer expired", SIGVTALRM },
	{ "profiling timer expired", SIGPROF },
	{ "I/O possible", SIGIO },
	{ "power failure", SIGPWR },
	{ "bad system call", SIGSYS },
};

/* "signal: killed", "signal: aborted (core dumped)", "signal: signal 35", "killed" */
static int
signal_of(const char *status)
{
	const char *name = status;
	int64_t number;

	if (str_has_prefix(name, "signal: "))
		name += strlen("signal: ");
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		size_t len = strlen(signals[i].name);
		if (strncmp(name, signals[i].name, len) == 0 &&
		    (name[len] == '\0' || name[len] == ' '))
			return signals[i].signum;
	}
	if (str_has_prefix(name, "signal ") &&
	    parse_int(name + strlen("signal "), 1, 64, &number))
		return (int)number;
	return 0;
}

int
exec_exit_code(const struct process_event *end)
{
	int signum;

	if (end->exited || end->exit_code > 0)
		return end->exit_code & 0xff;
	signum = signal_of(end->status);
	return signum ? 128 + signum : EXIT_UNKNOWN;
}
