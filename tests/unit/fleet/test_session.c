/*
 * Shells that outlive cuts, and law 1: the complete log of requests says who
 * was spoken to, and that the control plane was asked before.
 */
#include "tests/unit/fleet/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fleet/session.h"
#include "fleet/session_internal.h"
#include "wire/envelope.h"
#include "wire/process.h"

#define GET_A "GET /sandboxes/ia"
#define START "POST /process.Process/Start"
#define CONNECT "POST /process.Process/Connect"
#define LIST "POST /process.Process/List"
#define INPUT "POST /process.Process/SendInput"
#define UPDATE "POST /process.Process/Update"
#define PAUSE_A "POST /sandboxes/ia/pause"
#define RESUME_A "POST /v2/sandboxes/ia/connect"
#define CREATED                                                                          \
	"{\"sandboxID\":\"ia\",\"templateID\":\"base\",\"clientID\":\"c\",\"alias\":"    \
	"\"\","                                                                          \
	"\"envdVersion\":\"0.6.4\",\"envdAccessToken\":\"tok\"}"
#define UNARY_OK "Content-Type: application/json\r\n"
#define HOUR_MS (3600 * 1000)

/* A session and what it has told. */
struct shell {
	struct world *w;
	struct session *session;
	struct buf out;
	int states, gaps;
	int64_t gap_from_ms, gap_to_ms;
	char free_in; /* the event inside which it is freed: d, s, g */
};

static bool
free_here(struct shell *sh, char event)
{
	if (sh->free_in != event)
		return false;
	session_free(sh->session);
	sh->session = NULL;
	return true;
}

static void
on_data(void *ctx, const char *bytes, size_t len)
{
	struct shell *sh = ctx;

	buf_add(&sh->out, bytes, len);
	free_here(sh, 'd');
}

static void
on_state(void *ctx)
{
	struct shell *sh = ctx;

	sh->states++;
	free_here(sh, 's');
}

static void
on_gap(void *ctx, int64_t from_ms, int64_t to_ms)
{
	struct shell *sh = ctx;

	sh->gaps++;
	sh->gap_from_ms = from_ms;
	sh->gap_to_ms = to_ms;
	free_here(sh, 'g');
}

static const struct session_events events = {
	.data = on_data,
	.state = on_state,
	.gap = on_gap,
};

static void
open_shell(struct world *w, struct shell *sh, const struct session_open *like)
{
	struct session_open open = *like;

	open.sandbox_id = "ia";
	open.cols = open.cols ? open.cols : 80;
	open.rows = open.rows ? open.rows : 24;
	sh->w = w;
	buf_init(&sh->out, 1 << 20);
	sh->session = session_open(w->fleet, &open, &events, sh);
}

static void
close_shell(struct shell *sh)
{
	session_free(sh->session);
	buf_clear(&sh->out);
}

#define UNTIL_STATE(sh, wanted)                                                          \
	UNTIL((sh)->w->loop, session_state((sh)->session) == (wanted))

/* A live shell of ours with pid 7: requests 0 and 1 of the log are its own. */
static void
live_shell(struct world *w, struct shell *sh, int lifecycle)
{
	size_t from = server_count(w->server);

	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, lifecycle);
	open_shell(w, sh, &(struct session_open){ .new_tag = "tag-1" });
	world_wait(w, from + 2);
	world_begin_stream(w, from + 1, NULL);
	world_send_started(w, from + 1, 7);
	UNTIL_STATE(sh, SESSION_LIVE);
	assert_string_equal(world_line(w, from), GET_A);
	assert_string_equal(world_line(w, from + 1), START);
}

/* The answer to the next Connect, and its log from `from` on. */
static void
rejoin(struct world *w, struct shell *sh, size_t from)
{
	world_wait(w, from + 3);
	assert_string_equal(world_line(w, from), GET_A);
	assert_string_equal(world_line(w, from + 1), LIST);
	assert_string_equal(world_line(w, from + 2), CONNECT);
	world_begin_stream(w, from + 2, NULL);
	world_send_started(w, from + 2, 7);
	UNTIL_STATE(sh, SESSION_LIVE);
}

static void
assert_input(struct world *w, size_t index, const char *text)
{
	struct process_call call = { 0 };
	struct error err;

	assert_string_equal(world_line(w, index), INPUT);
	assert_true(process_call_decode(world_body(w, index),
	    server_request(w->server, index)->body.len, &call, &err));
	assert_int_equal(call.process.pid, 7);
	assert_int_equal(call.bytes_len, strlen(text));
	assert_memory_equal(call.bytes, text, strlen(text));
	process_call_clear(&call);
}

static void
assert_size(struct world *w, size_t index, uint32_t cols, uint32_t rows)
{
	struct process_call call = { 0 };
	struct error err;

	assert_string_equal(world_line(w, index), UPDATE);
	assert_true(process_call_decode(world_body(w, index),
	    server_request(w->server, index)->body.len, &call, &err));
	assert_int_equal(call.cols, cols);
	assert_int_equal(call.rows, rows);
	process_call_clear(&call);
}

static void
answer_unary(struct world *w, const char *path)
{
	server_reply(w->server, path, 200, UNARY_OK, "{}");
}

/* ---- a shell's life */

