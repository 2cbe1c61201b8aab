/* Sandboxes with nothing inside: that they act as others do, and are never kept. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/ports.h"
#include "host/sandbox.h"
#include "host/simulate.h"

enum { FLEET = 250 };

static int
fill(void **state)
{
	(void)state;
	while (registry_first(house.host->registry))
		sandbox_kill(registry_first(house.host->registry), "over", NULL, NULL);
	simulate_fill(house.host->registry, FLEET);
	return 0;
}

static struct sandbox *
first_in(enum sandbox_state state)
{
	struct sandbox *s = registry_first(house.host->registry);

	while (s && s->state != state)
		s = s->next;
	assert_non_null(s);
	return s;
}

static int
act(const char *method, const char *id, const char *action, const char *json)
{
	char *path = xasprintf("/sandboxes/%s%s", id, action);
	int status = rest(method, path, json, NULL);

	free(path);
	return status;
}

static void
each_says_what_it_is(void **state)
{
	int64_t now_ms = clock_wall_ms();
	size_t count = 0;

	(void)state;
	for (const struct sandbox *s = registry_first(house.host->registry); s;
	     s = s->next) {
		count++;
		assert_string_equal(pairs_get(&s->info.metadata, "simulated"), "true");
		assert_true(str_has_prefix(s->info.alias, "sim-"));
		assert_true(s->info.started_ms < now_ms);
		assert_true(s->info.started_ms < s->info.end_ms);
		assert_true(s->state == SANDBOX_PAUSED ? s->info.end_ms <= now_ms
						       : s->info.end_ms > now_ms);
	}
	assert_int_equal(count, FLEET);
	assert_int_equal(registry_count(house.host->registry, SANDBOX_RUNNING) +
			     registry_count(house.host->registry, SANDBOX_PAUSED),
	    FLEET);
}

/* Pages of seven: each sandbox once, in order. */
static size_t
count_pages(const char *order)
{
	char *path = xasprintf("/v2/sandboxes?limit=7&order=%s", order);
	size_t count = 0;
	int64_t last_ms = str_eq(order, "asc") ? INT64_MIN : INT64_MAX;

	while (path) {
		struct rest_sandbox_list list = { 0 };
		struct error err = { 0 };
		struct answer a;
		const char *token;

		assert_int_equal(rest("GET", path, NULL, &a), 200);
		assert_true(
		    rest_sandbox_list_decode(a.body.data, a.body.len, &list, &err));
		for (size_t i = 0; i < list.count; i++) {
			int64_t at_ms = list.items[i].started_ms;

			assert_true(
			    str_eq(order, "asc") ? at_ms >= last_ms : at_ms <= last_ms);
			last_ms = at_ms;
		}
		count += list.count;
		token = answer_header(&a, "X-Next-Token");
		assert_true(!token || list.count == 7);
		free(path);
		path = token ? xasprintf("/v2/sandboxes?limit=7&order=%s&nextToken=%s",
				   order, token)
			     : NULL;
		rest_sandbox_list_clear(&list);
		answer_clear(&a);
	}
	return count;
}

static void
pages_hold_each_once(void **state)
{
	struct answer a;
	char running[24];

	(void)state;
	assert_int_equal(count_pages("desc"), FLEET);
	assert_int_equal(count_pages("asc"), FLEET);
	assert_int_equal(rest("GET", "/v2/sandboxes?limit=1", NULL, &a), 200);
	snprintf(running, sizeof running, "%zu",
	    registry_count(house.host->registry, SANDBOX_RUNNING));
	assert_string_equal(answer_header(&a, "X-Total-Running"), running);
	answer_clear(&a);
}

static void
life_works_on_them(void **state)
{
	struct sandbox *s = first_in(SANDBOX_RUNNING);
	char id[32];

	(void)state;
	str_copy(id, sizeof id, s->info.id);
	assert_int_equal(act("POST", id, "/timeout", "{\"timeout\":90}"), 204);
	assert_in_range((s->info.end_ms - clock_wall_ms()) / 1000, 60, 90);
	assert_int_equal(act("POST", id, "/pause", NULL), 204);
	assert_int_equal(s->state, SANDBOX_PAUSED);
	assert_int_equal(act("POST", id, "/pause", NULL), 409);
	assert_int_equal(act("POST", id, "/connect", "{\"timeout\":600}"), 201);
	assert_int_equal(s->state, SANDBOX_RUNNING);
	assert_int_equal(act("POST", id, "/pause", "{\"memory\":false}"), 204);
	assert_int_equal(act("POST", id, "/resume", "{\"timeout\":600}"), 201);
	assert_int_equal(act("DELETE", id, "", NULL), 204);
	assert_int_equal(act("DELETE", id, "", NULL), 404);
	assert_null(registry_find(house.host->registry, id));
}

static bool
is_gone(void *ctx)
{
	return !registry_find(house.host->registry, ctx);
}

static void
time_ends_them(void **state)
{
	struct sandbox *s = first_in(SANDBOX_RUNNING);
	char id[32];

	(void)state;
	str_copy(id, sizeof id, s->info.id);
	s->info.pause_on_timeout = REST_NO;
	sandbox_set_end(s, 0);
	turn_until(is_gone, id);
}

