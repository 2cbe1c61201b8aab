/*
 * shoot - pictures of the real program: a local host with the sample fleet, the
 * dashboard in a pty, each screen written as SVG. usage: shoot DIR
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "tests/screenshots/svg.h"
#include "tests/support/world.h"

enum { HISTORY_MS = 100000, SETTLE_MS = 1500 };

static const char *out_dir;

static void
settle(struct driver *d, uint64_t for_ms)
{
	uint64_t end_ms = clock_mono_ms() + for_ms;

	while (clock_mono_ms() < end_ms) {
		driver_pump(d);
		poll(NULL, 0, 20);
	}
}

static void
shoot(struct driver *d, const char *name, const char *title)
{
	struct error err = { 0 };
	struct buf svg;
	char *file = xasprintf("%s.svg", name), *path = path_join(out_dir, file);

	settle(d, SETTLE_MS);
	buf_init(&svg, 64 << 20);
	svg_from_pane(driver_pane(d), title, &svg);
	if (!path_write_private(path, svg.data, svg.len, &err))
		fail_msg("%s", err.text);
	buf_clear(&svg);
	free(file);
	free(path);
}

/* One start at one size: keys, then a picture. */
static const struct scene {
	const char *name, *title;
	int rows, cols;
	const char *args[3]; /* of sandtop, NULL at the end */
	/* "?text" waits for the text, else keys; the two ages last longer than a hold. */
	const char *steps[8];
} scenes[] = {
	{ "fleet-80x24", "sandtop", 24, 80, { NULL },
	    { "?ingest", "j", "?1s ago", "?4s ago" } },
	{ "fleet-120x40", "sandtop", 40, 120, { NULL },
	    { "?ingest", "j", "?1s ago", "?4s ago" } },
	{ "fleet-200x60", "sandtop", 60, 200, { NULL },
	    { "?ingest", "j", "?1s ago", "?4s ago" } },
	{ "fleet-ascii-80x24", "sandtop --ascii", 24, 80, { "--ascii" },
	    { "?ingest", "j", "?1s ago", "?4s ago" } },
	{ "detail-120x40", "sandtop", 40, 120, { NULL },
	    { "?embeddings", "/embed\r", "?1 of 5", "\r", "?scale 0-100" } },
	{ "shell-120x40", "sandtop", 40, 120, { NULL },
	    { "?embeddings", "/embed\r", "?1 of 5", "s", "?$",
		"ls -la; ps | head -n 5\r" } },
	{ "top-120x40", "sandtop", 40, 120, { NULL },
	    { "?embeddings", "/embed\r", "?1 of 5", "s", "?$", "clear; top\r" } },
	{ "help-120x40", "sandtop", 40, 120, { NULL }, { "?ingest", "?", "?Keys" } },
	{ "create-120x40", "sandtop", 40, 120, { NULL },
	    { "?ingest", "c", "?New sandbox" } },
	{ "kill-120x40", "sandtop", 40, 120, { NULL }, { "?ingest", "X", "?KILL" } },
	{ "palette-120x40", "sandtop", 40, 120, { NULL },
	    { "?ingest", ":", "?palette", "pau" } },
};

static void
run_scene(struct world *w, const struct scene *s)
{
	struct driver *d =
	    driver_sandtop(w, s->rows, s->cols, "--profile", "local", s->args[0], NULL);

	for (size_t i = 0; i < 8 && s->steps[i]; i++) {
		if (s->steps[i][0] == '?' && s->steps[i][1])
			driver_wait(d, s->steps[i] + 1);
		else
			driver_type(d, s->steps[i]);
	}
	shoot(d, s->name, s->title);
	driver_free(d);
}

static void
take_pictures(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_start_host(&w);
	free(world_out(&w, "host", "sample", NULL));
	struct driver *d = driver_sandtop(&w, 24, 80, "--profile", "local", NULL);
	settle(d, HISTORY_MS); /* graphs with a past */
	driver_free(d);
	for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
		run_scene(&w, &scenes[i]);
	world_clear(&w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(take_pictures) };

	out_dir = argc > 1 ? argv[1] : "screenshots";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
