#include "cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"

enum { ANSWER_MAX = 1024 };

static void
print_question(const char *question)
{
	char *clean = text_clean_dup(question);

	fprintf(stderr, "%s ", clean);
	fflush(stderr);
	free(clean);
}

/* One line without its end; "" at the end of input. Caller frees. */
static char *
read_answer(const char *question)
{
	struct buf line;
	char c;

	tcflush(STDIN_FILENO, TCIFLUSH);
	print_question(question);
	buf_init(&line, ANSWER_MAX);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		buf_add_char(&line, c);
	char *text = buf_take(&line);
	char *answer = xstrdup(str_trim(text));
	free(text);
	return answer;
}

bool
ask_yes(const char *question)
{
	char *answer = read_answer(question);
	bool yes = str_eq_nocase(answer, "y") || str_eq_nocase(answer, "yes");

	free(answer);
	return yes;
}

bool
ask_word(const char *question, const char *expected)
{
	char *answer = read_answer(question);
	bool same = str_eq(answer, expected);

	free(answer);
	return same;
}
