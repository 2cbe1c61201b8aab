#include "tui/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"

enum { LEFT_WARN_S = 600, LEFT_CRIT_S = 120, TEXT_MAX = 1 << 16, LABEL_COLS = 11 };

/* ---- pieces */

enum role
facts_state_role(enum sandbox_state state)
{
	static const enum role roles[] = {
		[SANDBOX_RUNNING] = ROLE_OK,
		[SANDBOX_PAUSED] = ROLE_PAUSED,
		[SANDBOX_CREATING] = ROLE_ACCENT,
		[SANDBOX_PAUSING] = ROLE_ACCENT,
		[SANDBOX_RESUMING] = ROLE_ACCENT,
		[SANDBOX_KILLING] = ROLE_WARN,
		[SANDBOX_GONE] = ROLE_DIM,
		[SANDBOX_OTHER] = ROLE_WARN,
	};

	return roles[state];
}

enum role
facts_left_role(int64_t left_s)
{
	if (left_s == INT64_MIN || left_s >= LEFT_WARN_S)
		return ROLE_TEXT;
	return left_s < LEFT_CRIT_S ? ROLE_CRIT : ROLE_WARN;
}

void
facts_add_state(struct buf *out, const struct sandbox *s)
{
	char time[16];

	buf_add_str(out, s->state_text ? s->state_text : sandbox_state_name(s->state));
	if (s->state == SANDBOX_PAUSED && s->end_ms) {
		clock_format_hm(s->end_ms, time, sizeof time);
		buf_addf(out, " since %s", time);
	} else if (s->state == SANDBOX_GONE) {
		clock_format_hm(s->gone_ms, time, sizeof time);
		buf_addf(
		    out, " since %s: %s", time, s->gone_reason ? s->gone_reason : "--");
	}
}

void
facts_add_left(struct buf *out, const struct sandbox *s, int64_t now_ms)
{
	int64_t left_s = sandbox_left_s(s, now_ms);
	char left[16], end[16];

	if (left_s == INT64_MIN)
		return;
	clock_format_hms(s->end_ms, end, sizeof end);
	if (left_s < 0) {
		buf_addf(out, "due since %s", end);
		return;
	}
	duration_format(left_s, left, sizeof left);
	buf_addf(out, "left %s (ends %s)", left, end);
}

bool
facts_is_warming(const struct sandbox *s, int64_t now_ms)
{
	int64_t age_s = sandbox_age_s(s, now_ms);

	return sandbox_is_running(s) && !s->has_sample && age_s >= 0 &&
	       age_s < FACTS_WARMING_S;
}

void
facts_add_size(struct buf *out, const struct sandbox *s)
{
	char size[16];

	if (s->cpu_count > 0)
		buf_addf(out, "%d vCPU", s->cpu_count);
	if (s->memory_mb <= 0)
		return;
	size_format((uint64_t)s->memory_mb * 1048576, size, sizeof size);
	buf_addf(out, "%s%s", s->cpu_count > 0 ? " " : "", size);
}

/* The name has its own place. */
static bool
is_shown_metadata(const struct sandbox *s, const struct pair *p)
{
	return !str_eq(p->key, "name") || !str_eq(p->value, s->name);
}

void
facts_add_metadata(struct buf *out, const struct sandbox *s, const char *lead)
{
	for (size_t i = 0; i < s->metadata.count; i++) {
		const struct pair *p = &s->metadata.items[i];
		if (!is_shown_metadata(s, p))
			continue;
		buf_addf(out, "%s%s=%s", lead, p->key, p->value);
		lead = " ";
	}
}

static void
add_gap(struct buf *out)
{
	if (out->len > 0)
		buf_add_str(out, "  ");
}

