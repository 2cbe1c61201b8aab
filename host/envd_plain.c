/* envd_plain - envd's plain HTTP: health, metrics, environment. */
#include "host/envd.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/front.h"
#include "host/reply.h"
#include "host/rest.h"
#include "host/rpc.h"
#include "wire/process.h"

void
serve_health(struct call *c)
{
	request_add_header(c->request, "Cache-Control", "no-store");
	reply_empty(c->request, 204);
}

/* ---- metrics */

static void
fill_metrics(struct sandbox *s, const struct box_stats *stats, struct envd_metrics *m)
{
	uint64_t now_us = clock_mono_us();

	*m = (struct envd_metrics){
		.ts_s = clock_wall_ms() / 1000,
		.cpu_count = s->info.cpu_count,
		.mem_total = (uint64_t)s->info.memory_mb << 20,
		.mem_used = stats->mem_bytes,
		.mem_cache = stats->cache_bytes,
		.disk_used = stats->disk_used,
		.disk_total = stats->disk_total,
	};
	if (s->seen_at_us > 0 && stats->cpu_us >= s->seen_cpu_us)
		m->cpu_used_pct = metrics_cpu_pct(stats->cpu_us - s->seen_cpu_us,
		    now_us - s->seen_at_us, s->info.cpu_count);
	s->seen_at_us = now_us;
	s->seen_cpu_us = stats->cpu_us;
}

static void
on_stats(void *ctx, const struct box_stats *stats)
{
	struct pending *p = ctx;
	struct sandbox *s = registry_find(p->host->registry, p->id);
	struct request *r = rest_pending_end(p);
	struct envd_metrics metrics;
	struct buf body;

	if (!r)
		return;
	if (!stats || !s) {
		reply_error(r, 500, "the sandbox could not be measured");
		return;
	}
	fill_metrics(s, stats, &metrics);
	buf_init(&body, REPLY_MAX);
	envd_metrics_encode(&body, &metrics);
	request_add_header(r, "Cache-Control", "no-store");
	request_reply(r, 200, "application/json", &body);
}

void
serve_metrics(struct call *c)
{
	box_stats(c->sandbox->box, on_stats, rest_pending(c, c->sandbox->info.id, 200));
}

/* ---- the default environment */

void
serve_envs(struct call *c)
{
	const struct sandbox *s = c->sandbox;
	struct pairs envs = { 0 };
	struct buf body;

	sandbox_default_envs(s, &envs);
	buf_init(&body, REPLY_MAX);
	pairs_encode(&body, &envs);
	pairs_clear(&envs);
	request_add_header(c->request, "Cache-Control", "no-store");
	request_reply(c->request, 200, "application/json", &body);
}