static void
starts_types_resizes_and_ends(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };
	const char *body;

	live_shell(w, &sh, KILLS);
	body = world_body(w, 1) + ENVELOPE_HEADER;
	assert_non_null(strstr(body, "\"cmd\":\"/bin/bash\""));
	assert_non_null(strstr(body, "\"-i\",\"-l\""));
	assert_non_null(strstr(body, "\"TERM\":\"xterm-256color\""));
	assert_non_null(strstr(body, "\"tag\":\"tag-1\""));
	assert_string_equal(server_header(w->server, 1, "X-Access-Token"), "tok-ia");
	assert_string_equal(server_header(w->server, 1, "Connect-Timeout-Ms"), "");
	assert_int_equal(session_pid(sh.session), 7);
	assert_string_equal(session_tag(sh.session), "tag-1");
	assert_string_equal(session_sandbox(sh.session), "ia");
	assert_int_equal(model_find(w->model, "ia")->shells, 1);

	world_send_output(w, 1, "$ ");
	UNTIL(w->loop, sh.out.len == 2);
	assert_true(session_send(sh.session, "ls\r", 3));
	world_wait(w, 3);
	assert_input(w, 2, "ls\r");
	assert_int_equal(session_unsent(sh.session), 3);
	world_reply_rpc(w, 2, "{}");
	UNTIL(w->loop, session_unsent(sh.session) == 0);

	answer_unary(w, UPDATE);
	session_resize(sh.session, 80, 24); /* it has that already */
	session_resize(sh.session, 100, 30);
	session_resize(sh.session, 132, 50);
	world_wait(w, 4);
	assert_size(w, 3, 132, 50);

	world_send_exit(w, 1, 3 << 8);
	UNTIL_STATE(&sh, SESSION_EXITED);
	assert_string_equal(session_exit_text(sh.session), "exit status 3");
	assert_int_equal(session_exit_code(sh.session), 3);
	assert_false(session_send(sh.session, "x", 1));
	world_settle(w);
	assert_int_equal(sh.states, 2); /* LIVE, EXITED */
	assert_int_equal(sh.gaps, 0);
	EXPECT_NO_MORE(w, 4);
	close_shell(&sh);
	assert_int_equal(model_find(w->model, "ia")->shells, 0);
}

static void
ends_by_a_signal(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	server_reply(w->server, "POST /process.Process/SendSignal", 500, UNARY_OK,
	    "{\"code\":\"internal\",\"message\":\"no\"}");
	session_signal(sh.session, 9);
	UNTIL(w->loop, world_has_message(w, "was not signalled"));
	world_send_exit(w, 1, 9);
	UNTIL_STATE(&sh, SESSION_EXITED);
	assert_string_equal(session_exit_text(sh.session), "signal: killed");
	assert_int_equal(session_exit_code(sh.session), -1);
	close_shell(&sh);
}

static void
law_6_freeing_it_ends_no_process(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	close_shell(&sh);
	UNTIL(w->loop, server_request(w->server, 1)->gone);
	EXPECT_NO_MORE(w, 2); /* no signal, no input: the stream was closed */
}

/* ---- opening */

static void
a_start_that_is_refused_fails(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	server_reply(w->server, START, 400, UNARY_OK,
	    "{\"code\":\"invalid_argument\",\"message\":\"no such user\"}");
	open_shell(w, &sh, &(struct session_open){ .user = "nobody-here" });
	UNTIL_STATE(&sh, SESSION_FAILED);
	assert_non_null(strstr(session_error(sh.session)->text, "no such user"));
	EXPECT_LOG(w, 0, GET_A, START);
	close_shell(&sh);
}

static void
a_control_plane_that_is_away_fails_what_never_ran(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	server_reply(w->server, GET_A, 500, NULL, "");
	open_shell(w, &sh, &(struct session_open){ 0 });
	UNTIL_STATE(&sh, SESSION_FAILED);
	EXPECT_LOG(w, 0, GET_A);
	close_shell(&sh);
}

static void
opening_one_that_is_gone(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	server_reply(w->server, GET_A, 404, NULL, "{}");
	open_shell(w, &sh, &(struct session_open){ 0 });
	UNTIL_STATE(&sh, SESSION_GONE);
	assert_int_equal(model_find(w->model, "ia")->state, SANDBOX_GONE);
	EXPECT_LOG(w, 0, GET_A);
	close_shell(&sh);
}

/* ---- law 1 */

static void
law_1_opening_a_paused_one_wakes_nobody(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "paused", NOW_MS - 1000, KILLS | AUTO_RESUMES);
	open_shell(w, &sh, &(struct session_open){ 0 });
	UNTIL_STATE(&sh, SESSION_PAUSED);
	assert_false(session_send(sh.session, "x", 1));
	session_resize(sh.session, 100, 30);
	session_redraw(sh.session);
	session_signal(sh.session, 15);
	EXPECT_LOG(w, 0, GET_A);
	world_answer_get(w, "ia", "paused", NOW_MS - 1000, KILLS | AUTO_RESUMES);
	session_retry(sh.session); /* asks the control plane, and nobody else */
	EXPECT_LOG(w, 1, GET_A);
	assert_int_equal(session_state(sh.session), SESSION_PAUSED);
	close_shell(&sh);
}

static void
law_1_a_cut_by_somebody_elses_pause_wakes_nobody(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS | AUTO_RESUMES);
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS | AUTO_RESUMES);
	server_cut(w->server, 1);
	UNTIL_STATE(&sh, SESSION_PAUSED);
	EXPECT_LOG(w, 2, GET_A);
	assert_int_equal(model_find(w->model, "ia")->state, SANDBOX_PAUSED);
	close_shell(&sh);
}

static void
law_1_not_a_word_after_a_list_has_said_paused(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS | AUTO_RESUMES);
	world_answer_list(w, "ia:paused");
	sync_now(w->fleet, true); /* before the cut is noticed */
	UNTIL_STATE(&sh, SESSION_PAUSED);
	sync_stop(w->fleet);
	assert_false(session_send(sh.session, "x", 1));
	UNTIL(w->loop, server_request(w->server, 1)->gone);
	assert_int_equal(server_count(w->server), 3);
	close_shell(&sh);
}

