#include "host/team.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/sandbox.h"
#include "host/store.h"

struct team {
	struct loop *loop;	   /* borrowed */
	struct registry *registry; /* borrowed */
	struct store *store;	   /* borrowed */
	struct timer *tick;	   /* owned */
	int64_t most, started;	   /* since the last sample */
};

static int64_t
count_running(const struct team *t)
{
	int64_t count = 0;

	for (const struct sandbox *s = registry_first(t->registry); s; s = s->next)
		count += s->state == SANDBOX_RUNNING && !s->simulated;
	return count;
}

static void
sample(struct team *t, int64_t running)
{
	store_add_team(
	    t->store, clock_wall_ms() / 1000, MAX(t->most, running), t->started);
	t->most = running;
	t->started = 0;
}

/* The last sample says that nothing runs any more. */
static void
on_tick(void *ctx)
{
	struct team *t = ctx;
	int64_t running = count_running(t);

	if (running == 0 && t->most == 0)
		timer_stop(t->tick);
	sample(t, running);
}

struct team *
team_new(struct loop *loop, struct registry *registry, struct store *store)
{
	struct team *t = xcalloc(1, sizeof *t);

	t->loop = loop;
	t->registry = registry;
	t->store = store;
	t->tick = timer_new(loop, on_tick, t);
	return t;
}

void
team_free(struct team *t)
{
	if (!t)
		return;
	if (t->started > 0)
		sample(t, 0);
	timer_free(t->tick);
	free(t);
}

void
team_started(struct team *t)
{
	t->started++;
	t->most = MAX(t->most, count_running(t));
	if (timer_is_active(t->tick))
		return;
	sample(t, t->most); /* the first need not wait */
	timer_start(t->tick, METRICS_PERIOD_S * UINT64_C(1000),
	    METRICS_PERIOD_S * UINT64_C(1000));
}
