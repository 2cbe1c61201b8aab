#include "fleet_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/history.h"
#include "tui/actions.h"
#include "tui/view_fleet.h"

enum { NOW_S = FAKE_NOW_MS / 1000, SAMPLES = 180, EVERY_S = 5 };

const char *const fixture_hostile[] = {
	"\x1b[31mred\x1b[0m",
	"\x1b]52;c;aGFoYQ==\x07",
	"a\nb\r\nc\td",
	"\xe2\x80\xae"
	"gnp.exe",
	"bad \xff\xfe\xc0\x80 utf8",
	"\xc2\x9b"
	"31m",
	"e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe5\x90\x8d\xe5\x89\x8d\xe3\x81"
	"\xa7\xe3\x81\x99\xe3\x82\x88\xe3\x81\xad",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
	"%s%n%x%d",
	"",
	"x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x "
	"x x",
	NULL,
};

/* ---- the rig */

static char *
api_url(void)
{
	static int listener = -1; /* open until the program ends */
	static struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof address;

	if (listener < 0) {
		listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_true(listener >= 0);
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		assert_int_equal(
		    bind(listener, (const struct sockaddr *)&address, len), 0);
		assert_int_equal(listen(listener, 64), 0);
		assert_int_equal(
		    getsockname(listener, (struct sockaddr *)&address, &len), 0);
	}
	return xasprintf("http://127.0.0.1:%d", ntohs(address.sin_port));
}

static char *
envd_url(void *ctx, const char *sandbox_id, const char *sandbox_domain)
{
	(void)ctx;
	(void)sandbox_id;
	(void)sandbox_domain;
	return api_url();
}

struct fake *
fixture_new(const struct fixture_options *options)
{
	const struct app_options app = { .prefix = "^B",
		.order_hold_ms = 2000,
		.ttl_s = 900,
		.extend_s = 900,
		.animations = true,
		.confirm_by_name = options->confirm_by_name,
		.which_key_ms = -1,
		.sort = options->sort };
	char *url = api_url();
	struct fleet_settings fleet = { .api_url = url,
		.key = "e2b_0123456789abcdef",
		.profile = options->local ? "local" : "prod-eu",
		.domain = options->local ? NULL : "e2b.app",
		.local_host = options->local,
		.read_only = options->read_only,
		.ttl_s = 900,
		.extend_s = 900,
		.envd_url = envd_url };
	struct fake *f = fake_new(&(struct fake_options){ .rows = options->rows,
	    .cols = options->cols,
	    .ascii = options->ascii,
	    .tier = options->tier,
	    .fleet = &fleet,
	    .app = &app });

	free(url);
	app_add_handlers(fake_app(f), action_handlers);
	app_add_base(fake_app(f), CMD_VIEW_FLEET, &view_fleet);
	app_show(fake_app(f), &view_fleet);
	return f;
}

void
fixture_changed(struct fake *f)
{
	fake_model(f)->revision++;
	app_dirty(fake_app(f));
}

/* ---- rows */

/* Up and down between 0 and 2 * level, the same every time. */
static int
wave(int i, int level, int phase)
{
	static const int shape[] = { 0, 2, 5, 9, 14, 18, 20, 19, 15, 10, 6, 3, 1 };
	int at = shape[(i + phase) % (int)ARRAY_LEN(shape)];

	return CLAMP(level * (at + 10) / 20, 0, 100);
}

/* Sample `i` of SAMPLES, the last of which is of now. */
static void
add_sample(struct sandbox *s, int i, int cpu, int mem)
{
	int phase = (unsigned char)s->id[1];
	bool last = i + 1 == SAMPLES;
	int percent = last ? mem : wave(i / 7, mem, phase);
	struct sample sample = { .ts_s = NOW_S - (SAMPLES - 1 - i) * EVERY_S,
		.cpu_count = s->cpu_count,
		.cpu_pct = (float)(last ? cpu : wave(i / 3, cpu, phase)),
		.mem_used = (512 << 20) / 100 * (uint64_t)percent,
		.mem_total = 512 << 20,
		.mem_cache = 118 << 20,
		.disk_used = (uint64_t)1536 << 20,
		.disk_total = (uint64_t)2432 << 20 };

	if (!s->history)
		s->history = history_new(SAMPLES);
	history_add(s->history, &sample);
	s->sample = sample;
	s->has_sample = true;
}

void
fixture_add_history(struct sandbox *s, int cpu, int mem)
{
	for (int i = 0; i < SAMPLES; i++)
		add_sample(s, i, cpu, mem);
}

static void
set_metadata(struct sandbox *s, const char *metadata)
{
	struct strlist words = { 0 };

	if (str_is_empty(metadata))
		return;
	strlist_split(&words, metadata, ' ');
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		assert_non_null(equals);
		*equals = '\0';
		pairs_set(&s->metadata, words.items[i], equals + 1);
	}
	strlist_clear(&words);
}

struct sandbox *
fixture_add(struct model *m, const struct fixture_row *row)
{
	struct sandbox *s = model_add(m, row->id);

	s->name = text_clean_dup(row->name);
	s->template_id = xstrdup("rki5dems9wqfm4r03t7g");
	s->template_name = text_clean_dup(row->template_name);
	s->state = row->state;
	s->started_ms = FAKE_NOW_MS - (int64_t)row->age_s * 1000;
	s->end_ms = row->left_s ? FAKE_NOW_MS + (int64_t)row->left_s * 1000 : 0;
	s->first_seen_ms = s->started_ms;
	s->cpu_count = 2;
	s->memory_mb = 512;
	s->disk_mb = 2432;
	s->envd_version = xstrdup("0.4.3");
	set_metadata(s, row->metadata);
	if (row->cpu >= 0)
		fixture_add_history(s, row->cpu, row->mem);
	return s;
}

