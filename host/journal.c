#include "host/journal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define MESSAGE_MAX 4096u
/* Of one second, for all sandboxes: a program that only logs must not fill the disk. So many
 * of each are kept all the same, that it does not silence others. */
#define LINES_PER_SECOND 2000
#define OWN_LINES 20

struct journal {
	struct store *store; /* borrowed */
	int64_t last_ns;     /* times are the key: no two are the same */
	int64_t second;
	int lines;
};

struct journal *
journal_new(struct store *store)
{
	struct journal *j = xcalloc(1, sizeof *j);

	j->store = store;
	return j;
}

void
journal_free(struct journal *j)
{
	free(j);
}

static void
add(struct journal *j, const char *id, struct rest_log_entry *entry)
{
	entry->time_ns = MAX(clock_wall_ms() * 1000000, j->last_ns + 1);
	j->last_ns = entry->time_ns;
	store_add_log(j->store, id, entry);
	rest_log_entry_clear(entry);
}

void
journal_add(struct journal *j, const char *id, const char *logger, const char *level,
    const char *message, const char *const *fields)
{
	struct rest_log_entry entry = { .level = xstrdup(level),
		.message = xstrdup(message) };

	pairs_set(&entry.fields, "logger", logger);
	for (; fields && fields[0]; fields += 2)
		if (fields[1])
			pairs_set(&entry.fields, fields[0], fields[1]);
	add(j, id, &entry);
}

const char *
journal_level_of_line(const char *line)
{
	static const struct {
		const char *word, *level;
	} words[] = {
		{ "debug", "debug" },
		{ "trace", "debug" },
		{ "info", "info" },
		{ "notice", "info" },
		{ "warning", "warn" },
		{ "warn", "warn" },
		{ "error", "error" },
		{ "fatal", "error" },
		{ "critical", "error" },
	};
	const char *word = line + strspn(line, " \t[<(");

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i].word);

		if (strncasecmp(word, words[i].word, len) == 0 &&
		    strchr(" \t:]>)", word[len]))
			return words[i].level;
	}
	return "info";
}

/* Whether one more line may be kept in this second. */
static bool
has_room(struct journal *j, struct journal_share *share)
{
	int64_t second = clock_wall_ms() / 1000;

	if (second != j->second)
		j->lines = 0;
	if (second != share->second)
		share->lines = 0;
	j->second = share->second = second;
	share->lines++;
	j->lines++;
	return share->lines <= OWN_LINES || j->lines <= LINES_PER_SECOND;
}

void
journal_add_lost(struct journal *j, const char *id, struct journal_share *share)
{
	char *text;

	if (share->lost == 0)
		return;
	text = xasprintf("%d lines came too fast and were not kept", share->lost);
	share->lost = 0;
	journal_add(j, id, "host", "warn", text, NULL);
	free(text);
}

void
journal_add_line(struct journal *j, const char *id, struct journal_share *share,
    const char *tag, const char *line, size_t len)
{
	struct rest_log_entry entry = { 0 };
	struct buf clean;

	if (!has_room(j, share)) {
		share->lost++;
		return;
	}
	journal_add_lost(j, id, share);
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	buf_init(&clean, 4 * MESSAGE_MAX + 16);
	text_clean(&clean, line, MIN(len, MESSAGE_MAX));
	entry.message = buf_take(&clean);
	entry.level = xstrdup(journal_level_of_line(entry.message));
	pairs_set(&entry.fields, "logger", tag);
	add(j, id, &entry);
}