static void
law_1_our_streams_are_closed_before_our_pause(void **state)
{
	struct world *w = *state;
	struct shell a = { 0 }, b = { 0 };

	live_shell(w, &a, KILLS);
	live_shell(w, &b, KILLS);
	fleet_pause(w->fleet, "ia", NULL, NULL);
	assert_int_equal(session_state(a.session), SESSION_PAUSED);
	assert_int_equal(session_state(b.session), SESSION_PAUSED);
	world_wait(w, 5);
	assert_string_equal(world_line(w, 4), PAUSE_A);
	for (size_t stream = 1; stream < 4; stream += 2) {
		assert_true(server_request(w->server, stream)->gone);
		assert_true(server_request(w->server, stream)->gone_at <= 4);
	}
	/* who asks meanwhile is told to wait, whatever the answer says */
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	session_retry(a.session);
	EXPECT_LOG(w, 5, GET_A);
	assert_int_equal(session_state(a.session), SESSION_PAUSED);
	world_reply_to(w, 4, 204, "");
	UNTIL(w->loop, model_find(w->model, "ia")->state == SANDBOX_PAUSED);
	EXPECT_NO_MORE(w, 6);
	assert_int_equal(session_state(b.session), SESSION_PAUSED);
	close_shell(&a);
	close_shell(&b);
}

static void
law_1_streams_come_back_when_our_pause_fails(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	server_reply(w->server, PAUSE_A, 400, NULL, "{}");
	for (int i = 0; i < 2; i++) /* the row is read again, too */
		world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	fleet_pause(w->fleet, "ia", NULL, NULL);
	world_wait(w, 7);
	assert_string_equal(world_line(w, 2), PAUSE_A);
	assert_string_equal(world_line(w, 3), GET_A);
	assert_string_equal(world_line(w, 4), GET_A);
	assert_string_equal(world_line(w, 5), LIST);
	assert_string_equal(world_line(w, 6), CONNECT);
	world_begin_stream(w, 6, NULL);
	world_send_started(w, 6, 7);
	UNTIL_STATE(&sh, SESSION_LIVE);
	close_shell(&sh);
}

static void
law_1_past_its_end_the_control_plane_is_asked_before_a_key(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_set_time(NOW_MS + HOUR_MS + 1);
	session_resize(sh.session, 100, 30); /* not a word of this either */
	assert_true(session_send(sh.session, "l", 1));
	assert_true(session_send(sh.session, "s", 1));
	EXPECT_LOG(w, 2, GET_A);
	assert_int_equal(session_unsent(sh.session), 2); /* not lost */
	char *news = world_object("ia", "running", NOW_MS + 2 * HOUR_MS, KILLS);
	world_reply_to(w, 2, 200, news);
	world_wait(w, 4);
	assert_input(w, 3, "ls");
	free(news);
	close_shell(&sh);
}

static void
law_1_past_its_end_a_key_does_not_wake_the_paused(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_set_time(NOW_MS + HOUR_MS + 1);
	world_answer_get(w, "ia", "paused", NOW_MS + HOUR_MS, KILLS);
	assert_true(session_send(sh.session, "ls\r", 3));
	UNTIL_STATE(&sh, SESSION_PAUSED);
	assert_true(world_has_message(w, "what was typed last was not sent"));
	assert_int_equal(session_unsent(sh.session), 0);
	EXPECT_LOG(w, 2, GET_A);
	close_shell(&sh);
}

/* ---- an automatic pause */

static void
law_1_a_stream_is_closed_before_an_automatic_pause(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, PAUSES);
	world_settle(w);
	assert_int_equal(server_count(w->server), 2);
	/* six seconds before, the end is read again, once */
	world_set_time(NOW_MS + HOUR_MS - 6000);
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, PAUSES);
	EXPECT_LOG(w, 2, GET_A);
	assert_int_equal(session_state(sh.session), SESSION_LIVE);
	/* three seconds before, the stream goes */
	world_set_time(NOW_MS + HOUR_MS - 3000);
	UNTIL_STATE(&sh, SESSION_RECONNECTING);
	UNTIL(w->loop, server_request(w->server, 1)->gone);
	assert_int_equal(session_retry_at_ms(sh.session), NOW_MS + HOUR_MS + 1000);
	world_settle(w);
	/* who asks again is told the same */
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, PAUSES);
	session_retry(sh.session);
	EXPECT_LOG(w, 3, GET_A);
	assert_int_equal(session_state(sh.session), SESSION_RECONNECTING);
	/* after the end the control plane says what became of it */
	world_answer_get(w, "ia", "paused", NOW_MS + HOUR_MS, PAUSES);
	world_set_time(NOW_MS + HOUR_MS + 1000);
	UNTIL_STATE(&sh, SESSION_PAUSED);
	EXPECT_LOG(w, 4, GET_A);
	close_shell(&sh);
}

static void
it_stays_open_when_the_end_was_moved(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, PAUSES);
	world_set_time(NOW_MS + HOUR_MS - 6000);
	world_answer_get(w, "ia", "running", NOW_MS + 2 * HOUR_MS, PAUSES);
	EXPECT_LOG(w, 2, GET_A);
	world_set_time(NOW_MS + HOUR_MS + 5000);
	world_settle(w);
	assert_int_equal(session_state(sh.session), SESSION_LIVE);
	assert_true(session_send(sh.session, "x", 1)); /* nothing to ask for */
	EXPECT_LOG(w, 3, INPUT);
	close_shell(&sh);
}

static void
a_check_without_an_answer_does_no_harm(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, PAUSES);
	world_set_time(NOW_MS + HOUR_MS - 6000);
	server_reply(w->server, GET_A, 500, NULL, "");
	EXPECT_LOG(w, 2, GET_A);
	assert_int_equal(session_state(sh.session), SESSION_LIVE);
	world_set_time(NOW_MS + HOUR_MS - 3000); /* but it is closed all the same */
	UNTIL_STATE(&sh, SESSION_RECONNECTING);
	EXPECT_NO_MORE(w, 3);
	close_shell(&sh);
}

static void
what_was_typed_past_the_end_is_asked_for_until_it_may_go(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_set_time(NOW_MS + HOUR_MS + 1);
	server_reply(w->server, GET_A, 500, NULL, "");
	world_answer_get(w, "ia", "running", NOW_MS + 2 * HOUR_MS, KILLS);
	assert_true(session_send(sh.session, "ls", 2));
	world_wait(w, 5);
	assert_string_equal(world_line(w, 3), GET_A);
	assert_input(w, 4, "ls");
	close_shell(&sh);
}

