/* filesystem.Filesystem against what the real daemon and its clients said, and bad input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tests/unit/wire/helpers.h"
#include "wire/connect.h"
#include "wire/envelope.h"
#include "wire/filesystem.h"

static struct exchange *exchanges;
static size_t exchange_count;

static int
load(void **state)
{
	(void)state;
	exchange_count = exchanges_load(&exchanges);
	return exchange_count > 0 ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	exchanges_free(exchanges, exchange_count);
	return 0;
}

static const struct exchange *
named(const char *name)
{
	return exchange_named(exchanges, exchange_count, name);
}

static void
begin(struct buf *b)
{
	buf_init(b, 1u << 20);
}

/* What was recorded, written again from what was read, is the same text. */
static void
test_entries_go_both_ways(void **state)
{
	static const char *const names[] = { "mkdir", "stat", "stat-link",
		"stat-broken-link", "stat-fifo", "stat-sticky", "move" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct exchange *e = named(names[i]);
		struct filesystem_entry entry;
		struct error err = { 0 };
		struct buf out;

		begin(&out);
		if (!filesystem_entry_decode(e->response, e->response_len, &entry, &err))
			fail_msg("%s: %s", names[i], err.text);
		assert_int_equal(entry.is_symlink, entry.symlink_target != NULL);
		entry.is_symlink = false; /* younger than the recording */
		filesystem_entry_encode(&out, &entry);
		assert_int_equal(out.len, e->response_len);
		assert_memory_equal(out.data, e->response, out.len);
		filesystem_entry_clear(&entry);
		buf_clear(&out);
	}
}

static void
test_listings_go_both_ways(void **state)
{
	static const struct {
		const char *name;
		size_t count;
	} cases[] = { { "list-dir-depth-2", 10 }, { "list-dir-empty", 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct exchange *e = named(cases[i].name);
		struct filesystem_entries list;
		struct error err = { 0 };
		struct buf out;

		begin(&out);
		if (!filesystem_entries_decode(e->response, e->response_len, &list, &err))
			fail_msg("%s: %s", cases[i].name, err.text);
		assert_int_equal(list.count, cases[i].count);
		filesystem_entries_begin(&out);
		for (size_t k = 0; k < list.count; k++) {
			list.items[k].is_symlink = false;
			filesystem_entries_add(&out, &list.items[k]);
		}
		filesystem_entries_end(&out);
		assert_int_equal(out.len, e->response_len);
		assert_memory_equal(out.data, e->response, out.len);
		filesystem_entries_clear(&list);
		buf_clear(&out);
	}
}

static void
encode_as(const char *path, const struct filesystem_call *c, struct buf *out)
{
	if (str_has_suffix(path, "/ListDir"))
		filesystem_list_encode(out, c->path, c->depth);
	else if (str_has_suffix(path, "/Move"))
		filesystem_move_encode(out, c->path, c->destination);
	else if (str_has_suffix(path, "/WatchDir") ||
		 str_has_suffix(path, "/CreateWatcher"))
		filesystem_watch_encode(out, c);
	else if (c->watcher_id)
		filesystem_watcher_encode(out, c->watcher_id);
	else
		filesystem_path_encode(out, c->path);
}

static void
test_every_request_goes_both_ways(void **state)
{
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < exchange_count; i++) {
		const struct exchange *e = &exchanges[i];
		size_t skip = str_has_suffix(e->path, "/WatchDir") ? ENVELOPE_HEADER : 0;
		struct filesystem_call call;
		struct error err = { 0 };
		struct buf out;

		if (!str_has_prefix(e->path, "/filesystem.Filesystem/"))
			continue;
		begin(&out);
		if (!filesystem_call_decode(
			e->request + skip, e->request_len - skip, &call, &err))
			fail_msg("%s: %s", e->name, err.text);
		encode_as(e->path, &call, &out);
		assert_int_equal(out.len, e->request_len - skip);
		assert_memory_equal(out.data, e->request + skip, out.len);
		filesystem_call_clear(&call);
		buf_clear(&out);
		seen++;
	}
	assert_int_equal(seen, 27);
}

static void
test_a_watch_goes_both_ways(void **state)
{
	const struct exchange *e = named("watch");
	struct envelope_reader reader;
	struct envelope m;
	struct error err = { 0 };
	struct buf out;
	size_t events = 0;

	(void)state;
	begin(&out);
	envelope_reader_init(&reader, ENVELOPE_MAX_PAYLOAD);
	envelope_feed(&reader, e->response, e->response_len);
	while (envelope_next(&reader, &m, &err)) {
		enum filesystem_watch_kind kind;
		struct filesystem_event event = { 0 };

		if (m.flags & ENVELOPE_END)
			continue;
		if (!filesystem_watch_decode(m.payload, m.len, &kind, &event, &err))
			fail_msg("%s", err.text);
		if (kind == FILESYSTEM_WATCH_START)
			filesystem_add_start_event(&out);
		else
			filesystem_add_watch_event(&out, &event);
		events++;
		filesystem_event_clear(&event);
	}
	assert_int_equal(events, 7);
	connect_add_end(&out, CONNECT_DEADLINE_EXCEEDED, "context deadline exceeded");
	assert_int_equal(out.len, e->response_len);
	assert_memory_equal(out.data, e->response, out.len);
	envelope_reader_clear(&reader);
	buf_clear(&out);
}

