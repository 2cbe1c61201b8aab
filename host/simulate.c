#include "host/simulate.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "host/sandbox_internal.h"

#define MINUTE_S ((int64_t)60)
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)
#define KEPT_S (7 * DAY_S)
#define PAUSED_OF_100 15

static const struct {
	const char *id, *alias;
	int cpu_count;
	int64_t memory_mb, disk_mb;
} sim_templates[] = {
	{ "localsim000000000001", "sim-base", 2, 512, 10240 },
	{ "localsim000000000002", "sim-code-interpreter-v1", 2, 1024, 10240 },
	{ "localsim000000000003", "sim-node-22", 2, 1024, 10240 },
	{ "localsim000000000004", "sim-browser", 4, 2048, 20480 },
	{ "localsim000000000005", "sim-training", 8, 8192, 40960 },
};

static const char *const jobs[] = { "crawler", "embeddings", "notebook", "code-review",
	"docs-preview", "ingest", "eval", "agent", "report", "build", "scraper", "chat" };
static const char *const projects[] = { "search", "reports", "docs", "platform",
	"assistant", "billing" };
static const char *const users[] = { "ana", "ben", "chen", "dora", "emil", "fatou" };

/* ---- numbers that look like chance and are always the same */

static uint32_t
scatter(uint32_t number, uint32_t salt)
{
	uint32_t x = number * 0x9e3779b1u ^ salt * 0x85ebca6bu;

	x = (x ^ (x >> 16)) * 0x7feb352du;
	x = (x ^ (x >> 15)) * 0x846ca68bu;
	return x ^ (x >> 16);
}

enum salt {
	SALT_SHAPE,
	SALT_PHASE,
	SALT_LEVEL,
	SALT_TEMPLATE,
	SALT_JOB,
	SALT_STATE,
	SALT_STARTED,
	SALT_LEFT,
	SALT_ENDING,
	SALT_PERIOD
};

static uint32_t
pick(uint32_t number, enum salt salt, size_t choices)
{
	return scatter(number, (uint32_t)salt) % (uint32_t)choices;
}

/* 0 to 1. */
static double
noise(uint32_t number, int64_t ts_s)
{
	return (double)(scatter(number, (uint32_t)(ts_s / METRICS_PERIOD_S)) & 0xffff) /
	       65535;
}

/* ---- what they measure */

/* Where in its period it is, 0 to 1. */
static double
phase(uint32_t number, int64_t ts_s, int64_t period_s)
{
	int64_t shift_s = (int64_t)(scatter(number, SALT_PHASE) % (uint32_t)period_s);

	return (double)((ts_s + shift_s) % period_s) / (double)period_s;
}

/* Up and down, softly: 0 to 1. */
static double
wave(double at)
{
	double up = at < 0.5 ? at * 2 : 2 - at * 2;

	return up * up * (3 - 2 * up);
}

/* Percent of all its CPUs: of ten, four idle, three in waves, two with spikes, one busy. */
static double
cpu_of(uint32_t number, int64_t ts_s)
{
	uint32_t shape = pick(number, SALT_SHAPE, 10);
	int64_t period_s = 120 + (int64_t)pick(number, SALT_PERIOD, 480);
	double at = phase(number, ts_s, period_s), shake = noise(number, ts_s);

	if (shape < 4)
		return shake * 1.5;
	if (shape < 7)
		return 3 + wave(at) * (30 + pick(number, SALT_LEVEL, 50)) + shake * 4;
	if (shape < 9)
		return at < 0.12 ? 82 + shake * 18 : shake * 3;
	return 70 + shake * 28;
}

/* Share of its memory: rises over ten minutes to an hour, then is given back. */
static double
memory_of(uint32_t number, int64_t ts_s)
{
	int64_t period_s = 600 + (int64_t)pick(number, SALT_PERIOD, 3000);
	double base = 0.1 + pick(number, SALT_LEVEL, 50) / 100.0;

	return base + 0.3 * phase(number, ts_s, period_s) + 0.01 * noise(number, ts_s);
}

struct sample_scale
simulate_scale(const struct sandbox *s)
{
	return (struct sample_scale){ s->info.cpu_count,
		(uint64_t)s->info.memory_mb << 20, (uint64_t)s->info.disk_mb << 20 };
}

void
simulate_sample(const struct sandbox *s, int64_t ts_s, struct sample *out)
{
	double memory_kb = (double)(s->info.memory_mb << 10);
	double disk_kb = (double)(s->info.disk_mb << 10);
	double used, age;

	ts_s -= ts_s % METRICS_PERIOD_S;
	used = memory_of(s->simulated, ts_s);
	age = (double)((ts_s - s->created_ms / 1000) % DAY_S) / (double)DAY_S;
	*out = (struct sample){
		.ts_s = ts_s,
		.cpu_pct = (float)((int)(cpu_of(s->simulated, ts_s) * 100) / 100.0),
		.mem_used_kb = (uint32_t)(memory_kb * used),
		.mem_cache_kb = (uint32_t)(memory_kb * used / 4),
		.disk_used_kb = (uint32_t)(disk_kb * (0.1 + 0.3 * MAX(age, 0.0))),
	};
}