static void
it_comes_back_when_the_sandbox_runs_on(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, PAUSES);
	world_set_time(NOW_MS + HOUR_MS - 2000); /* too late for a second look */
	UNTIL_STATE(&sh, SESSION_RECONNECTING);
	world_answer_get(w, "ia", "running", NOW_MS + 2 * HOUR_MS, PAUSES);
	world_answer_processes(w, "7:tag-1");
	world_set_time(NOW_MS + HOUR_MS + 1000);
	rejoin(w, &sh, 2);
	close_shell(&sh);
}

static void
it_comes_back_as_soon_as_it_is_given_more_time(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, PAUSES);
	world_set_time(NOW_MS + HOUR_MS - 2000);
	UNTIL_STATE(&sh, SESSION_RECONNECTING);
	for (int i = 0; i < 2; i++) /* a read of the row, and the session's own */
		world_answer_get(w, "ia", "running", NOW_MS + 2 * HOUR_MS, PAUSES);
	world_answer_processes(w, "7:tag-1");
	fleet_read(w->fleet, "ia", NULL);
	world_wait(w, 3);
	rejoin(w, &sh, 3);
	close_shell(&sh);
}

static void
where_the_end_means_a_kill_it_stays_to_the_end(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_set_time(NOW_MS + HOUR_MS - 1);
	world_settle(w);
	assert_int_equal(session_state(sh.session), SESSION_LIVE);
	server_reply(w->server, GET_A, 404, NULL, "{}");
	server_cut(w->server, 1);
	UNTIL_STATE(&sh, SESSION_GONE);
	EXPECT_LOG(w, 2, GET_A);
	close_shell(&sh);
}

/* ---- cuts */

static void
a_cut_is_joined_again_and_the_gap_has_its_times(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_set_time(NOW_MS + 1000);
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	server_cut(w->server, 1);
	world_wait(w, 4);
	UNTIL_STATE(&sh, SESSION_RECONNECTING);
	assert_true(session_error(sh.session)->text[0] != '\0');
	world_set_time(NOW_MS + 9000);
	world_reply_rpc(w, 3,
	    "{\"processes\":[{\"pid\":3,\"config\":{}},{\"pid\":7,\"tag\":\"tag-1\","
	    "\"config\":{\"cmd\":\"/bin/bash\"}}]}");
	rejoin(w, &sh, 2);
	assert_int_equal(sh.gaps, 1);
	assert_int_equal(sh.gap_from_ms, NOW_MS + 1000);
	assert_int_equal(sh.gap_to_ms, NOW_MS + 9000);
	assert_string_equal(server_header(w->server, 4, "Sandtop-Replay-From"), "");
	/* what it missed is made to be drawn anew: one column away and back */
	for (int i = 0; i < 2; i++)
		answer_unary(w, UPDATE);
	world_wait(w, 7);
	assert_size(w, 5, 79, 24);
	assert_size(w, 6, 80, 24);
	world_send_output(w, 4, "again");
	UNTIL(w->loop, sh.out.len == 5);
	close_shell(&sh);
}

static void
the_size_of_meanwhile_is_told(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	server_cut(w->server, 1);
	UNTIL_STATE(&sh, SESSION_RECONNECTING);
	session_resize(sh.session, 100, 30);
	rejoin(w, &sh, 2);
	answer_unary(w, UPDATE);
	world_wait(w, 6);
	assert_size(w, 5, 100, 30);
	close_shell(&sh);
}

/* A key is typed, then somebody pauses the sandbox: is its fate told as unknown? */
static bool
doubts_key(struct world *w, bool acknowledged)
{
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	assert_true(session_send(sh.session, "l", 1));
	world_wait(w, 3);
	if (acknowledged)
		world_reply_rpc(w, 2, "{}");
	UNTIL(w->loop, !acknowledged || session_unsent(sh.session) == 0);
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	server_cut(w->server, 1);
	UNTIL_STATE(&sh, SESSION_PAUSED);
	close_shell(&sh);
	return world_has_message(w, "what was typed last may not have arrived");
}

static void
a_key_of_unknown_fate_is_said(void **state)
{
	assert_true(doubts_key(*state, false));
}

static void
a_key_that_arrived_is_not_doubted(void **state)
{
	assert_false(doubts_key(*state, true));
}

static void
a_late_unavailable_is_a_cut(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	world_send_end(w, 1, "unavailable", "the connection ended before the stream");
	rejoin(w, &sh, 2);
	close_shell(&sh);
}

static void
a_pid_that_is_another_process_now_is_not_joined(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:somebody-else");
	server_cut(w->server, 1);
	UNTIL_STATE(&sh, SESSION_EXITED);
	assert_int_equal(session_exit_code(sh.session), 255);
	assert_string_equal(session_exit_text(sh.session), "ended while nobody looked");
	EXPECT_LOG(w, 2, GET_A, LIST);
	close_shell(&sh);
}

static void
what_ended_meanwhile_tells_how_or_that_nobody_saw(void **state)
{
	(void)state;
	for (int kept = 0; kept < 2; kept++) {
		struct world *w = world_new(&(struct world_options){ 0 });
		struct shell sh = { 0 };

		live_shell(w, &sh, KILLS);
		world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
		world_answer_processes(w, "");
		if (!kept)
			server_reply(w->server, CONNECT, 404, UNARY_OK,
			    "{\"code\":\"not_found\",\"message\":\"no process\"}");
		server_cut(w->server, 1);
		world_wait(w, 5);
		if (kept) { /* its end is kept for half a minute */
			world_begin_stream(w, 4, NULL);
			world_send_started(w, 4, 7);
			world_send_exit(w, 4, 0);
		}
		UNTIL_STATE(&sh, SESSION_EXITED);
		assert_int_equal(session_exit_code(sh.session), kept ? 0 : 255);
		EXPECT_LOG(w, 2, GET_A, LIST, CONNECT);
		close_shell(&sh);
		world_free(w);
	}
}

