/* shells - which processes envd knows in a running sandbox, so that ours are found again. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "fleet/internal.h"
#include "fleet/session.h"

enum { WORD_MAX = 1000, COMMAND_MAX = 64 * 1024 };

struct shells_request {
	struct shells_request *next; /* borrowed */
	struct fleet *fleet;	     /* borrowed */
	uint64_t id;
	char *sandbox_id; /* owned */
	uint64_t asked;	  /* tick */
	api_call get_call;
	struct envd *envd;  /* owned */
	uint64_t abandoned; /* deferred: it is told that a pause came first; 0: no */
	shells_done *done;
	void *ctx; /* borrowed */
};

void
shell_list_clear(struct shell_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].tag);
		free(l->items[i].command);
	}
	free(l->items);
	*l = (struct shell_list){ 0 };
}

static void
request_free(struct shells_request *r)
{
	struct fleet *f = r->fleet;
	struct shells_request **at = &f->shells_requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	api_cancel(f->api, r->get_call);
	loop_defer_cancel(f->loop, r->abandoned);
	envd_free(r->envd);
	free(r->sandbox_id);
	free(r);
}

/* The owner's callback comes last: it may do anything. */
static void
finish(struct shells_request *r, const struct shell_list *list, const struct error *err)
{
	const struct shell_list none = { 0 };
	shells_done *done = r->done;
	void *ctx = r->ctx;
	struct error copy = *err;

	request_free(r);
	done(ctx, list ? list : &none, &copy);
}

/* "sandtop/1/<8 hex digits>/<unix time>" */
static bool
parse_tag(const char *tag, int64_t *started_ms)
{
	static const char prefix[] = "sandtop/1/";
	const size_t digits = 8;
	int64_t seconds;

	if (!str_has_prefix(tag, prefix))
		return false;
	tag += sizeof prefix - 1;
	if (strspn(tag, "0123456789abcdef") != digits || tag[digits] != '/' ||
	    !parse_int(tag + digits + 1, 0, INT64_MAX / 1000, &seconds))
		return false;
	*started_ms = seconds * 1000;
	return true;
}

/* A script that is an argument would fill the screen: its beginning tells enough. */
static void
add_word(struct buf *out, const char *word)
{
	size_t len = strlen(word);

	text_clean(out, word, MIN(len, (size_t)WORD_MAX));
	if (len > WORD_MAX)
		buf_add_str(out, "...");
}

static char *
command_text(const struct process_config *config)
{
	struct buf out;

	buf_init(&out, COMMAND_MAX);
	add_word(&out, str_is_empty(config->cmd) ? "?" : config->cmd);
	for (size_t i = 0; i < config->args.count && out.len < COMMAND_MAX / 2; i++) {
		buf_add_char(&out, ' ');
		add_word(&out, config->args.items[i]);
	}
	return buf_take(&out);
}

static void
on_listed(void *ctx, const struct process_list *list, const struct error *err)
{
	struct shells_request *r = ctx;
	struct shell_list shells = { 0 };

	if (err->code == ERROR_NONE) {
		shells.items = xcalloc(list->count + 1, sizeof *shells.items);
		shells.count = list->count;
	}
	for (size_t i = 0; i < shells.count; i++) {
		struct shell_info *shell = &shells.items[i];
		shell->pid = list->items[i].pid;
		shell->tag = xstrdup(list->items[i].tag);
		shell->command = command_text(&list->items[i].config);
		shell->ours = parse_tag(shell->tag, &shell->started_ms);
	}
	finish(r, &shells, err);
	shell_list_clear(&shells);
}

/* Nothing is asked of a sandbox that does not run, or is about to be paused (law 1). */
static void
on_known(void *ctx, const struct rest_sandbox *news, const struct error *err)
{
	struct shells_request *r = ctx;
	struct fleet *f = r->fleet;

	r->get_call = 0;
	if (err->code == ERROR_NOT_FOUND)
		fleet_take_absence(f, r->sandbox_id, r->asked);
	if (err->code != ERROR_NONE) {
		finish(r, NULL, err);
		return;
	}

	const struct sandbox *s = fleet_take_news(f, news, r->asked, true);
	bool past = s->end_ms != 0 && s->end_ms <= fleet_now_ms(f);
	if (s->state != SANDBOX_RUNNING || (!past && !fleet_may_attach(f, s))) {
		finish(r, NULL, err);
		return;
	}
	r->envd = fleet_envd(f, s, NULL);
	envd_list(r->envd, on_listed, r);
}

static void
tell_abandoned(void *ctx)
{
	struct shells_request *r = ctx;
	struct error none = { 0 };

	r->abandoned = 0;
	finish(r, NULL, &none);
}

void
shells_before_pause(struct fleet *f, const char *sandbox_id)
{
	for (struct shells_request *r = f->shells_requests; r; r = r->next) {
		if (!r->envd || !str_eq(r->sandbox_id, sandbox_id))
			continue;
		envd_free(r->envd);
		r->envd = NULL;
		r->abandoned = loop_defer(f->loop, tell_abandoned, r);
	}
}

uint64_t
fleet_shells(struct fleet *f, const char *sandbox_id, shells_done *done, void *ctx)
{
	struct shells_request *r = xcalloc(1, sizeof *r);

	r->fleet = f;
	r->id = ++f->next_id;
	r->sandbox_id = xstrdup(sandbox_id);
	r->done = done;
	r->ctx = ctx;
	r->next = f->shells_requests;
	f->shells_requests = r;
	r->asked = fleet_tick(f);
	r->get_call = api_get(f->api, sandbox_id, on_known, r);
	return r->id;
}

void
fleet_shells_cancel(struct fleet *f, uint64_t id)
{
	for (struct shells_request *r = f->shells_requests; r; r = r->next) {
		if (r->id != id)
			continue;
		request_free(r);
		return;
	}
}

void
shells_clear(struct fleet *f)
{
	while (f->shells_requests)
		request_free(f->shells_requests);
}
