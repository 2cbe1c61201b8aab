/* chrome - header, banner, message row and hints around every full view. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "tui/app_internal.h"

/* Header, banner, message row and hints: what every full view has around it. */
/* The banner pushes the body down by one row for as long as a condition lasts. */
enum {
	HEADER_ROWS = 1,
	FOOT_ROWS = 2,
	HINTS_MAX = 24,
	PART_MAX = 512,
	MS_PER_S = 1000,
};

/* What the header leaves out, step by step, until it fits. */
struct header_parts {
	bool where, seconds, clock, long_age, age, tool;
};

static const struct header_parts header_steps[] = {
	{ .where = true,
	    .seconds = true,
	    .clock = true,
	    .long_age = true,
	    .age = true,
	    .tool = true },
	{ .where = true, .clock = true, .long_age = true, .age = true, .tool = true },
	{ .where = true, .clock = true, .age = true, .tool = true },
	{ .clock = true, .age = true, .tool = true },
	{ .age = true, .tool = true },
	{ .age = true },
	{ 0 },
};

static const struct model *
model_of(const struct app *a)
{
	return a->fleet ? fleet_model(a->fleet) : NULL;
}

static bool
has_banner(const struct app *a)
{
	const struct model *m = model_of(a);

	return m && m->state == COLLECTION_FAILED;
}

/* ---- header */

static void
add_age(const struct app *a, bool is_long, struct buf *out)
{
	const struct model *m = model_of(a);
	char age[16];

	if (!m)
		return;
	if (m->state == COLLECTION_FAILED) {
		buf_add_str(
		    out, m->error.code == ERROR_DENIED ? "KEY REFUSED" : "OFFLINE");
		return;
	}
	if (m->state == COLLECTION_LOADING) {
		if (m->loaded && m->total_running > m->loaded)
			buf_addf(out, "%lld of %lld ...", (long long)m->loaded,
			    (long long)m->total_running);
		else
			buf_addf(out, m->loaded ? "%lld ..." : "loading",
			    (long long)m->loaded);
		return;
	}
	duration_format(MAX(app_now_ms(a) - m->synced_ms, 0) / MS_PER_S, age, sizeof age);
	buf_addf(out, "%s%s ago", is_long ? "synced " : "", age);
}

static void
add_part(struct buf *out, const char *text)
{
	if (*text)
		buf_addf(out, "%s%s", out->len ? "  " : "", text);
}

static void
build_right(
    const struct app *a, const struct header_parts *p, const char *right, struct buf *out)
{
	char clock[16] = "";
	struct buf age;

	buf_init(&age, PART_MAX);
	if (p->age || has_banner(a))
		add_age(a, p->long_age, &age);
	if (p->seconds)
		clock_format_hms(app_now_ms(a), clock, sizeof clock);
	else if (p->clock)
		clock_format_hm(app_now_ms(a), clock, sizeof clock);
	add_part(out, right);
	add_part(out, age.data);
	add_part(out, clock);
	buf_clear(&age);
}

/* The host that answers: E2B_API_URL may lead elsewhere than the domain says. */
static void
add_host(struct buf *out, const struct app *a, const struct fleet_settings *s)
{
	const char *url = app_settings(a)->api_url;
	const char *at = url ? strstr(url, "://") : NULL;
	const char *host = at ? at + 3 : "";
	size_t len = strcspn(host, "/");
	const char *tail = strlen(s->domain) <= len ? host + len - strlen(s->domain) : "";

	if (len == 0 || s->local_host || strncmp(tail, s->domain, strlen(s->domain)) == 0)
		buf_add_str(out, s->domain);
	else
		text_clean(out, host, len);
}

/* "project @ domain", or what there is of it. */
static void
build_where(const struct app *a, const struct header_parts *p, struct buf *out)
{
	const struct fleet_settings *s = a->fleet ? fleet_settings(a->fleet) : NULL;

	if (!s || !p->where)
		return;
	if (s->project)
		buf_addf(out, "%s%s", s->project, s->domain ? " @ " : "");
	if (s->domain)
		add_host(out, a, s);
}