/* Also law 7: whatever goes wrong, it is tried again, ever more rarely. */
static void
law_7_failures_are_tried_again_with_growing_patience(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	server_reply(w->server, GET_A, 500, NULL, "");
	server_reply(w->server, GET_A, 200, NULL, "<html>");
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	server_reply(w->server, LIST, 400, NULL, "garbage");
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	server_reply(w->server, CONNECT, 200, NULL, "<html>");
	world_answer_get(w, "ia", "hibernating", NOW_MS + HOUR_MS, KILLS);
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	server_cut(w->server, 1);
	world_wait(w, 12);
	EXPECT_LOG(w, 2, GET_A, GET_A, GET_A, LIST, GET_A, LIST, CONNECT, GET_A, GET_A,
	    LIST, CONNECT);
	assert_int_equal(sh.session->failures, 6);
	world_begin_stream(w, 12, NULL);
	world_send_started(w, 12, 7);
	UNTIL_STATE(&sh, SESSION_LIVE);
	close_shell(&sh);
}

static void
waits_between_tries(void **state)
{
	static const int64_t steps_ms[] = { 0, 500, 1000, 2000, 4000, 8000, 30000,
		30000 };
	struct world *w = world_new(&(struct world_options){ .second_ms = 1000 });
	struct shell sh = { 0 };

	(void)state;
	live_shell(w, &sh, KILLS);
	for (size_t i = 0; i < ARRAY_LEN(steps_ms); i++) {
		int64_t step = steps_ms[i];
		session_cut(sh.session, &(struct error){ .code = ERROR_OFFLINE });
		int64_t at_ms = session_retry_at_ms(sh.session);
		assert_in_range(
		    at_ms, step ? NOW_MS + step : 0, step ? NOW_MS + step + step / 4 : 0);
	}
	/* a person does not wait; a key that was refused waits for the person */
	session_retry(sh.session);
	assert_int_equal(session_retry_at_ms(sh.session), 0);
	session_cut(
	    sh.session, &(struct error){ .code = ERROR_DENIED, .http_status = 401 });
	assert_int_equal(session_retry_at_ms(sh.session), 0);
	assert_int_equal(session_state(sh.session), SESSION_RECONNECTING);
	close_shell(&sh);
	world_free(w);
}

/* Only what stood for a while begins anew with its patience. */
static void
a_steady_stream_that_is_cut_is_looked_into_at_once(void **state)
{
	struct world *w = world_new(&(struct world_options){ .second_ms = 1000 });
	struct shell sh = { 0 };

	(void)state;
	live_shell(w, &sh, KILLS);
	sh.session->failures = 6;
	sh.session->live_ms -= 10000;
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	server_reply(w->server, CONNECT, 500, NULL, "");
	server_cut(w->server, 1);
	EXPECT_LOG(w, 2, GET_A, LIST, CONNECT);
	assert_true(session_retry_at_ms(sh.session) >= NOW_MS + 500);
	close_shell(&sh);
	world_free(w);
}

static void
a_server_that_asks_for_quiet_gets_it(void **state)
{
	struct world *w = world_new(&(struct world_options){ .second_ms = 1000 });
	struct shell sh = { 0 };

	(void)state;
	live_shell(w, &sh, KILLS);
	server_reply(w->server, GET_A, 429, "Retry-After: 60\r\n", "{}");
	server_cut(w->server, 1);
	UNTIL(w->loop, session_retry_at_ms(sh.session) != 0);
	assert_in_range(session_retry_at_ms(sh.session), NOW_MS + 55000, NOW_MS + 60000);
	EXPECT_LOG(w, 2, GET_A);
	close_shell(&sh);
	world_free(w);
}

/* A server that cuts what it has just accepted is not stormed. */
static void
a_cut_right_after_the_start_counts_as_a_failure(void **state)
{
	struct world *w = world_new(&(struct world_options){ .second_ms = 1000 });
	struct shell sh = { 0 };

	(void)state;
	live_shell(w, &sh, KILLS);
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	server_cut(w->server, 1);
	rejoin(w, &sh, 2);
	server_cut(w->server, 4);
	UNTIL_STATE(&sh, SESSION_RECONNECTING);
	assert_true(session_retry_at_ms(sh.session) >= NOW_MS + 500);
	EXPECT_NO_MORE(w, 5);
	close_shell(&sh);
	world_free(w);
}

static void
when_the_control_plane_is_back_it_is_tried_at_once(void **state)
{
	struct world *w = world_new(&(struct world_options){ .second_ms = 1000 });
	struct shell sh = { 0 };
	size_t from;

	(void)state;
	live_shell(w, &sh, KILLS);
	sh.session->failures = 6; /* half a minute */
	server_cut(w->server, 1);
	UNTIL_STATE(&sh, SESSION_RECONNECTING);
	w->model->state = COLLECTION_FAILED;
	from = server_count(w->server);
	world_answer_list(w, "ia");
	sync_now(w->fleet, true);
	world_wait(w, from + 2);
	assert_string_equal(world_line(w, from + 1), GET_A);
	close_shell(&sh);
	world_free(w);
}

/* ---- a start that nobody knows about */

static void
a_lost_start_is_looked_for_and_joined(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	open_shell(w, &sh, &(struct session_open){ .new_tag = "tag-1" });
	world_wait(w, 2);
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "3:other 7:tag-1");
	server_cut(w->server, 1); /* was it heard? */
	rejoin(w, &sh, 2);
	assert_int_equal(session_pid(sh.session), 7);
	assert_int_equal(sh.gaps, 0); /* it is new to the person */
	close_shell(&sh);
}

