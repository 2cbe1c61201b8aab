/* sample - the sample of config.ini, printed from the tables so that it cannot lie. */
#include <string.h>

#include "base/buf.h"
#include "config/options.h"
#include "config/profiles.h"

static const char head[] =
    "# Sample of config.ini; every line shown is a default, or an example where a\n"
    "# default makes no sense. Take out the ';' in front to change one.\n"
    "# It is read from $XDG_CONFIG_HOME/sandtop (~/.config/sandtop), or from\n"
    "# $SANDTOP_CONFIG_DIR. sandtop never writes it. Flags and the environment win.\n"
    "# A blank and ';' start a comment; a line holds at most 190 bytes.\n";

static const char profile_head[] =
    "\n# A profile is one fleet: sandtop --profile NAME, or SANDTOP_PROFILE. 'local' is\n"
    "# built in. A key never stands in this file: name one place it comes from.\n"
    "\n;[profile NAME]\n";

static const char keys_note[] =
    "\n# Keys are in keys.ini, 'action = Key Key', with ':' ';' and '=' spelled Colon,\n"
    "# Semicolon and Equal.\n";

/* "a|b" as "a, b" */
static void
add_choices(struct buf *out, const char *choices)
{
	for (const char *at = choices; *at; at++) {
		if (*at == '|')
			buf_add_str(out, ", ");
		else
			buf_add_char(out, *at);
	}
}

static void
add_option(struct buf *out, const struct option *o)
{
	buf_addf(out, "\n# %s.\n", o->summary);
	if (o->choices) {
		buf_add_str(out, o->type == OPTION_KEY ? "# A key, or: " : "# One of: ");
		add_choices(out, o->choices);
		buf_add_str(out, "\n");
	}
	buf_addf(out, ";%s =%s%s\n", o->name, *o->fallback ? " " : "", o->fallback);
}

static void
add_profile_option(struct buf *out, const struct option *o, const char *example)
{
	buf_addf(out, "# %s.%s", o->summary, o->choices ? " One of: " : "");
	if (o->choices)
		add_choices(out, o->choices);
	buf_addf(out, "\n;%s = %s\n", o->name, example);
}

void
options_print_sample(struct buf *out)
{
	const char *section = "";

	buf_add_str(out, head);
	for (const struct option *o = config_options; o->name; o++) {
		if (strcmp(section, o->section) != 0)
			buf_addf(out, "\n[%s]\n", o->section);
		section = o->section;
		add_option(out, o);
	}
	buf_add_str(out, profile_head);
	for (size_t i = 0; profile_options[i].name; i++)
		add_profile_option(out, &profile_options[i], profile_examples[i]);
	buf_add_str(out, keys_note);
}