void
simulate_span(const struct sandbox *s, int64_t *first_s, int64_t *last_s)
{
	int64_t now_s = clock_wall_ms() / 1000;

	*last_s = s->state == SANDBOX_RUNNING ? now_s : s->info.end_ms / 1000;
	*first_s = MAX(s->created_ms / 1000, now_s - KEPT_S);
}

struct sample *
simulate_history(const struct sandbox *s, int64_t start_s, int64_t end_s, int64_t step_s,
    size_t *count)
{
	int64_t first_s, last_s;
	struct sample *samples;

	simulate_span(s, &first_s, &last_s);
	start_s = MAX(start_s, first_s);
	end_s = MIN(end_s, last_s);
	*count = 0;
	if (start_s > end_s)
		return xcalloc(1, sizeof *samples);
	samples = xcalloc((size_t)((end_s - start_s) / step_s) + 1, sizeof *samples);
	for (int64_t at_s = start_s; at_s <= end_s; at_s += step_s) {
		simulate_sample(s, at_s, &samples[*count]);
		if (samples[*count].ts_s >= start_s)
			(*count)++;
	}
	return samples;
}

/* ---- making them */

static void
fill_metadata(struct rest_sandbox *info, uint32_t number)
{
	uint32_t job = pick(number, SALT_JOB, ARRAY_LEN(jobs));
	char name[48];

	snprintf(name, sizeof name, "%s-%04u", jobs[job], number);
	pairs_set(&info->metadata, "name", name);
	pairs_set(&info->metadata, "user", users[number % ARRAY_LEN(users)]);
	pairs_set(&info->metadata, "project", projects[job % ARRAY_LEN(projects)]);
	pairs_set(&info->metadata, "simulated", "true");
}

static void
fill_times(struct rest_sandbox *info, uint32_t number, int64_t now_ms)
{
	int64_t ran_s = MINUTE_S + pick(number, SALT_STARTED, 3 * HOUR_S);
	/* One of eight ends within the hour. */
	int64_t left_s = pick(number, SALT_ENDING, 8) == 0
			     ? 10 * MINUTE_S + pick(number, SALT_LEFT, 50 * MINUTE_S)
			     : HOUR_S + pick(number, SALT_LEFT, 19 * HOUR_S);

	info->pause_on_timeout = number % 3 == 0 ? REST_YES : REST_NO;
	info->state = REST_STATE_RUNNING;
	if (pick(number, SALT_STATE, 100) < PAUSED_OF_100) {
		info->state = REST_STATE_PAUSED;
		left_s = -(int64_t)pick(number, SALT_LEFT, 5 * DAY_S);
	}
	info->end_ms = now_ms + left_s * 1000;
	info->started_ms = MIN(now_ms, info->end_ms) - ran_s * 1000;
}

static void
add(struct registry *r, uint32_t number, int64_t now_ms)
{
	uint32_t template = pick(number, SALT_TEMPLATE, ARRAY_LEN(sim_templates));
	struct rest_sandbox info = {
		.id = xcalloc(1, 22),
		.template_id = xstrdup(sim_templates[template].id),
		.alias = xstrdup(sim_templates[template].alias),
		.envd_version = xstrdup(HOST_ENVD_VERSION),
		.envd_token = xcalloc(1, 33),
		.cpu_count = sim_templates[template].cpu_count,
		.memory_mb = sim_templates[template].memory_mb,
		.disk_mb = sim_templates[template].disk_mb,
		.internet = REST_NO,
		.auto_resume = REST_NO,
	};
	struct sandbox *s;

	info.id[0] = 'i';
	random_id(info.id + 1, 20);
	random_hex(info.envd_token, 32);
	fill_metadata(&info, number);
	fill_times(&info, number, now_ms);
	s = registry_add_simulated(r, &info, number);
	s->state = s->info.state == REST_STATE_PAUSED ? SANDBOX_PAUSED : SANDBOX_RUNNING;
	s->created_ms = s->info.started_ms;
	s->timeout_s = MAX((s->info.end_ms - s->info.started_ms) / 1000, MINUTE_S);
	s->pause_memory = true;
}

void
simulate_fill(struct registry *r, int count)
{
	int64_t now_ms = clock_wall_ms();

	for (int i = 1; i <= count; i++)
		add(r, (uint32_t)i, now_ms);
	registry_schedule(r);
}