static void
a_lost_start_is_sent_again_when_two_looks_find_nothing(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	open_shell(w, &sh, &(struct session_open){ .new_tag = "tag-1" });
	world_wait(w, 2);
	for (int i = 0; i < 2; i++) {
		world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
		world_answer_processes(w, "3:other");
	}
	server_cut(w->server, 1);
	world_wait(w, 7);
	EXPECT_LOG(w, 0, GET_A, START, GET_A, LIST, GET_A, LIST, START);
	assert_string_equal(world_body(w, 1) + ENVELOPE_HEADER,
	    world_body(w, 6) + ENVELOPE_HEADER); /* the tag, too */
	world_begin_stream(w, 6, NULL);
	world_send_started(w, 6, 9);
	UNTIL_STATE(&sh, SESSION_LIVE);
	close_shell(&sh);
}

static void
a_lost_start_of_one_that_sleeps_now_is_not_sent_again(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	open_shell(w, &sh, &(struct session_open){ .new_tag = "tag-1" });
	world_wait(w, 2);
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	server_cut(w->server, 1);
	UNTIL_STATE(&sh, SESSION_PAUSED);
	/* awake again, it is looked for before anything is started */
	server_reply(w->server, RESUME_A, 201, NULL, CREATED);
	for (int i = 0; i < 2; i++)
		world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	session_wake(sh.session);
	world_wait(w, 8);
	EXPECT_LOG(w, 2, GET_A, RESUME_A, GET_A, GET_A, LIST, CONNECT);
	close_shell(&sh);
}

/* ---- joining what runs */

static void
joins_by_pid_and_shows_what_the_server_kept(void **state)
{
	struct world *w = world_new(&(struct world_options){ .local_host = true });
	struct shell sh = { 0 };

	(void)state;
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	open_shell(w, &sh, &(struct session_open){ .pid = 7, .tag = "tag-1" });
	world_wait(w, 3);
	assert_string_equal(server_header(w->server, 2, "Sandtop-Replay-From"), "0");
	world_begin_stream(w, 2, "Sandtop-Replay-At: 5000\r\n");
	world_send_started(w, 2, 7);
	world_send_output(w, 2, "old");
	UNTIL(w->loop, sh.out.len == 3);
	assert_int_equal(sh.gaps, 0);
	assert_int_equal(sh.session->offset, 5003);
	EXPECT_LOG(w, 0, GET_A, LIST, CONNECT, UPDATE); /* drawn anew */
	close_shell(&sh);
	world_free(w);
}

static void
joins_any_tag_and_then_keeps_to_it(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:whatever");
	open_shell(w, &sh, &(struct session_open){ .pid = 7 });
	world_wait(w, 3);
	world_begin_stream(w, 2, NULL);
	world_send_started(w, 2, 7);
	UNTIL_STATE(&sh, SESSION_LIVE);
	assert_string_equal(session_tag(sh.session), "whatever");
	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7");
	server_cut(w->server, 2);
	UNTIL_STATE(&sh, SESSION_EXITED);
	close_shell(&sh);
}

static void
a_wrong_tag_is_not_joined(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:other");
	open_shell(w, &sh, &(struct session_open){ .pid = 7, .tag = "tag-1" });
	UNTIL_STATE(&sh, SESSION_FAILED);
	assert_non_null(strstr(session_error(sh.session)->text, "pid 7"));
	EXPECT_LOG(w, 0, GET_A, LIST);
	close_shell(&sh);
}

/* ---- replay */

struct replay_case {
	const char *header; /* of the second stream */
	const char *sent;   /* on it */
	const char *shown;  /* in all */
	int gaps;
	int64_t offset;
};

static void
law_6_a_replay_leaves_no_gap_unless_something_is_lost(void **state)
{
	static const struct replay_case cases[] = {
		{ "Sandtop-Replay-At: 5\r\n", "67", "1234567", 0, 7 },
		{ "Sandtop-Replay-At: 3\r\n", "4567", "1234567", 0, 7 }, /* too much */
		{ "Sandtop-Replay-At: 9\r\n", "x", "12345x", 1, 10 },
		{ NULL, "x", "12345x", 1, -1 }, /* a server that cannot */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w =
		    world_new(&(struct world_options){ .local_host = true });
		struct shell sh = { 0 };
		size_t wanted = strlen(cases[i].shown);

		live_shell(w, &sh, KILLS);
		world_send_output(w, 1, "12345");
		UNTIL(w->loop, sh.out.len == 5);
		world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
		world_answer_processes(w, "7:tag-1");
		world_set_time(NOW_MS + 2000);
		server_cut(w->server, 1);
		world_wait(w, 5);
		assert_string_equal(
		    server_header(w->server, 4, "Sandtop-Replay-From"), "5");
		world_begin_stream(w, 4, cases[i].header);
		world_send_started(w, 4, 7);
		world_send_output(w, 4, cases[i].sent);
		UNTIL(w->loop, sh.out.len == wanted);
		assert_memory_equal(sh.out.data, cases[i].shown, wanted);
		assert_int_equal(sh.gaps, cases[i].gaps);
		if (sh.gaps)
			assert_int_equal(sh.gap_from_ms, NOW_MS + 2000);
		assert_int_equal(sh.session->offset, cases[i].offset);
		close_shell(&sh);
		world_free(w);
	}
}

/* ---- waking */

static void
wakes_when_told_to_then_starts(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "paused", NOW_MS - 1000, KILLS);
	server_reply(w->server, RESUME_A, 201, NULL, CREATED);
	for (int i = 0; i < 2; i++)
		world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	open_shell(w, &sh, &(struct session_open){ .wake = true });
	world_wait(w, 5);
	EXPECT_LOG(w, 0, GET_A, RESUME_A, GET_A, GET_A, START);
	assert_string_equal(world_body(w, 1), "{\"timeout\":900}");
	assert_int_equal(session_state(sh.session), SESSION_OPENING);
	world_begin_stream(w, 4, NULL);
	world_send_started(w, 4, 7);
	UNTIL_STATE(&sh, SESSION_LIVE);
	close_shell(&sh);
}

