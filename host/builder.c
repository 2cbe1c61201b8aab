#include "host/builder_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "host/journal.h"
#include "host/sandbox.h"

#define AT_ONCE 2
#define READY_MAX_S 120 /* until the ready command has to succeed */
#define READY_EVERY_MS 2000
#define START_GRACE_MS 3000 /* a start command without a ready command stays up so long */

static void start_next(struct builder *b);

/* ---- small things */

void
builder_note(struct work *w, const char *level, const char *text)
{
	char step[24];
	const char *const fields[] = { "step", step, NULL };

	snprintf(step, sizeof step, "%zu", w->step + 1);
	journal_add(
	    w->builder->host->journal, w->build->id, "builder", level, text, fields);
}

static void
work_free(struct work *w)
{
	struct work **at = &w->builder->works;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (w->freeing)
		loop_defer_cancel(w->builder->host->loop, w->freeing);
	errand_free(w->errand, w->box);
	errand_free(w->server, w->box);
	box_copy_cancel(w->copy);
	if (w->base)
		catalogue_release(w->builder->host->catalogue, w->base);
	if (w->transfer)
		w->transfer->work = NULL;
	if (w->box)
		box_give_up(w->box); /* what was asked of it and not answered ends too */
	box_free(w->box);
	timer_free(w->timer);
	timer_free(w->again);
	build_order_clear(&w->order);
	outset_clear(&w->outset);
	buf_clear(&w->said);
	free(w->failure);
	free(w);
}

static void
free_later(void *ctx)
{
	struct work *w = ctx;
	struct builder *b = w->builder;

	w->freeing = 0;
	work_free(w);
	if (b->closing)
		registry_settle(b->host->registry);
	else
		start_next(b);
}

/* Nothing runs any more: what is the build now? */
static void
settle(struct work *w)
{
	struct host *h = w->builder->host;
	char step[24];

	if (w->failure) {
		snprintf(step, sizeof step, "%zu", w->step + 1);
		builder_note(w, "error", w->failure);
		registry_remove_dir(h->registry, w->build->tree);
		free(w->build->tree);
		w->build->tree = NULL;
		catalogue_set_status(h->catalogue, w->build, BUILD_ERROR, w->failure,
		    w->step >= w->order.step_count ? "finalize" : step);
	} else {
		outset_clear(&w->build->outset);
		outset_copy(&w->build->outset, &w->outset);
		builder_note(w, "info", "Template is built");
		catalogue_set_status(h->catalogue, w->build, BUILD_READY, NULL, NULL);
	}
	w->freeing = loop_defer(h->loop, free_later, w);
}

/* Ends everything inside; settle() follows. `why` NULL: it is done. */
static void
finish(struct work *w, const char *why)
{
	if (w->ending)
		return;
	w->ending = true;
	if (why)
		w->failure = xstrdup(why);
	timer_stop(w->timer);
	timer_stop(w->again);
	box_copy_cancel(w->copy);
	w->copy = NULL;
	if (w->box)
		box_kill(w->box);
	else
		settle(w);
}

PRINTF_LIKE(2, 3) void builder_fail(struct work *w, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, 4096);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	finish(w, text.data);
	buf_clear(&text);
}

/* "ended with status 3" */
const char *
builder_end_text(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "was ended by signal %d", WTERMSIG(status));
	else
		snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
	return out;
}

/* ---- errands */

void
builder_on_line(void *ctx, bool error, const char *line)
{
	struct work *w = ctx;

	if (!error)
		buf_addf(&w->said, "%s%s", w->said.len > 0 ? "\n" : "", line);
	builder_note(w, error ? "warn" : "info", line);
}

/* ---- being ready */

static void
on_ready_ended(void *ctx, int status, const char *why)
{
	struct work *w = ctx;

	errand_free(w->errand, w->box);
	w->errand = NULL;
	if (status < 0)
		builder_fail(w, "the ready command could not be run: %s", why);
	else if (status == 0)
		finish(w, NULL);
	else
		timer_start(w->again, READY_EVERY_MS, 0);
}

