/* Creating a sandbox, with a row that stands in for it until it is there. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "fleet/actions_internal.h"

/* It takes the stand-in's place at once, unless a sweep has brought it already. */
static void
add_created(struct action *a, const struct rest_created *created)
{
	struct fleet *f = a->fleet;
	int64_t now_ms = fleet_now_ms(f);
	struct rest_sandbox news = { .id = created->id,
		.template_id = a->create.template_id,
		.alias = created->alias,
		.state = REST_STATE_RUNNING,
		.started_ms = now_ms,
		.end_ms = now_ms + a->create.timeout_s * 1000,
		.envd_version = created->envd_version };

	if (model_find(&f->model, created->id))
		return;
	for (size_t i = 0; i < a->create.metadata.count; i++) {
		const struct pair *pair = &a->create.metadata.items[i];
		char *key = text_clean_dup(pair->key);
		char *value = text_clean_dup(pair->value);
		pairs_set(&news.metadata, key, value);
		free(key);
		free(value);
	}
	fleet_take_news(f, &news, fleet_tick(f), false);
	pairs_clear(&news.metadata);
}

static void
on_created(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct action *a = ctx;
	struct fleet *f = a->fleet;

	model_remove(&f->model, a->id);
	fleet_changed(f);
	if (err->code != ERROR_NONE) {
		action_fail(a, err);
		return;
	}
	add_created(a, created);
	free(a->id);
	a->id = xstrdup(created->id);
	free(a->label);
	a->label = xstrdup(created->id);
	fleet_read(f, a->id, NULL);
	action_end(a, OUTCOME_DONE, err);
}

static void
send_create(struct action *a)
{
	a->create_call = api_create(a->fleet->api, &a->create, on_created, a);
}

void
fleet_add_unsettled(const struct fleet *f, struct buf *out)
{
	for (const struct action *a = f->actions; a; a = a->next) {
		const char *marker =
		    a->create_call ? api_create_marker(f->api, a->create_call) : "";
		if (*marker)
			buf_addf(out,
			    "%s was asked for and not answered: it may still come; "
			    "find it with 'sandtop ls -m %s=%s'\n",
			    a->label, API_MARKER_KEY, marker);
	}
}

/* There is nothing that the id would name. */
static void
after_failed_create(struct action *a, const struct error *err)
{
	(void)err;
	free(a->id);
	a->id = xstrdup("");
}

static const struct action_type action_create = {
	.meanwhile = SANDBOX_OTHER,
	.did = "Created %s",
	.already = "Created %s",
	.failed = "Cannot create %s: %s",
	.send = send_create,
	.after_failure = after_failed_create,
};

static void
fill_create(
    struct rest_create *out, const struct fleet *f, const struct fleet_create *create)
{
	*out = (struct rest_create){ .timeout_s = create->ttl_s > 0 ? create->ttl_s
								    : f->settings.ttl_s,
		.auto_pause = create->pause_on_timeout ? REST_YES : REST_NO,
		.secure = REST_YES,
		.internet = create->internet ? REST_YES : REST_NO,
		.has_metadata = true };
	out->template_id = xstrdup(create->template_id ? create->template_id : "base");
	pairs_copy(&out->metadata, &create->metadata);
	pairs_copy(&out->envs, &create->envs);
}

/* Something to look at while the service works; its id is no real one. */
static void
add_stand_in(struct action *a)
{
	struct fleet *f = a->fleet;
	struct sandbox *s = model_add(&f->model, a->id);

	s->state = SANDBOX_CREATING;
	s->template_id = xstrdup(a->create.template_id);
	s->name = text_clean_dup(pairs_get(&a->create.metadata, "name"));
	s->first_seen_ms = s->started_ms = fleet_now_ms(f);
	fleet_changed(f);
}

void
fleet_create(
    struct fleet *f, const struct fleet_create *create, fleet_done *done, void *ctx)
{
	char *id = xasprintf("new-%llu", (unsigned long long)++f->next_id);
	struct action *a = action_new(f, &action_create, id, done, ctx);
	const char *name = pairs_get(&create->metadata, "name");

	free(id);
	free(a->label);
	a->label = xstrdup(str_is_empty(name) ? "a sandbox" : name);
	fill_create(&a->create, f, create);
	action_send(a);
	if (a->sent)
		add_stand_in(a);
}