static void
two_that_wait_wake_it_once(void **state)
{
	struct world *w = *state;
	struct shell a = { 0 }, b = { 0 };

	for (int i = 0; i < 2; i++)
		world_answer_get(w, "ia", "paused", NOW_MS - 1000, KILLS);
	open_shell(w, &a, &(struct session_open){ 0 });
	open_shell(w, &b, &(struct session_open){ 0 });
	UNTIL_STATE(&a, SESSION_PAUSED);
	UNTIL_STATE(&b, SESSION_PAUSED);
	session_wake(a.session);
	session_wake(b.session);
	session_retry(a.session); /* nothing to ask for: it is on its way */
	EXPECT_LOG(w, 2, RESUME_A);
	world_reply_to(w, 2, 201, CREATED);
	EXPECT_LOG(w, 3, GET_A, GET_A, GET_A); /* the row's, and one each */
	close_shell(&a);
	close_shell(&b);
}

static void
a_wake_that_fails_is_told(void **state)
{
	struct world *w = *state;
	struct shell fresh = { 0 }, old = { 0 };

	live_shell(w, &old, KILLS);
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	server_cut(w->server, 1);
	UNTIL_STATE(&old, SESSION_PAUSED);
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	server_reply(w->server, RESUME_A, 429, NULL,
	    "{\"code\":429,\"message\":\"20 concurrent sandboxes\"}");
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	open_shell(w, &fresh, &(struct session_open){ .wake = true });
	world_wait(w, 4);
	session_wake(old.session);
	UNTIL_STATE(&fresh, SESSION_FAILED);
	assert_non_null(
	    strstr(session_error(fresh.session)->text, "20 concurrent sandboxes"));
	/* what ran is not forgotten */
	assert_int_equal(session_state(old.session), SESSION_PAUSED);
	assert_int_equal(session_pid(old.session), 7);
	assert_non_null(strstr(session_error(old.session)->text, "20 concurrent"));
	EXPECT_LOG(w, 2, GET_A, GET_A, RESUME_A, GET_A);
	close_shell(&fresh);
	close_shell(&old);
}

static void
a_wake_while_offline_is_refused(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	open_shell(w, &sh, &(struct session_open){ 0 });
	UNTIL_STATE(&sh, SESSION_PAUSED);
	w->model->state = COLLECTION_FAILED;
	session_wake(sh.session);
	UNTIL_STATE(&sh, SESSION_FAILED);
	EXPECT_LOG(w, 0, GET_A);
	close_shell(&sh);
}

static void
one_that_is_resumed_elsewhere_is_joined_again(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	server_cut(w->server, 1);
	UNTIL_STATE(&sh, SESSION_PAUSED);
	for (int i = 0; i < 2; i++)
		world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	world_answer_processes(w, "7:tag-1");
	fleet_read(w->fleet, "ia", NULL); /* as any look at the row */
	world_wait(w, 4);
	rejoin(w, &sh, 4);
	close_shell(&sh);
}

/* ---- input */

static void
input_that_cannot_be_taken_is_refused(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };
	char *much = xcalloc(1, 64 * 1024);

	world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
	open_shell(w, &sh, &(struct session_open){ 0 });
	assert_false(session_send(sh.session, "early", 5));
	world_wait(w, 2);
	world_begin_stream(w, 1, NULL);
	world_send_started(w, 1, 7);
	UNTIL_STATE(&sh, SESSION_LIVE);
	world_set_time(NOW_MS + HOUR_MS); /* has to be asked for */
	assert_true(session_send(sh.session, much, 60000));
	assert_false(session_send(sh.session, much, 60000));
	assert_int_equal(session_unsent(sh.session), 60000);
	free(much);
	close_shell(&sh);
}

/* A program may ask the terminal without end and never read what it answers. */
static void
input_that_nobody_reads_does_not_pile_up(void **state)
{
	enum { PIECE = 64 * 1024, PIECES = 64 };
	struct world *w = *state;
	struct shell sh = { 0 };
	char *piece = xcalloc(1, PIECE);
	int taken = 0;

	live_shell(w, &sh, KILLS);
	while (taken < PIECES && session_send(sh.session, piece, PIECE))
		taken++;
	assert_in_range(taken, 16, PIECES / 2);
	assert_int_equal(session_unsent(sh.session), (size_t)taken * PIECE);
	free(piece);
	close_shell(&sh);
}

static void
a_process_that_takes_no_input_is_said(void **state)
{
	struct world *w = *state;
	struct shell sh = { 0 };

	live_shell(w, &sh, KILLS);
	server_reply(w->server, INPUT, 404, UNARY_OK,
	    "{\"code\":\"not_found\",\"message\":\"no stdin\"}");
	assert_true(session_send(sh.session, "x", 1));
	UNTIL(w->loop, world_has_message(w, "no stdin"));
	assert_int_equal(session_state(sh.session), SESSION_LIVE);
	close_shell(&sh);
}

/* ---- owners that free it wherever they are */

static void
may_be_freed_inside_any_event(void **state)
{
	static const char whens[] = "dsg";

	(void)state;
	for (size_t i = 0; whens[i]; i++) {
		struct world *w = world_new(&(struct world_options){ 0 });
		struct shell sh = { 0 }, other = { 0 };

		live_shell(w, &other, KILLS);
		live_shell(w, &sh, KILLS);
		sh.free_in = whens[i];
		if (whens[i] == 'd') {
			world_send_output(w, 3, "x");
		} else if (whens[i] == 's') {
			world_send_exit(w, 3, 0);
		} else {
			world_answer_get(w, "ia", "running", NOW_MS + HOUR_MS, KILLS);
			world_answer_processes(w, "7:tag-1");
			server_cut(w->server, 3);
			world_wait(w, 7);
			world_begin_stream(w, 6, NULL);
			world_send_started(w, 6, 7);
			world_send_output(w, 6, "never shown");
		}
		UNTIL(w->loop, !sh.session);
		world_settle(w);
		assert_int_equal(session_state(other.session), SESSION_LIVE);
		assert_int_equal(model_find(w->model, "ia")->shells, 1);
		close_shell(&sh);
		close_shell(&other);
		world_free(w);
	}
}

