#include "config/options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/key.h"
#include "base/mem.h"
#include "config/address.h"
#include "config/spelling.h"

enum {
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	KIB = 1024,
	MIB = 1024 * KIB,
	GIB = 1024 * MIB,
};

const struct option config_options[] = {
	{ "", "profile", OPTION_TEXT, "", 0, 0, NULL,
	    "Profile used when neither --profile nor the environment says another" },
	{ "", "refresh", OPTION_DURATION, "5s", 1, HOUR, NULL,
	    "Pause between two looks at the list of sandboxes" },
	{ "", "order_hold", OPTION_DURATION, "2s", 0, MINUTE, NULL,
	    "How long rows keep their place after a movement key" },
	{ "", "ttl", OPTION_DURATION, "15m", 1, 30 * DAY, NULL,
	    "Time left that a new or resumed sandbox gets" },
	{ "", "extend_step", OPTION_DURATION, "15m", 1, 30 * DAY, NULL,
	    "Time that one press of the extend key adds" },
	{ "", "sort", OPTION_CHOICE, "name", 0, 0,
	    "name|-name|template|-template|state|-state|cpu|-cpu|mem|-mem|disk|-disk|"
	    "left|-left|age|-age",
	    "Column that orders the fleet, '-' for the greatest first" },
	{ "", "columns", OPTION_CHOICE, "overview", 0, 0,
	    "overview|resources|lifecycle|metadata|shells|ids|min",
	    "Set of columns the fleet starts with" },
	{ "", "theme", OPTION_CHOICE, "terminal", 0, 0,
	    "terminal|mono|high-contrast|cvd|dark|light",
	    "Colours; 'terminal' keeps to those your terminal has" },
	{ "", "color", OPTION_CHOICE, "auto", 0, 0, "auto|never|16|256|rgb",
	    "How many colours may be used" },
	{ "", "glyphs", OPTION_CHOICE, "auto", 0, 0, "auto|braille|block|ascii",
	    "What graphs and frames are drawn with" },
	{ "", "mouse", OPTION_BOOL, "on", 0, 1, NULL, "Take clicks and the wheel" },
	{ "", "animations", OPTION_BOOL, "on", 0, 1, NULL,
	    "Move what waits; off: only what changed is drawn" },
	{ "", "stable_hosts", OPTION_DOMAINS, "", 0, 0, NULL,
	    "More domains whose sandboxes are reached by way of sandbox.<domain>" },
	{ "pane", "prefix", OPTION_KEY, "^B", 0, 0, NULL,
	    "The one key that a shell pane does not get" },
	{ "pane", "prefix2", OPTION_KEY, "auto", 0, 0, "auto|none",
	    "A second prefix; auto: ^] inside another multiplexer" },
	{ "pane", "scrollback", OPTION_INT, "10000", 0, 10000000, NULL,
	    "Lines kept above a pane" },
	{ "pane", "scrollback_bytes", OPTION_SIZE, "8MiB", 64 * KIB, GIB, NULL,
	    "Memory those lines may take" },
	{ "pane", "remote_clipboard", OPTION_CHOICE, "ask", 0, 0, "off|ask|focused",
	    "Whether programs in a sandbox may write your clipboard" },
	{ "pane", "escape_ms", OPTION_INT, "25", 0, 1000, NULL,
	    "Milliseconds after which a lone escape byte is the Escape key" },
	{ "host", "port", OPTION_INT, "0", 0, 65535, NULL,
	    "Port of the local host; 0: a random one, then always the same" },
	{ "host", "replay_ring", OPTION_SIZE, "256KiB", 0, 64 * MIB, NULL,
	    "Output per process that the local host keeps for re-joining shells" },
	{ 0 },
};

void
option_value_clear(struct option_value *v)
{
	free(v->text);
	*v = (struct option_value){ 0 };
}

static bool
choices_have(const char *choices, const char *text)
{
	size_t len = strlen(text);

	for (const char *at = choices; at; at = strchr(at, '|')) {
		at += *at == '|';
		size_t width = strcspn(at, "|");
		if (width == len && memcmp(at, text, len) == 0)
			return true;
	}
	return false;
}

static bool
parse_bool(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	(void)o;
	v->number = choices_have("on|yes|true|1", text);
	if (v->number || choices_have("off|no|false|0", text))
		return true;
	return error_set(err, ERROR_INPUT, "write on or off");
}

static bool
parse_number(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	if (parse_int(text, o->min, o->max, &v->number))
		return true;
	return error_set(err, ERROR_INPUT, "write a number from %" PRId64 " to %" PRId64,
	    o->min, o->max);
}

