#include "tui/fleet_notes.h"

#include "tui/facts.h"
#include "tui/prose.h"

enum { PATIENCE_MS = 300, TEXT_MAX = 4096, MARGIN = 3 };

/* One paragraph below the other, a blank line between. */
struct page {
	struct canvas *canvas;
	int row;
};

static void
say(struct page *p, enum role role, const char *text)
{
	int cols = p->canvas->area.cols - 2 * MARGIN;

	p->row = prose_draw(p->canvas, p->row, MARGIN, cols, 0, role, text) + 1;
}

static void
key_of(const struct app *app, int command, char *out, size_t size)
{
	facts_key(app_keymap(app), KEYMAP_FLEET, command, out, size);
}

static void
loading(const struct app *app, struct page *p, uint64_t waited_ms)
{
	const struct fleet_settings *s = fleet_settings(app_fleet(app));
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_addf(&text, "Asking %s for its sandboxes", s->domain ? s->domain : "the API");
	if (waited_ms >= PATIENCE_MS)
		buf_addf(&text, " ... %llu s", (unsigned long long)(waited_ms / 1000));
	say(p, ROLE_DIM, text.data);
	buf_clear(&text);
}

static void
empty(const struct app *app, struct page *p)
{
	const struct fleet_settings *s = fleet_settings(app_fleet(app));
	struct buf text;
	char key[16], ttl[24];

	buf_init(&text, TEXT_MAX);
	buf_addf(&text, "No sandboxes in [%s], neither running nor paused.",
	    s->profile ? s->profile : "");
	say(p, ROLE_TITLE, text.data);
	key_of(app, CMD_CREATE, key, sizeof key);
	facts_spell_duration(app_settings(app)->ttl_s, ttl, sizeof ttl);
	buf_reset(&text);
	if (s->read_only)
		buf_add_str(&text, "This profile is read-only: sandboxes that others "
				   "create appear here.");
	else
		buf_addf(&text,
		    "%s creates one here. On the command line:\n"
		    "    sandtop create base --ttl %s",
		    key, ttl);
	say(p, ROLE_TEXT, text.data);
	if (s->local_host && !s->read_only)
		say(p, ROLE_TEXT,
		    "A few that do something, for looking around:\n"
		    "    sandtop host sample");
	buf_clear(&text);
}

static void
no_match(const struct app *app, struct page *p, const char *filter)
{
	struct buf text;
	char key[16];

	buf_init(&text, TEXT_MAX);
	buf_addf(&text, "No sandbox matches: %s", filter);
	say(p, ROLE_TITLE, text.data);
	key_of(app, CMD_FILTER, key, sizeof key);
	buf_reset(&text);
	buf_addf(&text, "There are %zu without the filter. Esc clears it, %s changes it.",
	    fleet_model(app_fleet(app))->count, key);
	say(p, ROLE_TEXT, text.data);
	buf_clear(&text);
}

/* Nothing was ever seen; the banner above says the same in one line. */
static void
failed(const struct app *app, struct page *p)
{
	const struct model *m = fleet_model(app_fleet(app));
	const struct fleet_settings *s = fleet_settings(app_fleet(app));
	bool denied = m->error.code == ERROR_DENIED;
	struct buf text;
	char key[16];

	buf_init(&text, TEXT_MAX);
	say(p, ROLE_TITLE, denied ? "The key was refused." : "No answer yet.");
	buf_addf(&text, "[%s]: %s", s->profile ? s->profile : "", m->error.text);
	say(p, ROLE_TEXT, text.data);
	key_of(app, CMD_REFRESH, key, sizeof key);
	buf_reset(&text);
	if (denied)
		buf_addf(&text,
		    "It is not tried again by itself; %s tries once more. "
		    "'sandtop auth' says which key is used and where it comes from.",
		    key);
	else
		buf_addf(&text,
		    "It is tried again by itself; %s tries now. 'sandtop doctor' "
		    "checks account, network and host.",
		    key);
	say(p, ROLE_TEXT, text.data);
	buf_clear(&text);
}

void
fleet_notes_draw(
    const struct app *app, struct canvas *c, const char *filter, uint64_t waited_ms)
{
	const struct model *m = fleet_model(app_fleet(app));
	struct page page = { c, c->area.rows >= 10 ? 2 : 0 };

	if (m->count > 0) {
		no_match(app, &page, filter);
		return;
	}
	switch (m->state) {
	case COLLECTION_LOADING:
		loading(app, &page, waited_ms);
		return;
	case COLLECTION_READY:
		empty(app, &page);
		return;
	case COLLECTION_FAILED:
		if (m->synced_ms)
			empty(app, &page);
		else
			failed(app, &page);
		return;
	}
}
