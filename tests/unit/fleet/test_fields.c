/* What a cell shows, and what JSON says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"
#include "fleet/fields.h"
#include "fleet/messages.h"

static void
expect(const char *field, const struct sandbox *s, const char *text)
{
	struct buf out;

	buf_init(&out, 1000);
	field_format(field_find(field), s, NOW_MS, &out);
	if (strcmp(out.data, text) != 0)
		fail_msg("%s: '%s', expected '%s'", field, out.data, text);
	buf_clear(&out);
}

static void
numbers_carry_their_confidence(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	struct sandbox *s = fixture_add(&m, "i1", "a", SANDBOX_RUNNING, 0);
	expect("cpu", s, "0"); /* zero is zero */
	expect("mem", s, "50");
	expect("left", s, "10m");
	s->sample.ts_s -= 60;
	expect("cpu", s, "0~"); /* stale */
	s->has_sample = false;
	expect("cpu", s, "--"); /* unknown */
	s->end_ms = NOW_MS - 1;
	expect("left", s, "due");
	s->end_ms = 0;
	expect("left", s, "--");

	struct sandbox *p = fixture_add(&m, "i2", "b", SANDBOX_PAUSED, 96);
	expect("cpu", p, "--"); /* its last sample is no figure of now */
	expect("left", p, "--");
	expect("state", p, "PAUSED");
	p->state = SANDBOX_OTHER;
	p->state_text = xstrdup("hibernating");
	expect("state", p, "hibernating");
	model_clear(&m);
}

static void
json_has_null_for_unknown_and_no_secret(void **state)
{
	struct model m;
	struct buf out;

	(void)state;
	model_init(&m);
	buf_init(&out, 10000);
	struct sandbox *s = fixture_add(&m, "i1", "say \"hi\"", SANDBOX_RUNNING, -1);
	s->token = xstrdup("s3cret");
	pairs_set(&s->metadata, "k", "v\\");
	sandbox_add_json(&out, s, NOW_MS);
	assert_non_null(strstr(out.data, "\"id\":\"i1\""));
	assert_non_null(strstr(out.data, "\"name\":\"say \\\"hi\\\"\""));
	assert_non_null(strstr(out.data, "\"cpu_percent\":null"));
	assert_non_null(strstr(out.data, "\"metadata\":{\"k\":\"v\\\\\"}}"));
	assert_non_null(strstr(out.data, "\"started_at\":\"2025-11-25T11:04:55.000Z\""));
	assert_null(strstr(out.data, "s3cret"));
	buf_clear(&out);
	model_clear(&m);
}

static void
prefixes_find_one_or_say_several(void **state)
{
	struct model m;
	bool several;

	(void)state;
	model_init(&m);
	fixture_add(&m, "iabcdef1", "a", SANDBOX_RUNNING, 0);
	fixture_add(&m, "iabcdef2", "b", SANDBOX_RUNNING, 0);
	assert_string_equal(model_find_prefix(&m, "iabcdef1", &several)->id, "iabcdef1");
	assert_null(model_find_prefix(&m, "iabcdef", &several));
	assert_true(several);
	assert_null(model_find_prefix(&m, "iabc", &several)); /* too short */
	assert_false(several);
	model_remove(&m, "iabcdef2");
	assert_non_null(model_find_prefix(&m, "iabcdef", &several));
	model_clear(&m);
}

static void
messages_merge_expire_and_stay_clean(void **state)
{
	struct messages *m = xcalloc(1, sizeof *m);

	(void)state;
	messages_add(m, 1000, MESSAGE_INFO, "saved %s", "a\x1b[31m");
	assert_null(strchr(messages_at(m, 0)->text, '\x1b'));
	messages_add(m, 2000, MESSAGE_INFO, "saved %s", "a\x1b[31m");
	assert_int_equal(m->count, 1);
	assert_int_equal(messages_at(m, 0)->count, 2);
	assert_non_null(messages_current(m, 4000));
	assert_null(messages_current(m, 60000));
	for (int i = 0; i < MESSAGES_MAX + 5; i++)
		messages_add(m, i, MESSAGE_ERROR, "number %d", i);
	assert_int_equal(m->count, MESSAGES_MAX);
	assert_string_equal(messages_at(m, 0)->text, "number 204");
	assert_null(messages_at(m, MESSAGES_MAX));
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_carry_their_confidence),
		cmocka_unit_test(json_has_null_for_unknown_and_no_secret),
		cmocka_unit_test(prefixes_find_one_or_say_several),
		cmocka_unit_test(messages_merge_expire_and_stay_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
