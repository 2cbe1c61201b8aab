/* Sandboxes without HTTP: changes that meet each other, and ends nobody asked for. */
#include "host_fixture.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "host/output.h"
#include "host/sandbox.h"

/* What an operation reported. */
struct report {
	bool told;
	struct sandbox *sandbox;
	struct error err;
};

static void
on_done(void *ctx, struct sandbox *s, const struct error *err)
{
	struct report *report = ctx;

	assert_false(report->told);
	report->told = true;
	report->sandbox = s;
	if (err)
		report->err = *err;
}

static bool
is_told(void *ctx)
{
	return ((struct report *)ctx)->told;
}

static struct sandbox *
create(const struct rest_create *spec, int64_t timeout_s)
{
	struct report report = { 0 };

	sandbox_create(house.host->registry, spec,
	    catalogue_find_build(house.host->catalogue, "base"), timeout_s, on_done,
	    &report);
	turn_until(is_told, &report);
	if (!report.sandbox)
		fail_msg("%s", report.err.text);
	assert_int_equal(report.sandbox->state, SANDBOX_RUNNING);
	return report.sandbox;
}

static struct sandbox *
create_plain(void)
{
	const struct rest_create spec = { .timeout_s = 60 };

	return create(&spec, 60);
}

static void
kill_sandbox(struct sandbox *s)
{
	struct report report = { 0 };

	sandbox_kill(s, "over", on_done, &report);
	turn_until(is_told, &report);
	assert_null(report.sandbox);
	assert_int_equal(report.err.code, ERROR_NONE);
}

static void
pause_to_files(struct sandbox *s)
{
	struct report report = { 0 };

	sandbox_pause(s, false, "paused", on_done, &report);
	turn_until(is_told, &report);
	assert_ptr_equal(report.sandbox, s);
	assert_null(s->box);
}

static void
resumes_that_meet_are_one(void **state)
{
	struct report first = { 0 }, second = { 0 };
	struct sandbox *s = create_plain();

	(void)state;
	pause_to_files(s);
	sandbox_resume(s, 100, false, on_done, &first);
	sandbox_resume(s, 5000, false, on_done, &second);
	turn_until(is_told, &second);
	assert_true(first.told && first.sandbox == s && second.sandbox == s);
	/* The time-out of the first counts. */
	assert_int_equal(s->info.end_ms - s->info.started_ms, 100000);
	kill_sandbox(s);
}

static void
a_resume_waits_for_the_pause_before_it(void **state)
{
	struct report paused = { 0 }, resumed = { 0 };
	struct sandbox *s = create_plain();

	(void)state;
	sandbox_pause(s, false, "paused", on_done, &paused);
	assert_int_equal(s->state, SANDBOX_PAUSED);
	sandbox_resume(s, 60, false, on_done, &resumed);
	turn_until(is_told, &resumed);
	assert_true(paused.told);
	assert_ptr_equal(resumed.sandbox, s);
	assert_int_equal(s->state, SANDBOX_RUNNING);
	kill_sandbox(s);
}

static void
a_kill_wins_over_a_resume(void **state)
{
	struct report resumed = { 0 };
	struct sandbox *s = create_plain();
	char *id = xstrdup(s->info.id);

	(void)state;
	pause_to_files(s);
	sandbox_resume(s, 60, false, on_done, &resumed);
	kill_sandbox(s);
	assert_true(resumed.told);
	assert_null(resumed.sandbox);
	assert_int_equal(resumed.err.code, ERROR_NOT_FOUND);
	assert_null(registry_find(house.host->registry, id));
	free(id);
}

static void
a_cold_resume_ends_what_was_frozen(void **state)
{
	struct report report = { 0 }, resumed = { 0 };
	struct sandbox *s = create_plain();
	const struct box *before = s->box;

	(void)state;
	sandbox_pause(s, true, "paused", on_done, &report);
	assert_true(report.told && s->box == before);
	sandbox_resume(s, 60, true, on_done, &resumed);
	turn_until(is_told, &resumed);
	assert_ptr_equal(resumed.sandbox, s);
	assert_int_equal(s->state, SANDBOX_RUNNING);
	kill_sandbox(s);
}

static bool
is_paused(void *ctx)
{
	return ((struct sandbox *)ctx)->state == SANDBOX_PAUSED;
}

/* The container dies by itself: the files are there, and that is what is shown. */
static void
an_end_nobody_asked_for_leaves_the_files(void **state)
{
	struct report resumed = { 0 };
	struct sandbox *s = create_plain();

	(void)state;
	assert_int_equal(kill(box_pid(s->box), SIGKILL), 0);
	turn_until(is_paused, s);
	assert_int_equal(s->info.state, REST_STATE_PAUSED);
	sandbox_resume(s, 60, false, on_done, &resumed);
	turn_until(is_told, &resumed);
	assert_ptr_equal(resumed.sandbox, s);
	kill_sandbox(s);
}

static void
a_sandbox_that_cannot_start_is_told_and_forgotten(void **state)
{
	const struct rest_create spec = { .timeout_s = 60 };
	struct report report = { 0 };
	char *right = house.host->init_path;

	(void)state;
	house.host->init_path = xstrdup("/no/such/supervisor");
	sandbox_create(house.host->registry, &spec,
	    catalogue_find_build(house.host->catalogue, "base"), 60, on_done, &report);
	turn_until(is_told, &report);
	free(house.host->init_path);
	house.host->init_path = right;
	assert_null(report.sandbox);
	assert_true(strlen(report.err.text) > 0);
	assert_null(registry_first(house.host->registry));
}