static void
draw_header_left(struct canvas *c, const struct app *a, const struct header_parts *p,
    const char *crumb, const char *where)
{
	const struct fleet_settings *s = a->fleet ? fleet_settings(a->fleet) : NULL;
	int col = 1;

	if (p->tool)
		col = canvas_text(c, 0, col, ROLE_TITLE, "sandtop") + 2;
	if (s && s->profile)
		col = canvas_textf(c, 0, col, ROLE_PROFILE, "[%s]%s", s->profile,
			  s->read_only ? " read-only" : "") +
		      2;
	col = canvas_text(c, 0, col, ROLE_HEADER, crumb) + 2;
	if (*where)
		canvas_text(c, 0, col, ROLE_DIM, where);
}

static int
left_width(const struct app *a, const struct header_parts *p, const char *crumb,
    const char *where)
{
	const struct fleet_settings *s = a->fleet ? fleet_settings(a->fleet) : NULL;
	int cols = 1 + text_width(crumb) + (p->tool ? 9 : 0);

	if (s && s->profile)
		cols += text_width(s->profile) + 4 + (s->read_only ? 10 : 0);
	return cols + (*where ? 2 + text_width(where) : 0);
}

static void
draw_header(const struct app *a, struct canvas *c, const char *crumb, const char *right)
{
	int cols = c->area.cols;
	struct buf r, where;

	buf_init(&r, PART_MAX);
	buf_init(&where, PART_MAX);
	for (size_t i = 0; i < ARRAY_LEN(header_steps); i++) {
		const struct header_parts *p = &header_steps[i];
		buf_reset(&r);
		buf_reset(&where);
		build_right(a, p, right, &r);
		build_where(a, p, &where);

		int width = text_width(r.data);
		bool last = i + 1 == ARRAY_LEN(header_steps);
		if (!last && left_width(a, p, crumb, where.data) + 2 + width + 1 > cols)
			continue;
		canvas_role(c, 0, 0, cols, ROLE_HEADER);
		draw_header_left(c, a, p, crumb, where.data);
		if (width > 0 && cols - width - 2 > 0) {
			canvas_text(c, 0, cols - width - 2, ROLE_HEADER, " ");
			canvas_text(c, 0, cols - width - 1,
			    has_banner(a) ? ROLE_CRIT : ROLE_HEADER, r.data);
		}
		break;
	}
	buf_clear(&r);
	buf_clear(&where);
}

/* ---- banner: what failed, why, and what happens next (law 7) */

static void
draw_banner(const struct app *a, struct canvas *c)
{
	const struct model *m = model_of(a);
	int64_t now = app_now_ms(a);
	char since[16], span[16], key[16];
	struct buf line;

	buf_init(&line, PART_MAX);
	clock_format_hms(m->since_ms, since, sizeof since);
	buf_addf(&line, "!! %s since %s",
	    m->error.code == ERROR_DENIED ? "KEY REFUSED" : "OFFLINE", since);
	if (m->synced_ms) {
		duration_format(MAX(now - m->synced_ms, 0) / MS_PER_S, span, sizeof span);
		buf_addf(&line, "  data %s old (~)", span);
	}
	if (m->retry_at_ms) {
		duration_format(
		    MAX(m->retry_at_ms - now, 0) / MS_PER_S, span, sizeof span);
		buf_addf(&line, "  retry in %s", span);
	}
	if (keymap_key_of(a->keymap, app_context(a), CMD_REFRESH, key, sizeof key))
		buf_addf(&line, m->retry_at_ms ? " (%s now)" : "  %s retry", key);
	buf_addf(&line, "  %s", m->error.text);
	canvas_field(c, HEADER_ROWS, 0, c->area.cols, false, ROLE_BANNER, line.data);
	buf_clear(&line);
}

