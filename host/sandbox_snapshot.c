/* sandbox_snapshot - a copy of a sandbox's files while it stands still. */
#include "host/sandbox_internal.h"

#include <stdlib.h>

#include "base/mem.h"

/* A copy of its files under way. */
struct snapshot {
	struct sandbox *sandbox; /* borrowed */
	struct box_copy *copy;	 /* owned */
	sandbox_done *done;
	void *ctx; /* borrowed */
};

void
sandbox_end_snapshot(struct sandbox *s, const struct error *err)
{
	struct snapshot *snapshot = s->snapshot;

	if (!snapshot)
		return;
	s->snapshot = NULL;
	box_copy_cancel(snapshot->copy);
	snapshot->done(snapshot->ctx, err ? NULL : s, err);
	free(snapshot);
	registry_schedule(s->registry);
}

static void
on_snapped(void *ctx, const struct error *err)
{
	struct snapshot *snapshot = ctx;
	struct sandbox *s = snapshot->sandbox;
	struct error thaw = { 0 };

	snapshot->copy = NULL;
	if (s->box && !box_thaw(s->box, &thaw))
		err = &thaw;
	sandbox_note(s, err ? "error" : "info",
	    err ? err->text : "Snapshot of its files taken", NULL);
	sandbox_end_snapshot(s, err);
}

void
sandbox_snapshot(struct sandbox *s, const char *to, sandbox_done *done, void *ctx)
{
	struct host *h = s->registry->host;
	struct error err = { .code = ERROR_CONFLICT,
		.text = "another snapshot of this sandbox is being taken: wait for it" };
	struct snapshot *snapshot;

	if (s->snapshot || !box_freeze(s->box, &err)) {
		done(ctx, NULL, &err);
		return;
	}
	snapshot = s->snapshot = xcalloc(1, sizeof *snapshot);
	snapshot->sandbox = s;
	snapshot->done = done;
	snapshot->ctx = ctx;
	snapshot->copy = box_copy_dir(
	    h->loop, s->dir, to, h->init_path, &h->support, on_snapped, snapshot);
}

void
sandbox_drop_snapshot(struct sandbox *s)
{
	if (s->snapshot)
		box_copy_cancel(s->snapshot->copy);
	free(s->snapshot);
	s->snapshot = NULL;
}
