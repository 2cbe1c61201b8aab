#include "cli/targets.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/options.h"

enum { STDIN_MAX = 16 * 1024 * 1024, ID_MAX = 64 };

void
targets_clear(struct targets *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->items[i].id);
		sandbox_clear(&t->items[i].facts);
	}
	free(t->items);
	*t = (struct targets){ 0 };
}

/* ---- reading */

static bool
is_id(const char *text, size_t len)
{
	if (len == 0 || len > ID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	return true;
}

static bool
has_target(const struct targets *t, const char *id)
{
	for (size_t i = 0; i < t->count; i++)
		if (str_eq(t->items[i].id, id))
			return true;
	return false;
}

/* Old servers answer "id-clientID"; the part before the dash is the sandbox. */
static bool
add_id(struct targets *t, const char *word, struct error *err)
{
	size_t len = strcspn(word, "-");

	if (!is_id(word, len))
		return error_set(err, ERROR_INPUT,
		    "'%.40s' is no sandbox ID; 'sandtop ls' lists them", word);
	char *id = xstrndup(word, len);
	if (has_target(t, id)) {
		free(id);
		return true;
	}
	t->items = xreallocarray(t->items, t->count + 1, sizeof *t->items);
	t->items[t->count++] = (struct target){ .id = id };
	return true;
}

static bool
read_stdin(struct buf *out, struct error *err)
{
	char bytes[65536];
	ssize_t got;

	while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(
			    err, errno, "reading IDs from standard input");
		buf_add(out, bytes, (size_t)got);
	}
	if (out->overflow)
		return error_set(err, ERROR_INPUT, "more than %d MiB on standard input",
		    STDIN_MAX >> 20);
	return true;
}

/* The first word of each line; lines without one do not count. */
static bool
add_lines(struct targets *t, char *text, struct error *err)
{
	for (char *line = text; *line;) {
		char *end = line + strcspn(line, "\n");
		char *next = *end ? end + 1 : end;
		*end = '\0';
		line += strspn(line, " \t\r");
		line[strcspn(line, " \t\r")] = '\0';
		if (*line && !add_id(t, line, err))
			return false;
		line = next;
	}
	return true;
}

static bool
add_stdin(struct targets *t, struct error *err)
{
	struct buf text;

	buf_init(&text, STDIN_MAX);
	bool ok = read_stdin(&text, err) && add_lines(t, text.data, err);
	buf_clear(&text);
	return ok;
}

bool
targets_read(const struct strlist *words, struct targets *out, struct error *err)
{
	struct targets t = { 0 };

	for (size_t i = 0; i < words->count; i++) {
		bool ok = str_eq(words->items[i], "-") ? add_stdin(&t, err)
						       : add_id(&t, words->items[i], err);
		if (!ok) {
			targets_clear(&t);
			return false;
		}
	}
	*out = t;
	return true;
}

bool
targets_read_one(const char *word, struct targets *out, struct error *err)
{
	struct strlist words = { 0 };

	strlist_add(&words, word);
	bool ok = targets_read(&words, out, err);
	strlist_clear(&words);
	if (!ok || out->count == 1)
		return ok;
	size_t count = out->count;
	targets_clear(out);
	return error_set(
	    err, ERROR_INPUT, "one sandbox ID is wanted here, there are %zu", count);
}

/* ---- prefixes */

const char *
targets_match(const struct strlist *ids, const char *prefix, bool *several)
{
	const char *found = NULL;

	*several = false;
	for (size_t i = 0; i < ids->count; i++) {
		if (str_eq(ids->items[i], prefix))
			return ids->items[i];
		if (!str_has_prefix(ids->items[i], prefix))
			continue;
		*several = found != NULL;
		found = found ? found : ids->items[i];
	}
	return *several ? NULL : found;
}

static bool
may_be_prefix(const struct target *t)
{
	size_t len = strlen(t->id);

	return len >= ID_PREFIX_MIN && len < ID_WHOLE;
}

struct listed {
	struct loop *loop;
	struct strlist ids;
	struct error err;
};

static void
on_page(void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running)
{
	struct listed *listed = ctx;

	(void)last;
	(void)total_running;
	for (size_t i = 0; i < page->count; i++)
		strlist_add(&listed->ids, page->items[i].id);
}

static void
on_listed(void *ctx, const struct error *err)
{
	struct listed *listed = ctx;

	listed->err = *err;
	loop_stop(listed->loop);
}

static bool
resolve_one(struct target *t, const struct strlist *ids, struct error *err)
{
	bool several;

	if (!may_be_prefix(t))
		return true;
	const char *id = targets_match(ids, t->id, &several);
	if (several)
		return error_set(err, ERROR_INPUT,
		    "several sandboxes begin with %s: give more of the ID", t->id);
	if (id) {
		free(t->id);
		t->id = xstrdup(id);
	}
	return true;
}

/* Two prefixes may have meant the same one. */
static void
drop_doubles(struct targets *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct targets before = { t->items, kept };
		if (has_target(&before, t->items[i].id))
			free(t->items[i].id);
		else
			t->items[kept++] = t->items[i];
	}
	t->count = kept;
}

bool
targets_resolve(struct targets *t, struct remote *r, struct error *err)
{
	struct listed listed = { .loop = r->cli->loop };
	bool any = false;

	for (size_t i = 0; i < t->count; i++)
		any = any || may_be_prefix(&t->items[i]);
	if (!any || !r->cli->may_ask)
		return true;
	api_list(r->api, &(struct api_list_query){ 0 }, on_page, on_listed, &listed);
	loop_run(r->cli->loop);
	bool ok = listed.err.code == ERROR_NONE;
	if (!ok)
		*err = listed.err;
	for (size_t i = 0; ok && i < t->count; i++)
		ok = resolve_one(&t->items[i], &listed.ids, err);
	strlist_clear(&listed.ids);
	drop_doubles(t);
	return ok;
}

/* ---- the end */

int
targets_exit(const struct targets *t)
{
	size_t well = 0, missing = 0, failed = 0;
	int code = EXIT_OK;

	for (size_t i = 0; i < t->count; i++) {
		const struct target *one = &t->items[i];
		switch (one->result) {
		case TARGET_DONE:
		case TARGET_ALREADY:
			well++;
			break;
		case TARGET_MISSING:
			missing++;
			break;
		case TARGET_FAILED:
			code = failed++ > 0 && code != cli_exit_from(one->error.code)
				   ? EXIT_FAILED
				   : cli_exit_from(one->error.code);
			break;
		case TARGET_WAITING:
		case TARGET_SENT:
			break;
		}
	}
	if (failed == 0)
		return missing > 0 ? EXIT_NOT_FOUND : EXIT_OK;
	return well + missing > 0 ? EXIT_SOME_FAILED : code;
}

int
targets_end_one(struct targets *t, struct remote *r, struct error *err)
{
	int code = EXIT_OK;

	if (err->code == ERROR_NOT_FOUND)
		remote_explain_missing(r->cli, t->items[0].id, err);
	if (err->code != ERROR_NONE)
		code = options_fail(r->cli, err, t->items[0].id);
	remote_close(r);
	targets_clear(t);
	return code;
}
