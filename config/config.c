#include "config/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/key.h"
#include "base/mem.h"
#include "base/path.h"
#include "config/clean.h"
#include "config/ini.h"
#include "config/options.h"
#include "config/profiles.h"

enum {
	FILE_MAX = 1024 * 1024,
	KEY_DIGITS_MIN = 20, /* so many hex digits behind "e2b_" are a key, not a name */
};

struct config {
	struct option_value *values; /* owned: one per row of options */
	int *lines;		     /* owned: where it was set, 0: nowhere */
	struct profiles profiles;
	struct pairs keys;
};

/* While a file is read. */
struct loader {
	struct config *config;	  /* borrowed */
	struct strlist *warnings; /* borrowed */
	char *unknown_section;	  /* owned: warned of already */
};

/* ---- config.ini */

/* Somebody who pasted a key is told, and it is not repeated. */
static bool
has_literal_key(const char *value)
{
	for (const char *at = strstr(value, "e2b_"); at; at = strstr(at + 1, "e2b_")) {
		if (strspn(at + 4, "0123456789abcdefABCDEF") >= KEY_DIGITS_MIN)
			return true;
	}
	return false;
}

static bool
secret_check(const struct ini_pair *pair, struct error *err)
{
	static const char *const names[] = { "api_key", "apikey", "key", "e2b_api_key" };
	bool literal = has_literal_key(pair->value) || has_literal_key(pair->name);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		literal |= str_eq_nocase(pair->name, names[i]);
	if (!literal)
		return true;
	return error_set(err, ERROR_INPUT,
	    "an API key never stands in this file; in a [profile NAME] use api_key_cmd "
	    "(a "
	    "command that prints it), api_key_file or api_key_env");
}

static void
warn_section(struct loader *l, const struct ini_pair *pair)
{
	if (str_eq(l->unknown_section, pair->section))
		return;
	free(l->unknown_section);
	l->unknown_section = xstrdup(pair->section);
	ini_warn(pair, l->warnings, "there is no section [%s]; what it holds is ignored",
	    pair->section);
}

static void
warn_option(struct loader *l, const struct ini_pair *pair)
{
	const struct option *near = NULL;

	for (const struct option *o = config_options; o->name && !near; o++) {
		if (str_eq(o->name, pair->name))
			near = o;
	}
	if (!near)
		near = options_nearest(config_options, pair->name);
	if (!near)
		ini_warn(pair, l->warnings, "there is no option '%s'", pair->name);
	else if (str_eq(near->section, pair->section))
		ini_warn(pair, l->warnings, "there is no option '%s'; did you mean '%s'?",
		    pair->name, near->name);
	else if (str_is_empty(near->section))
		ini_warn(pair, l->warnings,
		    "there is no option '%s' in [%s]; did you mean '%s' above all "
		    "sections?",
		    pair->name, pair->section, near->name);
	else
		ini_warn(pair, l->warnings,
		    "there is no option '%s' here; did you mean '%s' in [%s]?",
		    pair->name, near->name, near->section);
}

static bool
set_option(struct config *c, const struct option *o, const char *text, struct error *err)
{
	struct option_value value;

	if (!option_parse(o, text, &value, err))
		return false;
	option_value_clear(&c->values[o - config_options]);
	c->values[o - config_options] = value;
	return true;
}

static bool
on_config_pair(void *ctx, const struct ini_pair *pair, struct error *err)
{
	struct loader *l = ctx;

	if (!secret_check(pair, err))
		return false;
	if (str_has_prefix(pair->section, "profile ")) {
		const char *name = pair->section + strlen("profile ");
		return profiles_set(&l->config->profiles, name + strspn(name, " \t"),
		    pair, l->warnings, err);
	}
	if (!options_has_section(config_options, pair->section)) {
		warn_section(l, pair);
		return true;
	}

	const struct option *o = options_find(config_options, pair->section, pair->name);
	if (!o) {
		warn_option(l, pair);
		return true;
	}
	int *line = &l->config->lines[o - config_options];
	if (*line > 0)
		ini_warn(pair, l->warnings,
		    "'%s' was set in line %d already; this one counts", pair->name,
		    *line);
	*line = pair->line;
	return set_option(l->config, o, pair->value, err);
}

/* ---- keys.ini */

static bool
key_names_check(const struct strlist *names, struct error *err)
{
	struct key key;

	for (size_t i = 0; i < names->count; i++) {
		if (!key_parse(names->items[i], &key))
			return error_set(err, ERROR_INPUT,
			    "'%s' is no key; write x, ^X, Alt-x, F5, Enter, or Colon, "
			    "Semicolon and Equal for : ; =",
			    names->items[i]);
	}
	if (names->count > 0)
		return true;
	return error_set(err, ERROR_INPUT,
	    "there is no key behind the =; ; is written Semicolon, for it starts a "
	    "comment");
}