static bool
parse_duration(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	char low[32], high[32];

	if (duration_parse(text, &v->number) && v->number >= o->min &&
	    v->number <= o->max)
		return true;
	duration_format(o->min, low, sizeof low);
	duration_format(o->max, high, sizeof high);
	return error_set(err, ERROR_INPUT,
	    "write a time such as 90s, 15m or 1h30m, from %s to %s", low, high);
}

static const struct {
	const char *suffix;
	int64_t factor;
} size_units[] = {
	{ "KiB", KIB },
	{ "MiB", MIB },
	{ "GiB", GIB },
	{ "K", KIB },
	{ "M", MIB },
	{ "G", GIB },
	{ "B", 1 },
};

static bool
parse_size_number(const char *text, int64_t *out)
{
	char digits[24];
	size_t len = strspn(text, "0123456789");
	const char *unit = text + len + strspn(text + len, " ");
	int64_t factor = *unit == '\0';

	if (len == 0 || len >= sizeof digits)
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(size_units) && factor == 0; i++) {
		if (str_eq(unit, size_units[i].suffix))
			factor = size_units[i].factor;
	}
	if (factor == 0 || !parse_int(digits, 0, INT64_MAX / factor, out))
		return false;
	*out *= factor;
	return true;
}

static bool
parse_size(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	if (parse_size_number(text, &v->number) && v->number >= o->min &&
	    v->number <= o->max)
		return true;
	return error_set(err, ERROR_INPUT,
	    "write a size such as 64KiB or 8MiB, from %" PRId64 " to %" PRId64 " bytes",
	    o->min, o->max);
}

static bool
parse_text(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	(void)o, (void)text, (void)v, (void)err;
	return true;
}

static bool
parse_choice(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	(void)v;
	if (choices_have(o->choices, text))
		return true;
	return error_set(err, ERROR_INPUT, "write one of %s", o->choices);
}

static bool
parse_key(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	struct key key;

	(void)v;
	if (choices_have(o->choices, text) || key_parse(text, &key))
		return true;
	return error_set(err, ERROR_INPUT, "write a key such as ^B, F5 or Alt-x%s%s",
	    o->choices ? ", or one of " : "", o->choices ? o->choices : "");
}

static bool
parse_domain(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	(void)o;
	return domain_parse(text, &v->text, err);
}

/* A list is kept with single blanks between, whatever stood there. */
static bool
parse_domains(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	struct strlist list = { 0 };
	struct buf out;
	bool ok = domains_parse(text, &list, err);

	(void)o;
	buf_init(&out, 64 * KIB);
	for (size_t i = 0; i < list.count; i++)
		buf_addf(&out, "%s%s", i > 0 ? " " : "", list.items[i]);
	if (ok)
		v->text = buf_take(&out);
	buf_clear(&out);
	strlist_clear(&list);
	return ok;
}

static bool
parse_url(
    const struct option *o, const char *text, struct option_value *v, struct error *err)
{
	(void)o;
	return origin_parse(text, &v->text, err);
}

/* A rule fills `number`, and `text` where it differs from what was written. */
static bool (*const rules[])(const struct option *o, const char *text,
    struct option_value *v, struct error *err) = {
	[OPTION_BOOL] = parse_bool,
	[OPTION_INT] = parse_number,
	[OPTION_DURATION] = parse_duration,
	[OPTION_SIZE] = parse_size,
	[OPTION_TEXT] = parse_text,
	[OPTION_CHOICE] = parse_choice,
	[OPTION_KEY] = parse_key,
	[OPTION_DOMAIN] = parse_domain,
	[OPTION_DOMAINS] = parse_domains,
	[OPTION_URL] = parse_url,
};

bool
option_parse(
    const struct option *o, const char *text, struct option_value *out, struct error *err)
{
	struct option_value v = { 0 };

	if (str_is_empty(text))
		text = o->fallback;
	if (!str_is_empty(text) && !rules[o->type](o, text, &v, err)) {
		error_prefix(err, "%s", o->name);
		return false;
	}
	if (!v.text)
		v.text = xstrdup(text);
	*out = v;
	return true;
}

size_t
options_count(const struct option *table)
{
	size_t count = 0;

	while (table[count].name)
		count++;
	return count;
}

const struct option *
options_find(const struct option *table, const char *section, const char *name)
{
	for (const struct option *o = table; o->name; o++) {
		if (str_eq(o->section, section) && str_eq(o->name, name))
			return o;
	}
	return NULL;
}

bool
options_has_section(const struct option *table, const char *section)
{
	for (const struct option *o = table; o->name; o++) {
		if (str_eq(o->section, section))
			return true;
	}
	return false;
}

const struct option *
options_nearest(const struct option *table, const char *name)
{
	for (const struct option *o = table; o->name; o++) {
		if (spelling_is_near(o->name, name))
			return o;
	}
	return NULL;
}
