/* What programs in panes want on the clipboard: asked, remembered, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_screen.h"

#include <string.h>

#include "base/mem.h"
#include "tui/clipboard.h"

static struct fake *
open_fake(const char *policy)
{
	const struct app_options app = { .which_key_ms = -1, .remote_clipboard = policy };

	return fake_new(&(struct fake_options){ .rows = 24, .cols = 80, .app = &app });
}

static void
write_text(struct clipboard *c, const char *id, const char *text)
{
	clipboard_write(c, id, "agent-42", text, strlen(text));
}

/* The dialog came unasked: it takes keys only after a while. */
static void
answer(struct fake *f, const char *key)
{
	fake_draw(f);
	fake_advance(f, 5000);
	fake_keys(f, key);
	fake_turn(f);
}

static void
asks_once_for_each_sandbox(void **state)
{
	struct fake *f = open_fake("ask");
	struct clipboard c;

	(void)state;
	clipboard_init(&c, fake_app(f));
	write_text(&c, "ione", "first\033[31m");
	assert_string_equal(fake_copied(f), "");
	assert_true(fake_shows(f, "agent-42 writes your clipboard"));
	assert_true(fake_shows(f, "first\\e[31m"));
	write_text(&c, "itwo", "second"); /* while the question is open: not taken */
	answer(f, "y");
	assert_string_equal(fake_copied(f), "first\033[31m");
	write_text(&c, "ione", "third");
	assert_string_equal(fake_copied(f), "third");
	write_text(&c, "itwo", "fourth");
	assert_true(fake_shows(f, "fourth"));
	answer(f, "Esc");
	assert_string_equal(fake_copied(f), "third");
	write_text(&c, "itwo", "fifth");
	assert_true(fake_shows(f, "fifth"));
	answer(f, "n");
	assert_string_equal(fake_copied(f), "third");
	fake_free(f);
	clipboard_clear(&c);
}

static void
does_as_the_option_says(void **state)
{
	static const struct {
		const char *policy, *copied;
	} cases[] = { { "off", "" }, { "focused", "text" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f = open_fake(cases[i].policy);
		struct clipboard c;

		clipboard_init(&c, fake_app(f));
		write_text(&c, "ione", "text");
		assert_string_equal(fake_copied(f), cases[i].copied);
		assert_false(fake_shows(f, "writes your clipboard"));
		fake_free(f);
		clipboard_clear(&c);
	}
}

/* Quitting with a question open leaves nothing behind. */
static void
ends_with_its_question(void **state)
{
	struct fake *f = open_fake("ask");
	struct clipboard c;

	(void)state;
	clipboard_init(&c, fake_app(f));
	write_text(&c, "ione", "text");
	fake_draw(f);
	fake_free(f);
	clipboard_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_once_for_each_sandbox),
		cmocka_unit_test(does_as_the_option_says),
		cmocka_unit_test(ends_with_its_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
