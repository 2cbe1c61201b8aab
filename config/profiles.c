#include "config/profiles.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NAME_MAX_BYTES = 32 };

#define COLOURS "red|green|yellow|blue|magenta|cyan|white"

const struct option profile_options[] = {
	[PROFILE_API_KEY_CMD] = { "profile", "api_key_cmd", OPTION_TEXT, "", 0, 0, NULL,
	    "Shell command whose first line of output is the key" },
	[PROFILE_API_KEY_FILE] = { "profile", "api_key_file", OPTION_TEXT, "", 0, 0, NULL,
	    "Or: a file of yours that nobody else can read" },
	[PROFILE_API_KEY_ENV] = { "profile", "api_key_env", OPTION_TEXT, "", 0, 0, NULL,
	    "Or: the name of an environment variable" },
	[PROFILE_DOMAIN] = { "profile", "domain", OPTION_DOMAIN, "e2b.app", 0, 0, NULL,
	    "Domain of the service" },
	[PROFILE_API_URL] = { "profile", "api_url", OPTION_URL, "", 0, 0, NULL,
	    "Origin of the API; without it https://api.<domain>" },
	[PROFILE_SANDBOX_URL] = { "profile", "sandbox_url", OPTION_URL, "", 0, 0, NULL,
	    "Origin of all sandbox traffic; without it made from the domain" },
	[PROFILE_PROJECT] = { "profile", "project", OPTION_TEXT, "", 0, 0, NULL,
	    "Name of the project, shown in the header" },
	[PROFILE_ACCENT] = { "profile", "accent", OPTION_CHOICE, "", 0, 0, COLOURS,
	    "Colour of the header" },
	[PROFILE_READ_ONLY] = { "profile", "read_only", OPTION_BOOL, "off", 0, 1, NULL,
	    "Refuse everything that changes a sandbox" },
	[PROFILE_CONFIRM] = { "profile", "confirm", OPTION_CHOICE, "normal", 0, 0,
	    "normal|name", "What a kill asks for; name: the profile's name, typed" },
	[PROFILE_OPTION_COUNT] = { 0 },
};

const char *const profile_examples[] = {
	[PROFILE_API_KEY_CMD] = "pass show e2b/prod",
	[PROFILE_API_KEY_FILE] = "~/.secrets/e2b-prod",
	[PROFILE_API_KEY_ENV] = "PROD_E2B_API_KEY",
	[PROFILE_DOMAIN] = "e2b.app",
	[PROFILE_API_URL] = "https://api.e2b.example",
	[PROFILE_SANDBOX_URL] = "https://sandbox.e2b.example",
	[PROFILE_PROJECT] = "fleet",
	[PROFILE_ACCENT] = "red",
	[PROFILE_READ_ONLY] = "on",
	[PROFILE_CONFIRM] = "name",
};

void
profiles_clear(struct profiles *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].name);
		for (size_t j = 0; j < PROFILE_OPTION_COUNT; j++)
			option_value_clear(&p->items[i].values[j]);
	}
	free(p->items);
	*p = (struct profiles){ 0 };
}

static struct profile *
find(const struct profiles *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++) {
		if (str_eq(p->items[i].name, name))
			return &p->items[i];
	}
	return NULL;
}

const struct profile *
profiles_find(const struct profiles *p, const char *name)
{
	return find(p, name);
}

char *
profiles_names(const struct profiles *p)
{
	struct buf out;

	buf_init(&out, 64 * 1024);
	for (size_t i = 0; i < p->count; i++)
		buf_addf(&out, "%s, ", p->items[i].name);
	buf_add_str(&out, "local");
	return buf_take(&out);
}

static bool
name_check(const char *name, struct error *err)
{
	size_t len = strlen(name);

	if (str_eq(name, "local"))
		return error_set(err, ERROR_INPUT,
		    "the profile 'local' is built in; choose another name");
	for (size_t i = 0; i < len; i++) {
		if (!strchr("._-", name[i]) && !(name[i] >= '0' && name[i] <= '9') &&
		    !((name[i] | 32) >= 'a' && (name[i] | 32) <= 'z'))
			len = NAME_MAX_BYTES + 1;
	}
	if (len >= 1 && len <= NAME_MAX_BYTES)
		return true;
	return error_set(err, ERROR_INPUT,
	    "a profile's name has 1 to %d letters, digits, '.', '_' or '-'",
	    NAME_MAX_BYTES);
}

static bool
add(struct profiles *p, const char *name, int line, struct profile **out,
    struct error *err)
{
	if (!name_check(name, err))
		return false;
	p->items = xreallocarray(p->items, p->count + 1, sizeof *p->items);
	*out = &p->items[p->count++];
	**out = (struct profile){ .name = xstrdup(name), .line = line };
	return true;
}

static void
warn_unknown(const struct ini_pair *pair, struct strlist *warnings)
{
	const struct option *near = options_nearest(profile_options, pair->name);

	ini_warn(pair, warnings, "a profile has no '%s'%s%s%s", pair->name,
	    near ? "; did you mean '" : "", near ? near->name : "", near ? "'?" : "");
}

bool
profiles_set(struct profiles *p, const char *name, const struct ini_pair *pair,
    struct strlist *warnings, struct error *err)
{
	const struct option *o = options_find(profile_options, "profile", pair->name);
	struct profile *profile = find(p, name);
	struct option_value value;

	if (!profile && !add(p, name, pair->line, &profile, err))
		return false;
	if (!o) {
		warn_unknown(pair, warnings);
		return true;
	}
	if (!option_parse(o, pair->value, &value, err))
		return false;

	struct option_value *at = &profile->values[o - profile_options];
	option_value_clear(at);
	*at = value;
	return true;
}

const char *
profile_text(const struct profile *p, enum profile_option which)
{
	const char *text = p->values[which].text;

	return text ? text : profile_options[which].fallback;
}

bool
profile_flag(const struct profile *p, enum profile_option which)
{
	return p->values[which].number != 0;
}

bool
profiles_check(const struct profiles *p, int *line, struct error *err)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct profile *profile = &p->items[i];
		int places = 0;

		for (int j = PROFILE_API_KEY_CMD; j <= PROFILE_API_KEY_ENV; j++)
			places += !str_is_empty(profile->values[j].text);
		if (places == 1)
			continue;
		*line = profile->line;
		return error_set(err, ERROR_INPUT,
		    "profile %s: name %s place for its key: api_key_cmd, api_key_file or "
		    "api_key_env",
		    profile->name, places == 0 ? "a" : "only one");
	}
	return true;
}
