/* shells - which processes envd knows in a running sandbox, so that ours are found again. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/internal.h"
#include "fleet/session.h"

struct shells_request {
	struct shells_request *next; /* borrowed */
	struct fleet *fleet;	     /* borrowed */
	uint64_t id;
	char *sandbox_id; /* owned */
	api_call get_call;
	struct envd *envd; /* owned */
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
	for (struct shells_request **at = &r->fleet->shells_requests; *at;
	     at = &(*at)->next) {
		if (*at != r)
			continue;
		*at = r->next;
		break;
	}
	if (r->get_call)
		api_cancel(r->fleet->api, r->get_call);
	envd_free(r->envd);
	free(r->sandbox_id);
	free(r);
}

static void
finish(struct shells_request *r, const struct shell_list *list, const struct error *err)
{
	shells_done *done = r->done;
	void *ctx = r->ctx;
	struct error copy = *err;

	request_free(r);
	done(ctx, list, &copy);
}

/* "sandtop/1/<8 hex digits>/<unix time>" */
static bool
parse_tag(const char *tag, int64_t *started_ms)
{
	static const char prefix[] = "sandtop/1/";
	const char *slash;
	int64_t seconds;

	if (!tag || !str_has_prefix(tag, prefix))
		return false;
	slash = strchr(tag + sizeof prefix - 1, '/');
	if (!slash || !parse_int(slash + 1, 0, INT64_MAX / 1000, &seconds))
		return false;
	*started_ms = seconds * 1000;
	return true;
}

static char *
command_text(const struct process_config *config)
{
	struct buf out;

	buf_init(&out, 4096);
	text_clean(&out, config->cmd ? config->cmd : "?",
	    strlen(config->cmd ? config->cmd : "?"));
	for (size_t i = 0; i < config->args.count; i++) {
		buf_add_char(&out, ' ');
		text_clean(&out, config->args.items[i], strlen(config->args.items[i]));
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

/* Nothing is asked of a sandbox that does not run (law 1). */
static void
on_known(void *ctx, const struct rest_sandbox *news, const struct error *err)
{
	struct shells_request *r = ctx;
	struct fleet *f = r->fleet;
	const struct shell_list none = { 0 };

	r->get_call = 0;
	if (err->code == ERROR_NOT_FOUND)
		fleet_mark_gone(
		    f, r->sandbox_id, "not found any more: killed or timed out");
	if (err->code != ERROR_NONE) {
		finish(r, &none, err);
		return;
	}
	struct sandbox *s = fleet_take_news(f, news, fleet_now_ms(f), true);
	if (news->state != REST_STATE_RUNNING) {
		finish(r, &none, err);
		return;
	}
	r->envd = fleet_envd(f, s, NULL);
	envd_list(r->envd, on_listed, r);
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