static void
traffic_does_not_reach_them(void **state)
{
	static const char *const ports[] = { "49983", "3000" };
	const struct sandbox *s = first_in(SANDBOX_RUNNING);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		char *headers = xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: %s\r\n"
					  "X-Access-Token: %s\r\n",
		    s->info.id, ports[i], s->info.envd_token);
		struct answer a;

		ask("GET", "/health", headers, NULL, 0, &a);
		assert_int_equal(a.status, 502);
		assert_true(body_has(&a, PORTS_NOT_FOUND_TEXT));
		answer_clear(&a);
		ask("POST", "/files?path=/tmp/x", headers, "x", 1, &a);
		assert_int_equal(a.status, 502);
		answer_clear(&a);
		free(headers);
	}
}

/* ---- metrics */

static size_t
count_metrics(const char *id, int64_t start_s, int64_t end_s, int64_t bucket_s)
{
	char *path = xasprintf("/sandboxes/%s/metrics?start=%lld&end=%lld", id,
	    (long long)start_s, (long long)end_s);
	struct rest_metric_list list = { 0 };
	struct error err = { 0 };
	struct answer a;
	size_t count;

	assert_int_equal(rest("GET", path, NULL, &a), 200);
	assert_true(rest_metric_list_decode(a.body.data, a.body.len, &list, &err));
	for (size_t i = 0; i < list.count; i++) {
		const struct rest_metric *m = &list.items[i];

		assert_true(m->cpu_pct >= 0 && m->cpu_pct <= 100);
		assert_true(m->mem_used > 0 && m->mem_used <= m->mem_total);
		assert_true(m->disk_used > 0 && m->disk_used <= m->disk_total);
		assert_int_equal(m->ts_s % bucket_s, 0);
		assert_true(i == 0 || m->ts_s > list.items[i - 1].ts_s);
	}
	count = list.count;
	rest_metric_list_clear(&list);
	answer_clear(&a);
	free(path);
	return count;
}

static void
history_is_a_formula(void **state)
{
	struct sandbox *s = first_in(SANDBOX_RUNNING);
	int64_t now_s = clock_wall_ms() / 1000;
	struct sample once, again;

	(void)state;
	s->created_ms = (now_s - 3 * 24 * 3600) * 1000;
	assert_in_range(count_metrics(s->info.id, now_s - 600, now_s, 5), 119, 121);
	assert_in_range(count_metrics(s->info.id, now_s - 7200, now_s, 30), 239, 241);
	assert_in_range(
	    count_metrics(s->info.id, now_s - 30 * 24 * 3600, now_s, 900), 287, 290);
	assert_int_equal(count_metrics(s->info.id, 1000, 2000, 5), 0);
	simulate_sample(s, now_s - 60, &once);
	simulate_sample(s, now_s - 60, &again);
	assert_memory_equal(&once, &again, sizeof once);
	assert_int_equal(s->series.count, 0);
}

static void
the_newest_is_had_at_once(void **state)
{
	const struct sandbox *runs = first_in(SANDBOX_RUNNING);
	const struct sandbox *paused = first_in(SANDBOX_PAUSED);
	char *path = xasprintf(
	    "/sandboxes/metrics?sandbox_ids=%s,%s", runs->info.id, paused->info.id);
	struct rest_metric_map map = { 0 };
	struct error err = { 0 };
	struct answer a;

	(void)state;
	assert_int_equal(rest("GET", path, NULL, &a), 200);
	assert_true(rest_metric_map_decode(a.body.data, a.body.len, &map, &err));
	assert_int_equal(map.count, 2);
	for (size_t i = 0; i < map.count; i++) {
		bool is_paused = str_eq(map.items[i].id, paused->info.id);
		int64_t newest_ms = is_paused ? paused->info.end_ms : clock_wall_ms();

		assert_in_range(newest_ms / 1000 - map.items[i].metric.ts_s, 0, 10);
	}
	rest_metric_map_clear(&map);
	answer_clear(&a);
	free(path);
}

/* Of a hundred some idle, some move, some are busy. */
static void
they_differ(void **state)
{
	size_t idle = 0, busy = 0, moved = 0;
	int64_t now_s = clock_wall_ms() / 1000;

	(void)state;
	for (const struct sandbox *s = registry_first(house.host->registry); s;
	     s = s->next) {
		struct sample now, later;

		simulate_sample(s, now_s, &now);
		simulate_sample(s, now_s + 60, &later);
		idle += now.cpu_pct < 2;
		busy += now.cpu_pct > 50;
		moved += now.cpu_pct != later.cpu_pct;
	}
	assert_true(idle > FLEET / 5 && busy > 0 && moved > FLEET / 2);
}

/* ---- nothing is kept */

static void
they_end_with_the_host(void **state)
{
	(void)state;
	restart_house(true);
	assert_null(registry_first(house.host->registry));
	simulate_fill(house.host->registry, 10);
	restart_house(false);
	assert_null(registry_first(house.host->registry));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_says_what_it_is, fill),
		cmocka_unit_test_setup(pages_hold_each_once, fill),
		cmocka_unit_test_setup(life_works_on_them, fill),
		cmocka_unit_test_setup(time_ends_them, fill),
		cmocka_unit_test_setup(traffic_does_not_reach_them, fill),
		cmocka_unit_test_setup(history_is_a_formula, fill),
		cmocka_unit_test_setup(the_newest_is_had_at_once, fill),
		cmocka_unit_test_setup(they_differ, fill),
		cmocka_unit_test_setup(they_end_with_the_host, fill),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
