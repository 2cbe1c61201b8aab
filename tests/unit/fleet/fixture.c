#include "fixture.h"

#include "base/mem.h"

struct sandbox *
fixture_add(struct model *m, const char *id, const char *name, enum sandbox_state state,
    float cpu)
{
	struct sandbox *s = model_add(m, id);

	s->name = xstrdup(name);
	s->template_id = xstrdup("base");
	s->state = state;
	s->started_ms = NOW_MS - 3600 * 1000;
	s->end_ms = state == SANDBOX_RUNNING ? NOW_MS + 600 * 1000 : NOW_MS - 60 * 1000;
	s->cpu_count = 2;
	s->memory_mb = 512;
	s->has_sample = cpu >= 0;
	s->sample = (struct sample){ .ts_s = NOW_MS / 1000 - 3,
		.cpu_count = 2,
		.cpu_pct = cpu,
		.mem_used = 100,
		.mem_total = 200,
		.disk_used = 1,
		.disk_total = 4 };
	return s;
}