static void
time_ends_as_the_create_said(void **state)
{
	struct rest_create spec = { .timeout_s = 60, .auto_pause = REST_YES };
	struct sandbox *s;

	(void)state;
	for (int memory = 0; memory < 2; memory++) {
		spec.auto_pause_memory = memory ? REST_UNSET : REST_NO;
		s = create(&spec, 60);
		sandbox_set_end(s, 0);
		turn_until(is_paused, s);
		assert_int_equal(s->box && !s->box_ending, memory);
		kill_sandbox(s);
	}
}

static void
a_second_host_is_refused(void **state)
{
	struct host_options options = { .state_dir = house.dir, .init_path = "x" };
	struct host_status status;
	struct error err = { 0 };

	(void)state;
	assert_null(host_open(house.loop, &options, &err));
	assert_non_null(strstr(err.text, "already runs"));
	assert_true(host_status_read(house.dir, &status, &err));
	assert_true(status.running);
	assert_int_equal(status.port, house.host->file.port);
	assert_string_equal(status.key, house.host->file.key);
}

static void
nothing_there_is_not_running(void **state)
{
	struct host_status status;
	struct error err = { 0 };
	bool was_running = true;
	char *nowhere = path_join(house.dir, "nowhere");

	(void)state;
	assert_true(host_status_read(nowhere, &status, &err));
	assert_false(status.running);
	assert_true(host_stop(nowhere, &was_running, &err));
	assert_false(was_running);
	free(nowhere);
}

static void
a_taken_port_is_named(void **state)
{
	char *other = path_join(house.dir, "other");
	struct host_options options = { .state_dir = other,
		.init_path = house.host->init_path,
		.port = house.host->file.port };
	struct error err = { 0 };
	char *port = xasprintf("port %d is taken", options.port);

	(void)state;
	assert_null(host_open(house.loop, &options, &err));
	assert_non_null(strstr(err.text, port));
	free(port);
	free(other);
}

/* ---- the log of a process's output */

static void
put(struct output *o, enum process_stream stream, const char *text)
{
	size_t room, len = strlen(text);
	char *at = output_reserve(o, stream, &room);

	assert_true(room >= len);
	memcpy(at, text, len);
	output_commit(o, len);
}

static void
output_is_read_by_offset(void **state)
{
	struct output o = { 0 };
	enum process_stream stream;
	const char *bytes;
	uint64_t offset = 0;

	(void)state;
	assert_int_equal(output_read(&o, &offset, &stream, &bytes), 0);
	put(&o, PROCESS_STDOUT, "one");
	put(&o, PROCESS_STDERR, "two");
	assert_int_equal(output_read(&o, &offset, &stream, &bytes), 3);
	assert_int_equal(stream, PROCESS_STDOUT);
	assert_memory_equal(bytes, "one", 3);
	offset = 4;
	assert_int_equal(output_read(&o, &offset, &stream, &bytes), 2);
	assert_int_equal(stream, PROCESS_STDERR);
	assert_memory_equal(bytes, "wo", 2);
	offset = 6;
	assert_int_equal(output_read(&o, &offset, &stream, &bytes), 0);
	output_clear(&o);
}

static void
output_keeps_what_is_asked_and_what_is_needed(void **state)
{
	enum { KEEP = 10000, EACH = 100 };
	struct output o = { 0 };
	uint64_t offset = 0;
	enum process_stream stream;
	const char *bytes;
	char text[EACH + 1];

	(void)state;
	memset(text, 'x', EACH);
	text[EACH] = '\0';
	for (int i = 0; i < 1000; i++)
		put(&o, i % 2 ? PROCESS_STDERR : PROCESS_STDOUT, text);
	output_trim(&o, KEEP, 0); /* somebody still reads at 0 */
	assert_int_equal(output_begin(&o), 0);
	output_trim(&o, KEEP, o.end);
	assert_true(output_begin(&o) > 0 && o.memory <= 3 * KEEP);
	assert_true(output_read(&o, &offset, &stream, &bytes) > 0);
	assert_int_equal(offset, output_begin(&o));
	output_clear(&o);
}

/* chattr +T: ext4 then spreads them. */
static void
directories_of_sandboxes_are_spread(void **state)
{
	char *dir = path_join(house.host->data_dir, "sandboxes");
	struct statfs fs;
	int flags = 0, fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	free(dir);
	assert_true(fd >= 0);
	assert_int_equal(fstatfs(fd, &fs), 0);
	if (fs.f_type == EXT4_SUPER_MAGIC) {
		assert_int_equal(ioctl(fd, FS_IOC_GETFLAGS, &flags), 0);
		assert_true(flags & FS_TOPDIR_FL);
	}
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resumes_that_meet_are_one),
		cmocka_unit_test(a_resume_waits_for_the_pause_before_it),
		cmocka_unit_test(a_kill_wins_over_a_resume),
		cmocka_unit_test(a_cold_resume_ends_what_was_frozen),
		cmocka_unit_test(an_end_nobody_asked_for_leaves_the_files),
		cmocka_unit_test(a_sandbox_that_cannot_start_is_told_and_forgotten),
		cmocka_unit_test(time_ends_as_the_create_said),
		cmocka_unit_test(a_second_host_is_refused),
		cmocka_unit_test(nothing_there_is_not_running),
		cmocka_unit_test(a_taken_port_is_named),
		cmocka_unit_test(directories_of_sandboxes_are_spread),
		cmocka_unit_test(output_is_read_by_offset),
		cmocka_unit_test(output_keeps_what_is_asked_and_what_is_needed),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