/* ---- message row */

static void
draw_unread(const struct app *a, struct canvas *c, int row)
{
	uint64_t unread = app_messages(a)->serial - a->seen_serial;
	char key[16], text[64];

	if (unread == 0 || c->area.cols < 60 ||
	    !keymap_key_of(a->keymap, app_context(a), CMD_MESSAGES, key, sizeof key))
		return;
	if (c->area.cols < 100)
		snprintf(text, sizeof text, "%s messages", key);
	else
		snprintf(text, sizeof text, "%s messages (%llu unread)", key,
		    (unsigned long long)unread);
	canvas_text(c, row, c->area.cols - text_width(text) - 1, ROLE_DIM, text);
}

static void
draw_message(const struct app *a, struct canvas *c, int row)
{
	static const struct {
		const char *sign;
		enum role role;
	} looks[] = {
		[MESSAGE_INFO] = { "i", ROLE_TEXT },
		[MESSAGE_WARNING] = { "!", ROLE_WARN },
		[MESSAGE_ERROR] = { "!!", ROLE_CRIT },
	};
	const struct message *m = messages_current(app_messages(a), app_now_ms(a));
	char key[16];

	if (a->prefix_pending) {
		key_format(a->prefix_key, key, sizeof key);
		canvas_textf(c, row, 1, ROLE_ACCENT, "%s ...  (Esc cancels)", key);
		return;
	}
	draw_unread(a, c, row);
	if (!m)
		return;

	int col = canvas_text(c, row, 1, looks[m->kind].role, looks[m->kind].sign) + 1;
	int room = c->area.cols - col - 1;

	if (text_width(m->text) <= room - 26)
		room = text_width(m->text);
	canvas_field(c, row, col, MIN(room, c->area.cols - col), false,
	    looks[m->kind].role, m->text);
	if (m->count > 1)
		canvas_textf(c, row, col + room, ROLE_DIM, " (%d times)", m->count);
}

/* ---- hints */

static void
draw_hints(const struct app *a, struct canvas *c, int row, enum keymap_context keys)
{
	const struct binding *list[HINTS_MAX];
	struct canvas line = canvas_sub(c, row, 0, 1, c->area.cols);
	int col = 1;
	char prefix[16];

	canvas_fill(&line, ROLE_HINT);
	if (keys == KEYMAP_TERMINALS) { /* a pane takes every key but one */
		key_format(keymap_prefix(a->keymap), prefix, sizeof prefix);
		col = canvas_text(&line, 0, col, ROLE_HINT_KEY, prefix);
		col = canvas_text(&line, 0, col, ROLE_HINT, ", then:") + 2;
		keys = KEYMAP_PREFIX;
	}

	size_t count =
	    keymap_hint_list(a->keymap, keys, c->area.cols - (col - 1), list, HINTS_MAX);

	for (size_t i = 0; i < count; i++) {
		col = canvas_text(&line, 0, col, ROLE_HINT_KEY, list[i]->key) + 1;
		col = canvas_text(&line, 0, col, ROLE_HINT, binding_label(list[i])) + 2;
	}
}

/* ---- public */

struct rect
app_body(const struct app *a, int rows, int cols)
{
	int top = HEADER_ROWS + (has_banner(a) ? 1 : 0);

	return (struct rect){ top, 0, MAX(rows - top - FOOT_ROWS, 0), cols };
}

struct canvas
app_chrome(const struct app *a, struct canvas *c, enum keymap_context keys,
    const char *crumb, const char *right)
{
	int rows = c->area.rows;
	struct rect body = app_body(a, rows, c->area.cols);

	draw_header(a, c, crumb ? crumb : "", right ? right : "");
	if (has_banner(a))
		draw_banner(a, c);
	draw_message(a, c, rows - 2);
	draw_hints(a, c, rows - 1, keys);
	return canvas_sub(c, body.row, body.col, body.rows, body.cols);
}