enum { M = 60, H = 3600, D = 86400 };

static const struct fixture_row rows[] = {
	{ "itrqigf3cbfpq8bn2q4ta", "eval-4", "py312", SANDBOX_RUNNING, 96, 62,
	    2 * H + 9 * M, H + 10 * M, "user=chen" },
	{ "iysc5h0fuznecqufqg0t5", "eval-46", "gpu-tools", SANDBOX_RUNNING, 87, 54,
	    2 * H + 22 * M, H + 10 * M, "user=123" },
	{ "irk50tqwdqcw1tepwp715", "ci-69", "py312", SANDBOX_RUNNING, 78, 41, H + 47 * M,
	    2 * H + 5 * M, "user=123" },
	{ "iqi87fdhjk3e0059sahtx", "build-47", "base", SANDBOX_RUNNING, 70, 45,
	    H + 29 * M, 4 * M, NULL },
	{ "iv8njzk9aw7bhzvrdrff7", "eval-81", "base", SANDBOX_RUNNING, 64, 76, 9 * M,
	    3 * D, "user=eli" },
	{ "inv1z494hrqexbqqaedqe", "build-28", "base", SANDBOX_RUNNING, 58, 50, 95, 3 * D,
	    NULL },
	{ "i62ngg3y325dgd1xgrnn4", "swarm-32", "py312", SANDBOX_RUNNING, 52, 62, -5,
	    H + 10 * M, NULL },
	{ "ij3k9x0abq7m2v5tz8wrc", "agent-42", "base", SANDBOX_RUNNING, 46, 41, 42 * M,
	    2 * H + 6 * M, "user=ana app=triage run=2f71c0" },
	{ "i8fmeer1hrcf29wspwrs1", "ci-8", "py312", SANDBOX_RUNNING, 43, 90,
	    3 * H + 20 * M, 17 * M, NULL },
	{ "isiyerzuk4v9avgishgjt", "demo-65", "node20", SANDBOX_PAUSED, 39, 85, -90 * M,
	    2 * H + 5 * M, "user=dara" },
	{ "i3tcaxisk43ahejczj3ic", NULL, "node20", SANDBOX_RUNNING, 0, 54, 2 * H + 13 * M,
	    H + 10 * M, NULL },
	{ "ijrkm2bmx2rtkg0c6qn5y", "build-80", NULL, SANDBOX_RUNNING, 33, 37, 42 * M,
	    H + 10 * M, NULL },
	{ "i81xbhsmscg3yw38h0nsc", "crawler-45", "gpu-tools", SANDBOX_RUNNING, -1, -1,
	    H + 23 * M, 8, NULL },
	{ "iv2w1uin20mv1avup3w54", "crawler-65", "desktop", SANDBOX_RUNNING, -1, -1,
	    3 * H + 50 * M, 42 * M, NULL },
	{ "irvqnjbcr6e52n071rjag", "notebook-12", "desktop", SANDBOX_PAUSING, 25, 36,
	    3 * H, H + 10 * M, NULL },
	{ "new-0", "fresh", "base", SANDBOX_CREATING, -1, -1, 0, 1, NULL },
	{ "i4834k64srt97rt4eurtx", "notebook-97", "node20", SANDBOX_RESUMING, -1, -1, 0,
	    H + 10 * M, NULL },
	{ "ix52dp20b06ayv02q7qt3", "build-53", "desktop", SANDBOX_KILLING, 21, 11,
	    2 * H + 42 * M, D + 2 * H, NULL },
	{ "i18a52dn9z74dptiu47hb", "old-15", "base", SANDBOX_GONE, 11, 85, H, 4 * M,
	    NULL },
	{ "ihj7u8t266r5j0n8iet2x", "odd-60", "code-int", SANDBOX_OTHER, 10, 42,
	    2 * H + 46 * M, 2 * H, NULL },
	{ "i6yx05wnr0q2cw600j7ci", "parked-1", "py312", SANDBOX_PAUSED, -1, -1, -3 * D,
	    4 * D, NULL },
	{ "ije6sx1fx0w7ceruqf3gg", "ci-53", "desktop", SANDBOX_RUNNING, 9, 29, 55 * M,
	    5 * H + 33 * M, NULL },
};

/* Figures of one that nobody measured for a minute, and a hole in its past. */
static void
make_stale(struct sandbox *s, int cpu, int mem)
{
	history_free(s->history);
	s->history = NULL;
	for (int i = 0; i < SAMPLES - 12; i++)
		if (i < 120 || i >= 140)
			add_sample(s, i, cpu, mem);
}

void
fixture_fill(struct model *m)
{
	struct sandbox *s;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		fixture_add(m, &rows[i]);
	s = model_find(m, "i18a52dn9z74dptiu47hb");
	s->gone_ms = FAKE_NOW_MS - 20000;
	s->gone_reason = xstrdup("killed by you");
	s = model_find(m, "ihj7u8t266r5j0n8iet2x");
	s->state_text = xstrdup("hibernating");
	s = model_find(m, "ij3k9x0abq7m2v5tz8wrc");
	s->shells = 2;
	s->has_detail = true;
	s->pause_on_timeout = s->internet = YES;
	s->changed_ms = FAKE_NOW_MS - 500;
	make_stale(model_find(m, "inv1z494hrqexbqqaedqe"), 58, 50);
	m->state = COLLECTION_READY;
	m->synced_ms = FAKE_NOW_MS - 2000;
	m->total_running = 14;
	m->loaded = (int64_t)m->count;
	m->revision++;
}