static void
ask_ready(struct work *w)
{
	static const struct errand_events events = { .line = builder_on_line,
		.ended = on_ready_ended };
	const struct errand_what what = {
		.script = w->order.ready_cmd,
		.user = w->outset.user,
		.cwd = w->outset.workdir,
		.envs = &w->outset.envs,
	};

	if (w->ending || w->errand)
		return;
	w->errand = errand_new(w->builder->host->loop, w->box, &what, &events, w);
}

static void
on_again(void *ctx)
{
	struct work *w = ctx;

	if (w->order.ready_cmd)
		ask_ready(w);
	else
		finish(w, NULL); /* the start command is still there */
}

static void
on_server_ended(void *ctx, int status, const char *why)
{
	struct work *w = ctx;
	char text[64];

	errand_free(w->server, w->box);
	w->server = NULL;
	if (w->ending)
		return;
	if (status < 0)
		builder_fail(w, "the start command could not be run: %s", why);
	else if (status != 0)
		builder_fail(w, "the start command %s",
		    builder_end_text(status, text, sizeof text));
}

static void
start_server(struct work *w)
{
	static const struct errand_events events = { .line = builder_on_line,
		.ended = on_server_ended };
	const struct errand_what what = {
		.script = w->order.start_cmd,
		.user = w->outset.user,
		.cwd = w->outset.workdir,
		.envs = &w->outset.envs,
	};

	builder_note(w, "info", "Running the start command");
	w->outset.start_cmd = xstrdup(w->order.start_cmd);
	w->server = errand_new(w->builder->host->loop, w->box, &what, &events, w);
}

void
builder_begin_ready(struct work *w)
{
	w->readying = true;
	timer_start(w->timer, READY_MAX_S * 1000, 0);
	if (w->order.start_cmd)
		start_server(w);
	if (w->order.ready_cmd) {
		builder_note(w, "info", "Waiting for the template to be ready");
		w->outset.ready_cmd = xstrdup(w->order.ready_cmd);
		ask_ready(w);
	} else if (w->order.start_cmd) {
		timer_start(w->again, START_GRACE_MS, 0);
	} else {
		finish(w, NULL);
	}
}

static void
on_late(void *ctx)
{
	struct work *w = ctx;

	if (w->readying)
		builder_fail(w,
		    "the template was not ready within %d seconds: its ready command "
		    "never succeeded",
		    READY_MAX_S);
	else
		builder_fail(w, "the step took more than an hour");
}

/* ---- the box */

static void
on_box_ready(void *ctx)
{
	struct work *w = ctx;

	if (w->order.step_count > 0)
		builder_run_step(w);
	else
		builder_begin_ready(w);
}

static void
on_box_ended(void *ctx, const struct error *why)
{
	struct work *w = ctx;

	if (!w->ending) {
		w->ending = true;
		w->failure = xasprintf(
		    "the build's container ended: %s", why ? why->text : "it was killed");
	}
	settle(w);
}

static void
on_box_exited(void *ctx, int pid, int status)
{
	struct work *w = ctx;

	if (w->errand && errand_exited(w->errand, pid, status))
		return;
	if (w->server)
		errand_exited(w->server, pid, status);
}

static void
start_box(struct work *w)
{
	static const struct box_events events = {
		.ready = on_box_ready,
		.ended = on_box_ended,
		.exited = on_box_exited,
	};
	struct host *h = w->builder->host;
	struct pairs envs = { .count = 0 };
	struct error err = { 0 };
	/* its own: two that run at once must not share a group of processes */
	char *id = xasprintf("build-%.8s", w->build->id);
	const struct box_options options = {
		.id = id,
		.dir = w->build->tree,
		.init_path = h->init_path,
		.support = &h->support,
		.envs = &envs,
		.internet = true,
		.cpu_count = w->build->cpu_count,
		.memory_mb = w->build->memory_mb,
	};

	pairs_set(&envs, "E2B_TEMPLATE_ID", w->build->template->id);
	w->box = box_new(h->loop, &options, &events, w, &err);
	pairs_clear(&envs);
	free(id);
	if (!w->box)
		finish(w, err.text);
}

