/* Pauses over HTTP: which were healthy, what they kept, what creates may name. */
#include "host_fixture.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/sandbox.h"

static int
pause_with(const struct guest *g, const char *json, struct answer *out)
{
	char *path = xasprintf("/sandboxes/%s/pause", g->id);
	int status = rest("POST", path, json, out);

	free(path);
	return status;
}

static void
detail_has(const struct guest *g, const char *text, bool wanted)
{
	char *path = xasprintf("/sandboxes/%s", g->id);
	struct answer a;

	assert_int_equal(rest("GET", path, NULL, &a), 200);
	if (body_has(&a, text) != wanted)
		fail_msg("%s in %s", text, a.body.data);
	answer_clear(&a);
	free(path);
}

static void
detail_says_what_a_pause_kept(void **state)
{
	static const struct {
		const char *json, *shown;
	} cases[] = {
		{ NULL, "\"pauseMode\":\"full\"" },
		{ "{\"requireHealthyGuest\":true}", "\"pauseMode\":\"full\"" },
		{ "{\"memory\":false}", "\"pauseMode\":\"filesystem\"" },
		{ "{\"memory\":false,\"requireHealthyGuest\":false}",
		    "\"pauseMode\":\"filesystem\"" },
		{ "{\"memory\":false,\"requireHealthyGuest\":true}",
		    "\"pauseMode\":\"filesystem\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct guest g;

		create_guest(NULL, &g);
		detail_has(&g, "pauseMode", false);
		assert_int_equal(pause_with(&g, cases[i].json, NULL), 204);
		detail_has(&g, cases[i].shown, true);
		kill_guest(&g);
	}
}

static void
a_silent_supervisor_is_not_paused(void **state)
{
	static const char healthy[] = "{\"requireHealthyGuest\":true}";
	static const char files[] = "{\"memory\":false}";
	struct guest g;
	struct answer a;
	int pid;

	(void)state;
	create_guest(NULL, &g);
	pid = box_pid(registry_find(house.host->registry, g.id)->box);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(pause_with(&g, healthy, &a), 503);
	assert_true(body_has(&a, "without requireHealthyGuest"));
	answer_clear(&a);
	assert_int_equal(pause_with(&g, files, &a), 503);
	assert_true(body_has(&a, "with its memory"));
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_true(body_has(&a, "keeps running"));
	assert_string_equal(answer_header(&a, "Should-Retry"), "false");
	answer_clear(&a);
	detail_has(&g, "\"state\":\"running\"", true);
	assert_int_equal(pause_with(&g, healthy, NULL), 204);
	kill_guest(&g);
}

static void
read_boot_id(const struct guest *g, char out[64])
{
	struct stream_end end;

	run_script(g, "cat /proc/sys/kernel/random/boot_id", &end);
	assert_int_equal(end.out.len, 37);
	str_copy(out, 64, end.out.data);
	stream_clear(&end);
}

static void
wake(const struct guest *g)
{
	char *path = xasprintf("/sandboxes/%s/connect", g->id);

	assert_int_equal(rest("POST", path, "{\"timeout\":60}", NULL), 201);
	free(path);
}

static void
each_boot_has_an_id_of_its_own(void **state)
{
	const struct box_support *how = &house.host->support;
	char first[64], other[64], now[64];
	struct guest g, second;

	(void)state;
	if (how->rung == BOX_RUNG_PLAIN || !how->proc_mount || !how->system_writable)
		skip(); /* nothing may be laid over the machine's there */
	create_guest(NULL, &g);
	create_guest(NULL, &second);
	read_boot_id(&g, first);
	read_boot_id(&second, other);
	assert_string_not_equal(first, other);
	assert_int_equal(pause_with(&g, NULL, NULL), 204);
	wake(&g);
	read_boot_id(&g, now);
	assert_string_equal(first, now);
	assert_int_equal(pause_with(&g, "{\"memory\":false}", NULL), 204);
	wake(&g);
	read_boot_id(&g, now);
	assert_string_not_equal(first, now);
	kill_guest(&g);
	kill_guest(&second);
}

static void
members_that_ask_for_nothing_are_taken(void **state)
{
	struct guest g;

	(void)state;
	create_guest(",\"mcp\":null,\"network\":{\"allowPublicTraffic\":true,"
		     "\"denyOut\":[]},\"iam\":{},\"volumeMounts\":[]",
	    &g);
	kill_guest(&g);
}

static void
a_proxy_refusal_is_not_to_be_repeated(void **state)
{
	struct answer a;

	(void)state;
	ask("GET", "/",
	    "E2b-Sandbox-Id: i0123456789abcdefghij\r\n"
	    "E2b-Sandbox-Port: 3000\r\n",
	    NULL, 0, &a);
	assert_int_equal(a.status, 502);
	assert_string_equal(answer_header(&a, "Should-Retry"), "false");
	answer_clear(&a);
}

struct end {
	bool told, lives;
};

static void
on_killed(void *ctx, struct sandbox *s, const struct error *err)
{
	struct end *e = ctx;

	(void)err;
	e->told = true;
	e->lives = s != NULL;
}

static bool
is_told(void *ctx)
{
	return ((struct end *)ctx)->told;
}

/* Sent, not waited for. */
static void
send_to(struct client *c, const char *id, const char *call, const char *json)
{
	char *path = xasprintf("/sandboxes/%s/%s", id, call);
	char *key = xasprintf(
	    "X-API-Key: %s\r\nContent-Type: application/json\r\n", house.host->file.key);

	client_open(c);
	client_ask(c, "POST", path, key, json, strlen(json));
	free(key);
	free(path);
}

/* As if its template had that ready command, which now runs. */
static void
resume_to(struct sandbox *s, const char *ready_cmd, struct client *c)
{
	free(s->outset.ready_cmd);
	s->outset.ready_cmd = xstrdup(ready_cmd);
	send_to(c, s->info.id, "connect", "{\"timeout\":60}");
	while (!s->startup)
		loop_turn(house.loop, 10);
}

/* It has just succeeded, but nobody has heard that yet. */
static void
resume_until_ready(struct sandbox *s, struct client *c)
{
	char *marker = path_join(s->dir, "tmp/is-ready");

	unlink(marker);
	resume_to(s, "echo > /tmp/is-ready", c);
	/* It needs us no more; what it says waits for our next turn. */
	while (access(marker, F_OK) != 0)
		sched_yield();
	for (int i = 0; i < 2000; i++) /* it is about to end */
		sched_yield();
	free(marker);
}

static void
a_kill_holds_whatever_was_about_to_be_ready(void **state)
{
	(void)state;
	for (int round = 0; round < 8; round++) {
		struct end end = { .told = false };
		struct client c;
		struct answer a;
		struct guest g;

		create_guest(NULL, &g);
		assert_int_equal(pause_with(&g, "{\"memory\":false}", NULL), 204);
		struct sandbox *s = registry_find(house.host->registry, g.id);

		resume_until_ready(s, &c);
		sandbox_kill(s, "over", on_killed, &end);
		turn_until(is_told, &end);
		assert_false(end.lives);
		assert_null(registry_find(house.host->registry, g.id));
		client_answer(&c, &a);
		assert_int_equal(a.status, 404);
		answer_clear(&a);
		client_close(&c);
	}
}

/* Not what was wrong with the resume before. */
static void
a_failed_resume_says_its_own_reason(void **state)
{
	struct guest g;
	struct client c;
	struct answer a;

	(void)state;
	create_guest(NULL, &g);
	assert_int_equal(pause_with(&g, "{\"memory\":false}", NULL), 204);
	struct sandbox *s = registry_find(house.host->registry, g.id);

	error_set(&s->unready, ERROR_SYSTEM, "an old story");
	resume_to(s, "tail -f /dev/null", &c);
	assert_int_equal(kill(box_pid(s->box), SIGKILL), 0);
	client_answer(&c, &a);
	assert_int_equal(a.status, 500);
	assert_true(body_has(&a, "first process was killed"));
	answer_clear(&a);
	client_close(&c);
	kill_guest(&g);
}

static bool
is_ending(void *ctx)
{
	return ((const struct sandbox *)ctx)->box_ending;
}

/* Those that were asked for at once are one, and nobody waits for a resume behind it. */
static void
pauses_join(void **state)
{
	static const char *const bodies[] = { "{\"memory\":false}", "{\"memory\":false}",
		"{\"requireHealthyGuest\":true}" };
	struct client clients[ARRAY_LEN(bodies)], late, other;
	struct end end = { .told = false }, killed = { .told = false };
	struct guest g;

	(void)state;
	create_guest(NULL, &g);
	struct sandbox *s = registry_find(house.host->registry, g.id);

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		send_to(&clients[i], g.id, "pause", bodies[i]);
	turn_until(is_ending, s);
	s->outset.ready_cmd = xstrdup("tail -f /dev/null");
	sandbox_resume(s, 60, false, on_killed, &end);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		client_expect(&clients[i], 204);
	assert_int_equal(s->state, SANDBOX_RESUMING);
	send_to(&late, g.id, "connect", "{\"timeout\":60,\"memory\":false}");
	client_expect(&late, 409);
	send_to(&other, g.id, "connect", "{\"timeout\":60}");
	detail_has(&g, g.id, true);
	assert_false(end.told);
	sandbox_kill(s, "over", on_killed, &killed);
	client_expect(&other, 404);
	turn_until(is_told, &killed);
	assert_true(end.told && !end.lives);
}

/* Nobody is told that it keeps running. */
static void
a_kill_amid_a_checkup_is_told(void **state)
{
	struct end end = { .told = false };
	struct client c;
	struct answer a;
	struct guest g;

	(void)state;
	create_guest(NULL, &g);
	struct sandbox *s = registry_find(house.host->registry, g.id);

	assert_int_equal(kill(box_pid(s->box), SIGSTOP), 0);
	send_to(&c, g.id, "pause", "{\"requireHealthyGuest\":true}");
	for (int i = 0; i < 3; i++) /* those that come later are answered */
		detail_has(&g, "\"state\":\"running\"", true);
	sandbox_kill(s, "over", on_killed, &end);
	client_answer(&c, &a);
	assert_int_equal(a.status, 409);
	assert_true(body_has(&a, "killed"));
	answer_clear(&a);
	client_close(&c);
	turn_until(is_told, &end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detail_says_what_a_pause_kept),
		cmocka_unit_test(a_silent_supervisor_is_not_paused),
		cmocka_unit_test(a_kill_holds_whatever_was_about_to_be_ready),
		cmocka_unit_test(a_failed_resume_says_its_own_reason),
		cmocka_unit_test(pauses_join),
		cmocka_unit_test(a_kill_amid_a_checkup_is_told),
		cmocka_unit_test(each_boot_has_an_id_of_its_own),
		cmocka_unit_test(members_that_ask_for_nothing_are_taken),
		cmocka_unit_test(a_proxy_refusal_is_not_to_be_repeated),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
