/* Law 3: damage is confirmed in proportion, and nobody is taken for a yes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/ladder.h"
#include "fleet/command.h"

#define ASKED true
#define ALONE false

static const struct {
	struct ladder_case c;
	enum ladder_step step;
} cases[] = {
	/* a person at the terminal */
	{ { CMD_KILL, 1, ASKED, false, false, false }, LADDER_ASK_YES },
	{ { CMD_KILL, 2, ASKED, false, false, false }, LADDER_ASK_COUNT },
	{ { CMD_KILL, 500, ASKED, false, false, false }, LADDER_ASK_COUNT },
	{ { CMD_KILL, 0, ASKED, false, false, false }, LADDER_GO },
	{ { CMD_PAUSE, 1, ASKED, false, false, false }, LADDER_GO },
	{ { CMD_PAUSE, 2, ASKED, false, false, false }, LADDER_ASK_YES },
	{ { CMD_RESUME, 2, ASKED, false, false, false }, LADDER_GO },
	/* --yes, or the right --expect */
	{ { CMD_KILL, 1, ASKED, true, false, false }, LADDER_GO },
	{ { CMD_KILL, 9, ALONE, true, false, false }, LADDER_GO },
	{ { CMD_PAUSE, 9, ALONE, true, false, false }, LADDER_GO },
	/* nobody there */
	{ { CMD_KILL, 1, ALONE, false, false, false }, LADDER_REFUSE },
	{ { CMD_KILL, 9, ALONE, false, false, false }, LADDER_REFUSE },
	{ { CMD_PAUSE, 1, ALONE, false, false, false }, LADDER_GO },
	{ { CMD_PAUSE, 2, ALONE, false, false, false }, LADDER_REFUSE },
	{ { CMD_RESUME, 9, ALONE, false, false, false }, LADDER_GO },
	/* a profile that wants its name: --yes alone is not enough */
	{ { CMD_KILL, 1, ASKED, false, true, false }, LADDER_ASK_NAME },
	{ { CMD_KILL, 1, ASKED, true, true, false }, LADDER_ASK_NAME },
	{ { CMD_KILL, 1, ALONE, true, true, false }, LADDER_REFUSE },
	{ { CMD_KILL, 1, ALONE, false, true, true }, LADDER_REFUSE },
	{ { CMD_KILL, 1, ALONE, true, true, true }, LADDER_GO },
	{ { CMD_PAUSE, 1, ALONE, false, true, false }, LADDER_GO },
};

static void
law_3_damage_is_confirmed_in_proportion(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(ladder_next(&cases[i].c), cases[i].step);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(law_3_damage_is_confirmed_in_proportion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