static void
test_a_watchers_events_go_both_ways(void **state)
{
	static const char *const names[] = { "watcher-events", "watcher-events-none" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct exchange *e = named(names[i]);
		struct filesystem_events list;
		struct error err = { 0 };
		struct buf out, events;

		begin(&out);
		begin(&events);
		if (!filesystem_events_decode(e->response, e->response_len, &list, &err))
			fail_msg("%s", err.text);
		for (size_t k = 0; k < list.count; k++) {
			if (k > 0)
				buf_add_char(&events, ',');
			filesystem_event_add(&events, &list.items[k]);
		}
		filesystem_events_encode(&out, events.data, events.len);
		assert_int_equal(out.len, e->response_len);
		assert_memory_equal(out.data, e->response, out.len);
		filesystem_events_clear(&list);
		buf_clear(&events);
		buf_clear(&out);
	}
}

static void
test_wider_forms_are_read(void **state)
{
	static const char call_text[] = "{\"path\":\"a\",\"depth\":\"3\",\"include_"
					"entry\":true,\"watcher_id\":\"w1\","
					"\"allowNetworkMounts\":true,\"new\":[1]}";
	static const char entry_text[] =
	    "{\"entry\":{\"type\":2,\"size\":7,\"isSymlink\":true,\"modifiedTime\":"
	    "\"2026-01-02T04:04:05+01:00\",\"metadata\":{\"k\":\"v\"},\"mode\":\"420\"}}";
	struct filesystem_call call;
	struct filesystem_entry entry;
	struct error err = { 0 };

	(void)state;
	assert_true(filesystem_call_decode(call_text, sizeof call_text - 1, &call, &err));
	assert_int_equal(call.depth, 3);
	assert_true(call.include_entry && call.allow_network_mounts && !call.recursive);
	assert_string_equal(call.watcher_id, "w1");
	filesystem_call_clear(&call);
	assert_true(
	    filesystem_entry_decode(entry_text, sizeof entry_text - 1, &entry, &err));
	assert_int_equal(entry.type, FILESYSTEM_DIRECTORY);
	assert_int_equal(entry.size, 7);
	assert_int_equal(entry.mode, 420);
	assert_true(entry.is_symlink && !entry.symlink_target);
	assert_int_equal(entry.modified_ns, INT64_C(1767323045) * 1000000000);
	assert_string_equal(pairs_get(&entry.metadata, "k"), "v");
	filesystem_entry_clear(&entry);
}

static void
test_bad_messages_are_refused(void **state)
{
	static const char *const calls[] = { "", "[]", "{", "{\"path\":1}",
		"{\"depth\":-1}", "{\"depth\":\"x\"}", "{\"recursive\":\"yes\"}",
		"{\"path\":\"a\\u0000b\"}" };
	static const char *const entries[] = { "{}", "{\"entry\":[]}",
		"{\"entry\":{\"size\":\"12x\"}}", "{\"entry\":{\"name\":{}}}",
		"{\"entry\":{\"type\":[]}}", "{\"entry\":{\"metadata\":{\"a\":1}}}" };
	struct filesystem_call call;
	struct filesystem_entry entry;
	struct filesystem_entries list;
	struct filesystem_events events;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct error err = { 0 };

		if (filesystem_call_decode(calls[i], strlen(calls[i]), &call, &err))
			fail_msg("taken: %s", calls[i]);
		assert_int_not_equal(err.code, ERROR_NONE);
	}
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct error err = { 0 };

		if (filesystem_entry_decode(entries[i], strlen(entries[i]), &entry, &err))
			fail_msg("taken: %s", entries[i]);
	}
	assert_false(filesystem_entries_decode("{\"entries\":{}}", 14, &list, NULL));
	assert_false(filesystem_entries_decode(
	    "{\"entries\":[{\"name\":\"a\"},{\"name\":7}]}", 38, &list, NULL));
	assert_false(
	    filesystem_events_decode("{\"events\":[{\"name\":7}]}", 23, &events, NULL));
}

static void
test_permissions_are_written_as_go_does(void **state)
{
	static const struct {
		uint32_t mode;
		const char *text;
	} cases[] = {
		{ S_IFREG | 0644, "-rw-r--r--" },
		{ S_IFDIR | 0755, "drwxr-xr-x" },
		{ S_IFDIR | S_ISVTX | 0777, "dtrwxrwxrwx" },
		{ S_IFLNK | 0777, "Lrwxrwxrwx" },
		{ S_IFCHR | 0666, "Dcrw-rw-rw-" },
		{ S_IFBLK | 0600, "Drw-------" },
		{ S_IFIFO | 0644, "prw-r--r--" },
		{ S_IFSOCK | 0755, "Srwxr-xr-x" },
		{ S_IFREG | S_ISUID | S_ISGID | 0755, "ugrwxr-xr-x" },
		{ S_IFREG, "----------" },
	};
	char text[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		filesystem_permissions(cases[i].mode, text);
		assert_string_equal(text, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_go_both_ways),
		cmocka_unit_test(test_listings_go_both_ways),
		cmocka_unit_test(test_every_request_goes_both_ways),
		cmocka_unit_test(test_a_watch_goes_both_ways),
		cmocka_unit_test(test_a_watchers_events_go_both_ways),
		cmocka_unit_test(test_wider_forms_are_read),
		cmocka_unit_test(test_bad_messages_are_refused),
		cmocka_unit_test(test_permissions_are_written_as_go_does),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
