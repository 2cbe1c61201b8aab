#include "tui/clipboard.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/dialog.h"

enum { SHOWN_BYTES = 60 };

void
clipboard_init(struct clipboard *c, struct app *app)
{
	*c = (struct clipboard){ .app = app };
}

static void
forget_question(struct clipboard *c)
{
	free(c->asked);
	free(c->bytes);
	c->asked = c->bytes = NULL;
	c->len = 0;
}

void
clipboard_clear(struct clipboard *c)
{
	forget_question(c);
	strlist_clear(&c->allowed);
}

static void
copy_out(struct clipboard *c, const char *bytes, size_t len)
{
	struct screen *screen = app_screen(c->app);

	if (!screen)
		return;
	screen->type->copy(screen, bytes, len);
	app_say(c->app, MESSAGE_INFO, "%zu bytes went to the clipboard", len);
}

static void
on_answer(void *ctx, const struct dialog_answer *answer)
{
	struct clipboard *c = ctx;

	if (answer->yes) {
		strlist_add(&c->allowed, c->asked);
		copy_out(c, c->bytes, c->len);
	}
	forget_question(c);
}

static const struct dialog_events events = { .answer = on_answer };

static void
ask(struct clipboard *c, const char *sandbox_id, const char *label, const char *bytes,
    size_t len)
{
	char *start = xstrndup(bytes, MIN(len, (size_t)SHOWN_BYTES)),
	     *clean = text_clean_dup(start);
	char *body = xasprintf("It wants to put %zu bytes there, beginning with:\n%s\n"
			       "Yes allows it for this sandbox until you quit.",
	    len, clean);
	char *title = xasprintf("%s writes your clipboard", label);

	c->asked = xstrdup(sandbox_id);
	c->bytes = xmemdup(bytes, len);
	c->len = len;
	dialog_open(c->app,
	    &(struct dialog_options){
		.level = DIALOG_YES_NO, .title = title, .body = body, .verb = "allow" },
	    &events, c);
	free(start);
	free(clean);
	free(body);
	free(title);
}

void
clipboard_write(struct clipboard *c, const char *sandbox_id, const char *label,
    const char *bytes, size_t len)
{
	const char *policy = app_settings(c->app)->remote_clipboard;

	if (str_eq(policy, "off") || c->asked)
		return;
	if (str_eq(policy, "focused") || strlist_has(&c->allowed, sandbox_id))
		copy_out(c, bytes, len);
	else
		ask(c, sandbox_id, label, bytes, len);
}