void
facts_add_line(struct buf *out, const struct sandbox *s, int64_t now_ms)
{
	if (s->name)
		buf_addf(out, "%s", s->name);
	if (s->state != SANDBOX_CREATING) {
		add_gap(out);
		buf_add_str(out, s->id);
	}
	if (s->state != SANDBOX_RUNNING) {
		add_gap(out);
		facts_add_state(out, s);
	} else if (facts_is_warming(s, now_ms)) {
		add_gap(out);
		buf_add_str(out, "warming up");
	}
	if (s->cpu_count > 0 || s->memory_mb > 0)
		add_gap(out);
	facts_add_size(out, s);
	if (s->shells > 0)
		buf_addf(out, "  %d shell%s", s->shells, s->shells == 1 ? "" : "s");
	facts_add_metadata(out, s, out->len ? "  " : "");
}

void
facts_spell_duration(int64_t seconds, char *out, size_t size)
{
	if (seconds > 0 && seconds % 3600 == 0)
		snprintf(out, size, "%lldh", (long long)(seconds / 3600));
	else if (seconds > 0 && seconds % 60 == 0)
		snprintf(out, size, "%lldm", (long long)(seconds / 60));
	else
		snprintf(out, size, "%llds", (long long)seconds);
}

void
facts_key(const struct keymap *k, enum keymap_context context, int command_id, char *out,
    size_t size)
{
	if (!keymap_key_of(k, context, command_id, out, size))
		str_copy(out, size, "?");
}

/* ---- the panel */

static struct fact *
add_fact(struct facts *f, const char *label, enum role role, char *value)
{
	f->items = xreallocarray(f->items, f->count + 1, sizeof *f->items);
	f->items[f->count] = (struct fact){ xstrdup(label), value, role };
	return &f->items[f->count++];
}

static void PRINTF_LIKE(4, 5)
    add(struct facts *f, const char *label, enum role role, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fact(f, label, role, xvasprintf(fmt, ap));
	va_end(ap);
}

static void
add_heading(struct facts *f, const char *label)
{
	add_fact(f, NULL, ROLE_TEXT, NULL);
	add_fact(f, label, ROLE_TITLE, NULL);
}

static const char *
known(const char *text)
{
	return str_is_empty(text) ? "--" : text;
}

static void
add_identity(struct facts *f, const struct sandbox *s)
{
	struct buf text;

	if (s->name)
		add(f, "name", ROLE_TEXT, "%s", s->name);
	add(f, "id", ROLE_TEXT, "%s", s->state == SANDBOX_CREATING ? "--" : s->id);
	if (s->template_name && !str_eq(s->template_name, s->template_id))
		add(f, "template", ROLE_TEXT, "%s (%s)", s->template_name,
		    known(s->template_id));
	else
		add(f, "template", ROLE_TEXT, "%s", known(s->template_id));
	buf_init(&text, TEXT_MAX);
	facts_add_state(&text, s);
	add_fact(f, "state", facts_state_role(s->state), buf_take(&text));
	facts_add_size(&text, s);
	add(f, "size", ROLE_TEXT, "%s", known(text.data));
	buf_clear(&text);
}

static void
add_times(struct facts *f, const struct sandbox *s, int64_t now_ms)
{
	int64_t left_s = sandbox_left_s(s, now_ms), age_s = sandbox_age_s(s, now_ms);
	char at[16], span[16];

	clock_format_hms(s->started_ms, at, sizeof at);
	duration_format(MAX(age_s, 0), span, sizeof span);
	if (age_s < 0)
		add(f, "started", ROLE_TEXT, "--");
	else
		add(f, "started", ROLE_TEXT, "%s (%s ago)", at, span);
	if (left_s == INT64_MIN) {
		add(f, "ends", ROLE_TEXT,
		    s->state == SANDBOX_PAUSED ? "not while paused" : "--");
		return;
	}
	clock_format_hms(s->end_ms, at, sizeof at);
	duration_format(MAX(left_s, 0), span, sizeof span);
	if (left_s < 0)
		add(f, "ends", ROLE_CRIT, "due since %s", at);
	else
		add(f, "ends", facts_left_role(left_s), "%s (in %s)", at, span);
}