static bool
on_keys_pair(void *ctx, const struct ini_pair *pair, struct error *err)
{
	struct loader *l = ctx;
	struct strlist words = { 0 }, names = { 0 };
	struct buf joined;

	strlist_split(&words, pair->value, ' ');
	for (size_t i = 0; i < words.count; i++) {
		char *word = str_trim(words.items[i]);
		if (*word)
			strlist_add(&names, word);
	}
	bool ok = key_names_check(&names, err);
	if (ok) {
		bool sectioned = !str_is_empty(pair->section);
		char *action =
		    xasprintf("%s%s%s", pair->section, sectioned ? "." : "", pair->name);
		if (pairs_get(&l->config->keys, action))
			ini_warn(pair, l->warnings,
			    "'%s' was bound above; this one counts", action);
		buf_init(&joined, FILE_MAX);
		for (size_t i = 0; i < names.count; i++)
			buf_addf(&joined, "%s%s", i > 0 ? " " : "", names.items[i]);
		pairs_set(&l->config->keys, action, joined.data);
		buf_clear(&joined);
		free(action);
	}
	strlist_clear(&words);
	strlist_clear(&names);
	return ok;
}

/* ---- loading */

static void
warn_writable(const char *path, unsigned mode, struct strlist *warnings)
{
	if ((mode & 022) == 0)
		return;
	char *text = xasprintf("%s can be changed by others (mode %04o), and it names "
			       "commands that are run; chmod 600 it",
	    path, mode);
	strlist_add(warnings, text);
	free(text);
}

static bool
parse_config(struct loader *l, const struct ini_source *source, struct error *err)
{
	int line = 0;

	if (!ini_read(source, on_config_pair, l, err))
		return false;
	if (profiles_check(&l->config->profiles, &line, err))
		return true;
	error_prefix(err, "%s:%d", source->path, line);
	return false;
}

static struct config *
config_new(void)
{
	struct config *c = xcalloc(1, sizeof *c);
	size_t count = options_count(config_options);

	c->values = xcalloc(count, sizeof *c->values);
	c->lines = xcalloc(count, sizeof *c->lines);
	for (size_t i = 0; i < count; i++) {
		bool ok = set_option(c, &config_options[i], "", NULL);
		assert(ok && "a fallback keeps its own row's rule");
	}
	return c;
}

bool
config_parse(const struct ini_source *config_ini, const struct ini_source *keys_ini,
    struct config **out, struct strlist *warnings, struct error *err)
{
	struct strlist ignored = { 0 };
	struct loader l = { .config = config_new(),
		.warnings = warnings ? warnings : &ignored };
	bool ok = (!config_ini || parse_config(&l, config_ini, err)) &&
		  (!keys_ini || ini_read(keys_ini, on_keys_pair, &l, err));

	if (ok)
		*out = l.config;
	else
		config_free(l.config);
	free(l.unknown_section);
	strlist_clear(&ignored);
	return ok;
}

static bool
read_source(const char *path, struct file_text *file, struct ini_source *source,
    struct strlist *warnings, struct error *err)
{
	if (!file_read(path, FILE_MAX, file, err))
		return false;
	if (warnings && !file->missing)
		warn_writable(path, file->mode, warnings);
	*source = (struct ini_source){
		.path = path,
		.text = file->text ? file->text : "",
		.len = file->len,
	};
	return true;
}

bool
config_load(
    const char *dir, struct config **out, struct strlist *warnings, struct error *err)
{
	char *config_path = path_join(dir, "config.ini"),
	     *keys_path = path_join(dir, "keys.ini");
	struct file_text config_file = { 0 }, keys_file = { 0 };
	struct ini_source config_ini, keys_ini;
	bool ok = read_source(config_path, &config_file, &config_ini, warnings, err) &&
		  read_source(keys_path, &keys_file, &keys_ini, warnings, err) &&
		  config_parse(&config_ini, &keys_ini, out, warnings, err);

	file_text_clear(&config_file);
	file_text_clear(&keys_file);
	free(config_path);
	free(keys_path);
	return ok;
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < options_count(config_options); i++)
		option_value_clear(&c->values[i]);
	free(c->values);
	free(c->lines);
	profiles_clear(&c->profiles);
	pairs_clear(&c->keys);
	free(c);
}

/* ---- values */

static const struct option *
option_by_name(const char *name)
{
	const char *dot = strchr(name, '.');

	for (const struct option *o = config_options; o->name; o++) {
		size_t len = strlen(o->section);
		if (!dot && len == 0 && str_eq(o->name, name))
			return o;
		if (dot && (size_t)(dot - name) == len &&
		    str_has_prefix(name, o->section) && str_eq(o->name, dot + 1))
			return o;
	}
	return NULL;
}

static const struct option_value *
value_of(const struct config *c, const char *name)
{
	const struct option *o = option_by_name(name);

	assert(o);
	return &c->values[o - config_options];
}

bool
config_set(struct config *c, const char *name, const char *value, struct error *err)
{
	const struct option *o = option_by_name(name);

	if (!o)
		return error_set(err, ERROR_INPUT, "there is no such option");
	return set_option(c, o, value, err);
}

bool
config_bool(const struct config *c, const char *name)
{
	return value_of(c, name)->number != 0;
}

int64_t
config_int(const struct config *c, const char *name)
{
	return value_of(c, name)->number;
}

const char *
config_text(const struct config *c, const char *name)
{
	return value_of(c, name)->text;
}

const struct pairs *
config_keys(const struct config *c)
{
	return &c->keys;
}

const struct profiles *
config_profiles(const struct config *c)
{
	return &c->profiles;
}