/* Every state that one piece of news brings to several, each freeing itself. */
static void
news_to_several_that_free_themselves(void **state)
{
	struct world *w = *state;
	struct shell shells[3] = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		live_shell(w, &shells[i], KILLS);
		shells[i].free_in = 's';
	}
	fleet_mark_gone(w->fleet, model_find(w->model, "ia"), "for a test");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		UNTIL(w->loop, !shells[i].session);
		close_shell(&shells[i]);
	}
	assert_null(w->fleet->sessions);
}

static void
is_freed_at_every_stage(void **state)
{
	static const struct {
		const char *sandbox;
		size_t requests; /* that are out, the last one unanswered */
	} stages[] = {
		{ "running", 0 }, { "running", 1 }, /* GET */
		{ "running", 2 },		    /* List */
		{ "running", 3 },		    /* Connect */
		{ "paused", 2 },		    /* resume */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
		struct world *w = world_new(&(struct world_options){ 0 });
		struct shell sh = { 0 };

		if (stages[i].requests > 1)
			world_answer_get(
			    w, "ia", stages[i].sandbox, NOW_MS + HOUR_MS, KILLS);
		if (stages[i].requests > 2)
			world_answer_processes(w, "7:tag-1");
		open_shell(w, &sh,
		    &(struct session_open){ .pid = 7, .tag = "tag-1", .wake = true });
		world_wait(w, stages[i].requests);
		close_shell(&sh);
		world_settle(w);
		assert_true(server_count(w->server) <= stages[i].requests);
		world_free(w);
	}
}

#define WORLD_TEST(test)                                                                 \
	cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(starts_types_resizes_and_ends),
		WORLD_TEST(ends_by_a_signal),
		WORLD_TEST(law_6_freeing_it_ends_no_process),
		WORLD_TEST(a_start_that_is_refused_fails),
		WORLD_TEST(a_control_plane_that_is_away_fails_what_never_ran),
		WORLD_TEST(opening_one_that_is_gone),
		WORLD_TEST(law_1_opening_a_paused_one_wakes_nobody),
		WORLD_TEST(law_1_a_cut_by_somebody_elses_pause_wakes_nobody),
		WORLD_TEST(law_1_not_a_word_after_a_list_has_said_paused),
		WORLD_TEST(law_1_our_streams_are_closed_before_our_pause),
		WORLD_TEST(law_1_streams_come_back_when_our_pause_fails),
		WORLD_TEST(law_1_past_its_end_the_control_plane_is_asked_before_a_key),
		WORLD_TEST(law_1_past_its_end_a_key_does_not_wake_the_paused),
		WORLD_TEST(law_1_a_stream_is_closed_before_an_automatic_pause),
		WORLD_TEST(it_stays_open_when_the_end_was_moved),
		WORLD_TEST(a_check_without_an_answer_does_no_harm),
		WORLD_TEST(what_was_typed_past_the_end_is_asked_for_until_it_may_go),
		WORLD_TEST(it_comes_back_when_the_sandbox_runs_on),
		WORLD_TEST(it_comes_back_as_soon_as_it_is_given_more_time),
		WORLD_TEST(where_the_end_means_a_kill_it_stays_to_the_end),
		WORLD_TEST(a_cut_is_joined_again_and_the_gap_has_its_times),
		WORLD_TEST(the_size_of_meanwhile_is_told),
		WORLD_TEST(a_key_of_unknown_fate_is_said),
		WORLD_TEST(a_key_that_arrived_is_not_doubted),
		WORLD_TEST(a_late_unavailable_is_a_cut),
		WORLD_TEST(a_pid_that_is_another_process_now_is_not_joined),
		cmocka_unit_test(what_ended_meanwhile_tells_how_or_that_nobody_saw),
		WORLD_TEST(law_7_failures_are_tried_again_with_growing_patience),
		cmocka_unit_test(waits_between_tries),
		cmocka_unit_test(a_steady_stream_that_is_cut_is_looked_into_at_once),
		cmocka_unit_test(a_server_that_asks_for_quiet_gets_it),
		cmocka_unit_test(a_cut_right_after_the_start_counts_as_a_failure),
		cmocka_unit_test(when_the_control_plane_is_back_it_is_tried_at_once),
		WORLD_TEST(a_lost_start_is_looked_for_and_joined),
		WORLD_TEST(a_lost_start_is_sent_again_when_two_looks_find_nothing),
		WORLD_TEST(a_lost_start_of_one_that_sleeps_now_is_not_sent_again),
		cmocka_unit_test(joins_by_pid_and_shows_what_the_server_kept),
		WORLD_TEST(joins_any_tag_and_then_keeps_to_it),
		WORLD_TEST(a_wrong_tag_is_not_joined),
		cmocka_unit_test(law_6_a_replay_leaves_no_gap_unless_something_is_lost),
		WORLD_TEST(wakes_when_told_to_then_starts),
		WORLD_TEST(two_that_wait_wake_it_once),
		WORLD_TEST(a_wake_that_fails_is_told),
		WORLD_TEST(a_wake_while_offline_is_refused),
		WORLD_TEST(one_that_is_resumed_elsewhere_is_joined_again),
		WORLD_TEST(input_that_cannot_be_taken_is_refused),
		WORLD_TEST(input_that_nobody_reads_does_not_pile_up),
		WORLD_TEST(a_process_that_takes_no_input_is_said),
		cmocka_unit_test(may_be_freed_inside_any_event),
		WORLD_TEST(news_to_several_that_free_themselves),
		cmocka_unit_test(is_freed_at_every_stage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