static const char *
flag_text(enum tristate flag, const char *yes, const char *no)
{
	switch (flag) {
	case UNKNOWN:
		return "--";
	case NO:
		return no;
	case YES:
		return yes;
	}
	return "--";
}

static void
add_settings(struct facts *f, const struct sandbox *s, const char *domain)
{
	const char *host = s->domain ? s->domain : domain;

	add(f, "on timeout", ROLE_TEXT, "%s",
	    flag_text(s->pause_on_timeout, "pause (memory kept)", "kill"));
	add(f, "internet", ROLE_TEXT, "%s", flag_text(s->internet, "allowed", "denied"));
	add(f, "envd", ROLE_TEXT, "%s", known(s->envd_version));
	if (!str_is_empty(host))
		add(f, "domain", ROLE_TEXT, "<port>-<id>.%s", host);
}

static void
add_metadata(struct facts *f, const struct sandbox *s)
{
	bool first = true;

	for (size_t i = 0; i < s->metadata.count; i++) {
		const struct pair *p = &s->metadata.items[i];
		if (!is_shown_metadata(s, p))
			continue;
		if (first)
			add_heading(f, "metadata");
		first = false;
		char *label = xasprintf("  %s", p->key);
		add(f, label, ROLE_TEXT, "%s", p->value);
		free(label);
	}
}

static void
add_shell(struct facts *f, const struct shell_info *shell, int64_t now_ms)
{
	char label[24], since[16];

	snprintf(label, sizeof label, "  %lu", (unsigned long)shell->pid);
	if (!shell->ours || !shell->started_ms) {
		add(f, label, ROLE_TEXT, "%s", known(shell->command));
		return;
	}
	duration_format((now_ms - shell->started_ms) / 1000, since, sizeof since);
	add(f, label, ROLE_TEXT, "%s  (ours, %s)", known(shell->command), since);
}

static void
add_shells(struct facts *f, const struct facts_shells *shells, int64_t now_ms)
{
	if (!shells || !shells->asked)
		return;
	add_heading(f, "processes started through envd");
	if (shells->why_not)
		add(f, "  --", ROLE_WARN, "%s", shells->why_not);
	else if (!shells->answered)
		add(f, "  --", ROLE_DIM, "asking");
	else if (shells->list->count == 0)
		add(f, "  none", ROLE_DIM, " ");
	for (size_t i = 0; shells->answered && i < shells->list->count; i++)
		add_shell(f, &shells->list->items[i], now_ms);
}

void
facts_fill(struct facts *out, const struct sandbox *s, const char *domain,
    const struct facts_shells *shells, int64_t now_ms)
{
	*out = (struct facts){ 0 };
	add_identity(out, s);
	add_times(out, s, now_ms);
	add_settings(out, s, domain);
	add_metadata(out, s);
	add_shells(out, shells, now_ms);
}

void
facts_clear(struct facts *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->items[i].label);
		free(f->items[i].value);
	}
	free(f->items);
	*f = (struct facts){ 0 };
}

/* Wide enough for the labels, but never more than two fifths. */
static int
label_width(const struct facts *f, int cols)
{
	int width = LABEL_COLS;

	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].value)
			width = MAX(width, text_width(f->items[i].label));
	return MIN(width, cols * 2 / 5);
}

void
facts_draw(const struct facts *f, struct canvas *c, int top)
{
	int labels = label_width(f, c->area.cols), values = c->area.cols - labels - 1;

	for (int row = 0; row < c->area.rows; row++) {
		size_t i = (size_t)(top + row);
		if (i >= f->count)
			return;
		const struct fact *fact = &f->items[i];
		if (!fact->label)
			continue;
		if (!fact->value) {
			canvas_text(c, row, 0, fact->role, fact->label);
			continue;
		}
		canvas_field(c, row, 0, labels, false, ROLE_DIM, fact->label);
		canvas_field(c, row, labels + 1, values, false, fact->role, fact->value);
	}
}
