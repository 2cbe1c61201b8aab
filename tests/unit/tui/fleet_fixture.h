/*
 * fleet_fixture - a fleet for pictures: sandboxes in every state, with past,
 * filled into the model by hand. Its API is a socket that listens and never
 * answers, so that nothing of what a view asks for arrives.
 */
#ifndef TESTS_FLEET_FIXTURE_H
#define TESTS_FLEET_FIXTURE_H

#include "fake_screen.h"
#include "fleet/sandbox.h"

struct fixture_options {
	int rows, cols;
	bool ascii, local, read_only, confirm_by_name;
	enum color_tier tier;
	const char *sort; /* NULL: by name */
};
/* The fake with a fleet in it, and the fleet view in front. */
struct fake *fixture_new(const struct fixture_options *options);

struct fixture_row {
	const char *id, *name, *template_name;
	enum sandbox_state state;
	int cpu, mem; /* percent; below 0: no figures at all */
	int left_s, age_s;
	const char *metadata; /* "user=ana app=triage" */
};
struct sandbox *fixture_add(struct model *m, const struct fixture_row *row);
/* Two dozen of them; the model is ready. */
void fixture_fill(struct model *m);
/* Fifteen minutes of samples until now, around these figures. */
void fixture_add_history(struct sandbox *s, int cpu, int mem);
/* What the API would have said: shows at the next drawing. */
void fixture_changed(struct fake *f);

/* Names and values that try to leave their place. */
extern const char *const fixture_hostile[]; /* ends with NULL */

#endif