static void
on_copied(void *ctx, const struct error *err)
{
	struct work *w = ctx;

	w->copy = NULL;
	catalogue_release(w->builder->host->catalogue, w->base);
	w->base = NULL;
	if (err)
		finish(w, err->text);
	else
		start_box(w);
}

/* The build it starts from; NULL: it has failed. */
static struct build *
find_base(struct work *w)
{
	static const struct {
		const char *image, *template;
	} images[] = {
		{ "e2bdev/base", "base" },
		{ "e2bdev/code-interpreter", "code-interpreter-v1" },
	};
	const struct catalogue *c = w->builder->host->catalogue;
	const char *image = w->order.from_image, *name = w->order.from_template;
	size_t len = image ? strcspn(image, ":@") : 0;
	struct build *b = NULL;

	for (size_t i = 0; image && !name && i < ARRAY_LEN(images); i++)
		if (len == strlen(images[i].image) &&
		    memcmp(image, images[i].image, len) == 0)
			name = images[i].template;
	if (!image && !name)
		name = "base";
	if (name)
		b = catalogue_find_build(c, name);
	if (!name)
		builder_fail(w,
		    "there are no images on the local host, so not '%s' either: "
		    "templates "
		    "start from fromTemplate('base') or fromBaseImage(), with this "
		    "machine's "
		    "own programs",
		    image);
	else if (!b)
		builder_fail(w,
		    "there is no template '%s' to start from, or it is not ready", name);
	return b;
}

static void
start_work(struct work *w)
{
	struct host *h = w->builder->host;
	struct build *base;

	w->running = true;
	catalogue_set_status(h->catalogue, w->build, BUILD_BUILDING, NULL, NULL);
	w->build->tree = catalogue_tree_path(h->catalogue, w->build->id);
	base = find_base(w);
	if (!base)
		return;
	w->build->template->interpreter = base->template->interpreter;
	catalogue_save(h->catalogue, w->build->template);
	outset_copy(&w->outset, &base->outset);
	free(w->outset.start_cmd);
	free(w->outset.ready_cmd);
	w->outset.start_cmd = w->outset.ready_cmd = NULL;
	if (!base->tree) {
		start_box(w);
		return;
	}
	build_hold(base);
	w->base = base;
	w->copy = box_copy_dir(
	    h->loop, base->tree, w->build->tree, h->init_path, &h->support, on_copied, w);
}

static void
start_next(struct builder *b)
{
	size_t running = 0;

	for (struct work *w = b->works; w; w = w->next)
		running += w->running;
	for (struct work *w = b->works; w && running < AT_ONCE; w = w->next)
		if (!w->running) {
			running++;
			start_work(w);
		}
}

/* ---- the builder */

struct builder *
builder_new(struct host *host)
{
	struct builder *b = xcalloc(1, sizeof *b);

	b->host = host;
	return b;
}

void
builder_free(struct builder *b)
{
	while (b && b->works)
		work_free(b->works);
	free(b);
}

void
builder_shutdown(struct builder *b)
{
	b->closing = true;
	for (struct work *w = b->works; w; w = w->next)
		finish(
		    w, "the local host ended while it was being built: build it again");
}

bool
builder_is_idle(const struct builder *b)
{
	return !b || !b->works;
}

void
builder_begin(struct builder *b, struct build *build, struct build_order *order)
{
	struct work *w = xcalloc(1, sizeof *w);
	struct work **at = &b->works;

	w->builder = b;
	w->build = build;
	w->order = *order;
	*order = (struct build_order){ 0 };
	build->ordered = true;
	buf_init(&w->said, 1024 * 1024);
	w->timer = timer_new(b->host->loop, on_late, w);
	w->again = timer_new(b->host->loop, on_again, w);
	while (*at)
		at = &(*at)->next;
	*at = w;
	start_next(b);
}

void
builder_cancel(struct builder *b, const struct template *t)
{
	struct work *next;

	for (struct work *w = b->works; w; w = next) {
		next = w->next;
		if (w->build->template == t)
			work_free(w);
	}
	start_next(b);
}
