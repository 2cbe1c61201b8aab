#include "tui/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "base/str.h"

struct terminal_env
terminal_env_read(void)
{
	return (struct terminal_env){
		.term = getenv("TERM"),
		.colorterm = getenv("COLORTERM"),
		.no_color = getenv("NO_COLOR"),
		.force_color = getenv("FORCE_COLOR"),
		.clicolor_force = getenv("CLICOLOR_FORCE"),
		.codeset = nl_langinfo(CODESET),
	};
}

static bool
says_rgb(const struct terminal_env *env)
{
	return str_eq(env->colorterm, "truecolor") || str_eq(env->colorterm, "24bit");
}

static enum color_tier
tier_of_colors(int colors)
{
	return colors >= 256  ? TIER_256
	       : colors >= 16 ? TIER_16
	       : colors >= 8  ? TIER_8
			      : TIER_MONO;
}

enum color_tier
terminal_tier(
    const char *option, const struct terminal_env *env, int colors, const char **why)
{
	static const struct {
		const char *name;
		enum color_tier tier;
	} options[] = {
		{ "never", TIER_MONO },
		{ "16", TIER_16 },
		{ "256", TIER_256 },
		{ "rgb", TIER_RGB },
	};
	bool forced =
	    !str_is_empty(env->clicolor_force) && !str_eq(env->clicolor_force, "0");

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!str_eq(option, options[i].name))
			continue;
		*why = "as the color option says";
		return options[i].tier;
	}
	if (!str_is_empty(env->no_color)) {
		*why = "NO_COLOR is set";
		return TIER_MONO;
	}
	forced =
	    forced || (!str_is_empty(env->force_color) && !str_eq(env->force_color, "0"));
	if (forced && colors < 16) {
		*why = "FORCE_COLOR or CLICOLOR_FORCE is set";
		return TIER_16;
	}
	if (says_rgb(env) && colors >= 256) {
		*why = "COLORTERM says so";
		return TIER_RGB;
	}
	*why = "as terminfo says";
	return tier_of_colors(colors);
}

bool
terminal_is_fancy(const char *term)
{
	static const char *const plain[] = { "linux", "vt", "ansi", "cons", "pcansi",
		"sun", "dumb", "cygwin", "mach", "hurd", "wsvt" };

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (str_is_empty(term) || str_has_prefix(term, plain[i]))
			return false;
	return true;
}

bool
terminal_unicode(const char *option, const struct terminal_env *env, const char **why)
{
	if (str_eq(option, "ascii") || str_eq(option, "unicode")) {
		*why = "as the glyphs option says";
		return str_eq(option, "unicode");
	}
	if (!str_eq_nocase(env->codeset, "UTF-8") &&
	    !str_eq_nocase(env->codeset, "utf8")) {
		*why = "the locale is not UTF-8; LC_ALL=C.UTF-8 changes it";
		return false;
	}
	if (!terminal_is_fancy(env->term)) {
		*why = "consoles have few glyphs";
		return false;
	}
	*why = "the locale is UTF-8";
	return true;
}

size_t
terminal_entries(
    const char *option, const struct terminal_env *env, const char *out[TERMINAL_ENTRIES])
{
	bool is_auto = !option || str_eq(option, "auto");
	bool rgb = str_eq(option, "rgb") ||
		   (is_auto && str_is_empty(env->no_color) && says_rgb(env));
	size_t count = 0;

	/* Its first 256 colours are the palette's, so that the person's own survive. */
	if (rgb && str_has_prefix(env->term, "xterm"))
		out[count++] = "xterm-direct256";
	out[count++] = env->term;
	/* An entry that is not installed here is no reason to refuse. */
	if (terminal_is_fancy(env->term))
		out[count++] = "xterm-256color";
	out[count++] = "vt100";
	out[count++] = "ansi";
	return count;
}

bool
terminal_has_entry(const char *name)
{
	int found = 0;

	if (setupterm(name, STDOUT_FILENO, &found) != OK || found != 1)
		return false;
	del_curterm(cur_term);
	return true;
}

bool
terminal_check(const struct terminal_env *env, struct error *err)
{
	if (!str_is_empty(env->term) && !str_eq(env->term, "dumb") &&
	    !str_eq(env->term, "unknown"))
		return true;
	return error_set(err, ERROR_INPUT,
	    "TERM is %s: the dashboard needs a terminal it can draw on. "
	    "'sandtop ls', 'sandtop info ID' and 'sandtop exec ID -- CMD' work without",
	    str_is_empty(env->term) ? "not set" : env->term);
}

void
screen_describe(struct buf *out)
{
	static const char *const tiers[] = {
		[TIER_MONO] = "none",
		[TIER_8] = "8 colours",
		[TIER_16] = "16 colours",
		[TIER_256] = "256 colours",
		[TIER_RGB] = "RGB",
	};
	const char *why, *entries[TERMINAL_ENTRIES];
	int colors = -1;

	setlocale(LC_CTYPE, "");

	struct terminal_env env = terminal_env_read();

	if (str_is_empty(env.term)) {
		buf_add_str(out, "TERM is not set: no dashboard, commands only\n");
		return;
	}
	size_t count = terminal_entries("auto", &env, entries);

	for (size_t i = 0; i < count; i++) {
		if (setupterm(entries[i], STDOUT_FILENO, &(int){ 0 }) != OK)
			continue;
		colors = tigetnum("colors");
		buf_addf(out, "terminal: TERM=%s, terminfo entry %s%s\n", env.term,
		    entries[i], i ? " (stand-in)" : "");
		del_curterm(cur_term);
		break;
	}
	enum color_tier tier = terminal_tier("auto", &env, colors, &why);

	buf_addf(out, "colours: %s, %s\n", tiers[tier], why);
	bool unicode = terminal_unicode("auto", &env, &why);

	buf_addf(out, "glyphs: %s, %s\n", unicode ? "unicode" : "ascii", why);
}
