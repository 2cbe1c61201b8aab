/* sandbox_create - new sandboxes: of a template, or like another one. */
#include "host/sandbox_internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"

/* A closed one has a token of its own for its ports. */
static void
copy_network(struct rest_sandbox *info, const struct rest_network *like)
{
	char token[65];

	info->network = *like;
	info->network.mask_host = like->mask_host ? xstrdup(like->mask_host) : NULL;
	info->traffic_token = NULL;
	if (!like->is_closed)
		return;
	random_hex(token, 64);
	info->traffic_token = xstrdup(token);
}

/* A sandbox made from a snapshot shows the template of the first one. */
static const struct template *
shown_template(const struct catalogue *c, const struct build *build)
{
	const struct template *t = build->template;
	const struct template *base =
	    t->kind == TEMPLATE_SNAPSHOT ? catalogue_find(c, t->base_id) : NULL;

	return base ? base : t;
}

static void
fill_info(struct rest_sandbox *info, const struct rest_create *spec,
    const struct build *build, const struct template *shown,
    const struct box_support *support)
{
	char token[65];

	info->id = xcalloc(1, 32);
	info->id[0] = 'i';
	random_id(info->id + 1, 20);
	random_hex(token, 64);
	info->template_id = xstrdup(shown->id);
	info->alias = xstrdup(template_alias(shown));
	info->envd_version = xstrdup(HOST_ENVD_VERSION);
	info->envd_token = xstrdup(token);
	/* Without limits nothing holds a sandbox to the template's CPUs: it has them all. */
	info->cpu_count =
	    support->limits ? build->cpu_count : (int)sysconf(_SC_NPROCESSORS_ONLN);
	info->memory_mb = build->memory_mb;
	info->disk_mb = build->disk_mb;
	info->internet = spec->network.denies_all ? REST_NO : spec->internet;
	copy_network(info, &spec->network);
	info->auto_resume = spec->auto_resume == REST_YES ? REST_YES : REST_NO;
	info->pause_on_timeout = spec->auto_pause == REST_YES ? REST_YES : REST_NO;
	pairs_copy(&info->metadata, &spec->metadata);
}

static void
on_filled(void *ctx, const struct error *err)
{
	struct sandbox *s = ctx;

	s->filling = NULL;
	catalogue_release(s->registry->host->catalogue, s->from);
	s->from = NULL;
	if (err)
		sandbox_fail_start(s, err);
	else
		sandbox_start_box(s);
}

/* Starts a new one, with a copy of the build's tree if it has one. */
static void
begin(struct sandbox *s, struct build *build, sandbox_done *done, void *ctx)
{
	struct host *h = s->registry->host;

	s->state = SANDBOX_STARTING;
	s->created_ms = clock_wall_ms();
	s->resume_timeout_s = s->timeout_s;
	sandbox_wait_for(s, done, ctx);
	if (!build->tree) {
		sandbox_start_box(s);
		return;
	}
	build_hold(build);
	s->from = build;
	s->filling = box_copy_dir(
	    h->loop, build->tree, s->dir, h->init_path, &h->support, on_filled, s);
}

void
sandbox_create(struct registry *r, const struct rest_create *spec, struct build *build,
    int64_t timeout_s, sandbox_done *done, void *ctx)
{
	struct rest_sandbox info = { 0 };
	struct pairs envs = { 0 };
	struct sandbox *s;

	fill_info(&info, spec, build, shown_template(r->host->catalogue, build),
	    &r->host->support);
	pairs_copy(&envs, &build->outset.envs);
	for (size_t i = 0; i < spec->envs.count; i++)
		pairs_set(&envs, spec->envs.items[i].key, spec->envs.items[i].value);
	build->template->spawned_ms = clock_wall_ms();
	build->template->spawn_count++;
	catalogue_save(r->host->catalogue, build->template);
	s = registry_add(r, &info, &envs);
	s->timeout_s = timeout_s;
	s->pause_memory = spec->auto_pause_memory != REST_NO;
	outset_copy(&s->outset, &build->outset);
	begin(s, build, done, ctx);
}

void
sandbox_fork(struct sandbox *source, struct build *files, int64_t timeout_s,
    sandbox_done *done, void *ctx)
{
	const struct rest_sandbox *like = &source->info;
	struct rest_sandbox info = *like;
	struct pairs envs = { 0 };
	struct sandbox *s;
	char token[65];

	info.id = xcalloc(1, 32);
	info.id[0] = 'i';
	random_id(info.id + 1, 20);
	random_hex(token, 64);
	info.envd_token = xstrdup(token);
	info.template_id = xstrdup(like->template_id);
	info.alias = like->alias ? xstrdup(like->alias) : NULL;
	info.envd_version = xstrdup(like->envd_version);
	info.state_text = info.domain = NULL;
	copy_network(&info, &like->network);
	info.metadata = (struct pairs){ 0 };
	pairs_copy(&info.metadata, &like->metadata);
	pairs_copy(&envs, &source->envs);
	s = registry_add(source->registry, &info, &envs);
	s->timeout_s = timeout_s;
	s->pause_memory = source->pause_memory;
	outset_copy(&s->outset, &source->outset);
	begin(s, files, done, ctx);
}
