#include "fleet/filter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/mem.h"

struct word {
	bool (*finds)(const struct word *w, const struct sandbox *s);
	char *text; /* owned; in lower case unless it means its case */
	size_t len;
	char *meta_key; /* owned; of meta.KEY, else NULL */
	bool means_case, negated;
};

struct filter {
	struct word *words; /* owned */
	size_t count;
};

/* ---- text in text */

static unsigned char
fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static bool
begins(const char *text, const struct word *w)
{
	for (size_t i = 1; i < w->len; i++)
		if (fold((unsigned char)text[i]) != (unsigned char)w->text[i])
			return false;
	return true;
}

/* strcasestr() asks the locale about each letter, which is most of a filter's time. */
static bool
contains(const char *text, const struct word *w)
{
	unsigned char first = (unsigned char)w->text[0];

	if (!text)
		return false;
	if (w->len == 0)
		return true;
	if (w->means_case)
		return strstr(text, w->text) != NULL;
	for (; *text; text++)
		if (fold((unsigned char)*text) == first && begins(text, w))
			return true;
	return false;
}

/* ---- where it looks */

static const char *
state_text(const struct sandbox *s)
{
	return s->state_text ? s->state_text : sandbox_state_name(s->state);
}

static bool
in_state(const struct word *w, const struct sandbox *s)
{
	return contains(state_text(s), w);
}

static bool
in_template(const struct word *w, const struct sandbox *s)
{
	return contains(s->template_name, w) || contains(s->template_id, w);
}

static bool
in_name(const struct word *w, const struct sandbox *s)
{
	return contains(s->name, w);
}

static bool
in_id(const struct word *w, const struct sandbox *s)
{
	return strncasecmp(s->id, w->text, w->len) == 0;
}

static bool
in_meta(const struct word *w, const struct sandbox *s)
{
	return contains(pairs_get(&s->metadata, w->meta_key), w);
}

static bool
in_anything(const struct word *w, const struct sandbox *s)
{
	if (in_name(w, s) || contains(s->id, w) || in_template(w, s) || in_state(w, s))
		return true;
	for (size_t i = 0; i < s->metadata.count; i++)
		if (contains(s->metadata.items[i].key, w) ||
		    contains(s->metadata.items[i].value, w))
			return true;
	return false;
}

static const struct {
	const char *name;
	bool (*finds)(const struct word *w, const struct sandbox *s);
} places[] = {
	{ "state", in_state },
	{ "st", in_state },
	{ "template", in_template },
	{ "tpl", in_template },
	{ "name", in_name },
	{ "id", in_id },
};

/* ---- taking it apart */

/* Where the value begins; the word itself when no field stands in front. */
static const char *
read_field(struct word *w, const char *text)
{
	static const char meta[] = "meta.";
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	w->finds = in_anything;
	if (!colon)
		return text;
	if (str_has_prefix(text, meta)) {
		w->finds = in_meta;
		w->meta_key = xstrndup(text + strlen(meta), len - strlen(meta));
		return colon + 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (strlen(places[i].name) != len ||
		    strncmp(places[i].name, text, len) != 0)
			continue;
		w->finds = places[i].finds;
		return colon + 1;
	}
	return text;
}

static void
read_word(struct word *w, const char *text)
{
	w->negated = text[0] == '-' && text[1];
	w->text = xstrdup(read_field(w, text + w->negated));
	w->len = strlen(w->text);
	for (const char *c = w->text; *c; c++)
		w->means_case |= *c >= 'A' && *c <= 'Z';
}

struct filter *
filter_new(const char *text)
{
	struct filter *f = xcalloc(1, sizeof *f);
	struct strlist words = { 0 };

	strlist_split(&words, text ? text : "", ' ');
	f->words = xcalloc(words.count, sizeof *f->words);
	for (size_t i = 0; i < words.count; i++)
		if (*words.items[i])
			read_word(&f->words[f->count++], words.items[i]);
	strlist_clear(&words);
	return f;
}

void
filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++) {
		free(f->words[i].text);
		free(f->words[i].meta_key);
	}
	free(f->words);
	free(f);
}

bool
filter_passes(const struct filter *f, const struct sandbox *s)
{
	for (size_t i = 0; f && i < f->count; i++)
		if (f->words[i].finds(&f->words[i], s) == f->words[i].negated)
			return false;
	return true;
}

bool
filter_matches(const char *text, const struct sandbox *s)
{
	struct filter *f = filter_new(text);
	bool passes = filter_passes(f, s);

	filter_free(f);
	return passes;
}
