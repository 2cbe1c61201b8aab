/* Every case of every file in cases/; script.h explains the language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "script.h"

static void
run(void **state)
{
	script_run(*state);
}

int
main(void)
{
	size_t count;
	struct script *scripts = script_load("tests/unit/term/cases", &count);
	struct CMUnitTest *tests = xcalloc(count, sizeof *tests);

	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = scripts[i].name,
			.test_func = run,
			.initial_state = &scripts[i],
		};

	int failed = _cmocka_run_group_tests("pane", tests, count, NULL, NULL);

	free(tests);
	script_free(scripts, count);
	return failed;
}
