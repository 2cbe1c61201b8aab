#include "config/account.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "config/address.h"
#include "config/clean.h"
#include "config/cli_file.h"
#include "config/key_source.h"
#include "config/profiles.h"

#define DEFAULT_DOMAIN "e2b.app"
#define DEBUG_API_URL "http://localhost:3000"
#define DEBUG_ENVD_URL "http://localhost:49983"
#define CLI_FILE "~/.e2b/config.json"

enum { ENVD_PORT = 49983 };

/* The one list of domains with a stable sandbox host (control-plane.md 10.1); option
 * stable_hosts adds to it. */
static const char *const stable_hosts[] = {
	"e2b.app",
	"e2b.dev",
	"e2b.pro",
	"e2b-staging.dev",
	"e2b-tango.dev",
	"e2b-juliett.dev",
	"foxtrot-2.e2b.dev",
};

enum step_end { STEP_FOUND, STEP_NEXT, STEP_FAILED };

struct resolver {
	const struct config *config;	   /* borrowed */
	const char *flag;		   /* borrowed: --profile, or NULL */
	const struct account_local *local; /* borrowed, or NULL */
	struct account account;		   /* being filled */
	struct account_search *looked;	   /* borrowed */
	struct error *err;		   /* borrowed */
};

void
account_clear(struct account *a)
{
	free(a->source_text);
	free(a->profile);
	secret_free(a->key);
	free(a->domain);
	free(a->api_url);
	free(a->sandbox_url);
	free(a->project);
	free(a->accent);
	free(a->confirm);
	strlist_clear(&a->stable_hosts);
	*a = (struct account){ 0 };
}

void
account_search_clear(struct account_search *s)
{
	strlist_clear(&s->looked_at);
	strlist_clear(&s->warnings);
}

static void
note(struct strlist *list, const char *place, const char *finding)
{
	char *text = xasprintf("%s: %s", place, finding);

	strlist_add(list, text);
	free(text);
}

/* Not set and empty are the same (control-plane.md 1.2). */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return str_is_empty(value) ? NULL : value;
}

static char *
dup_unless_empty(const char *text)
{
	return str_is_empty(text) ? NULL : xstrdup(text);
}

static void
default_addresses(struct account *a)
{
	if (!a->domain)
		a->domain = xstrdup(DEFAULT_DOMAIN);
	if (!a->api_url && a->debug)
		a->api_url = xstrdup(DEBUG_API_URL);
	if (!a->api_url)
		a->api_url = xasprintf("https://api.%s", a->domain);
}

/* ---- profiles */

static enum step_end
use_local(struct resolver *r)
{
	struct account *a = &r->account;

	if (!r->local || str_is_empty(r->local->url)) {
		(void)error_set(r->err, ERROR_OFFLINE,
		    "the local host does not run; start it with: sandtop host start");
		return STEP_FAILED;
	}
	a->source = ACCOUNT_LOCAL_HOST;
	a->source_text = xstrdup("local host");
	a->profile = xstrdup("local");
	a->key = xstrdup(r->local->key);
	log_hide_secret(a->key);
	if (!origin_parse(r->local->url, &a->api_url, r->err)) {
		error_prefix(r->err, "local host");
		return STEP_FAILED;
	}
	a->sandbox_url = xstrdup(a->api_url);
	/* names below localhost are loopback everywhere, those below 127.0.0.1 nowhere */
	char *authority = origin_authority(a->api_url);
	const char *port = strrchr(authority, ':');
	a->domain = xasprintf("localhost%s", port ? port : "");
	free(authority);
	return STEP_FOUND;
}

static enum step_end
unknown_profile(struct resolver *r, const char *name, const char *place)
{
	char *names = profiles_names(config_profiles(r->config));

	(void)error_set(r->err, ERROR_INPUT,
	    "%s: there is no profile '%s'; there are: %s", place, name, names);
	free(names);
	return STEP_FAILED;
}

static enum step_end
use_profile(struct resolver *r, const char *name, const char *place)
{
	const struct profile *p = profiles_find(config_profiles(r->config), name);
	struct account *a = &r->account;

	note(&r->looked->looked_at, place, name);
	if (str_eq(name, "local"))
		return use_local(r);
	if (!p)
		return unknown_profile(r, name, place);
	if (!profile_read_key(p, &a->key, r->err))
		return STEP_FAILED;
	a->source = ACCOUNT_PROFILE;
	a->source_text = xasprintf("profile %s", name);
	a->profile = xstrdup(name);
	a->domain = dup_unless_empty(profile_text(p, PROFILE_DOMAIN));
	a->api_url = dup_unless_empty(profile_text(p, PROFILE_API_URL));
	a->sandbox_url = dup_unless_empty(profile_text(p, PROFILE_SANDBOX_URL));
	a->project = dup_unless_empty(profile_text(p, PROFILE_PROJECT));
	a->accent = dup_unless_empty(profile_text(p, PROFILE_ACCENT));
	a->read_only = profile_flag(p, PROFILE_READ_ONLY);
	if (str_eq(profile_text(p, PROFILE_CONFIRM), "name"))
		a->confirm = xstrdup("name");
	default_addresses(a);
	return STEP_FOUND;
}

static enum step_end
profile_if(struct resolver *r, const char *name, const char *place, const char *absent)
{
	if (!str_is_empty(name))
		return use_profile(r, name, place);
	note(&r->looked->looked_at, place, absent);
	return STEP_NEXT;
}

static enum step_end
from_flag(struct resolver *r)
{
	return profile_if(r, r->flag, "--profile", "not given");
}

static enum step_end
from_profile_variable(struct resolver *r)
{
	return profile_if(r, variable("SANDTOP_PROFILE"), "SANDTOP_PROFILE", "not set");
}

static enum step_end
from_default_profile(struct resolver *r)
{
	return profile_if(r, config_text(r->config, "profile"),
	    "option profile in config.ini", "not set");
}

/* ---- the environment */

static bool
is_debug(void)
{
	return str_eq_nocase(variable("E2B_DEBUG"), "true");
}

/* An address without a key must not meet a key from elsewhere. */
static enum step_end
environment_without_key(struct resolver *r)
{
	static const char *const addresses[] = { "E2B_DOMAIN", "E2B_API_URL",
		"E2B_SANDBOX_URL" };
	const char *set = is_debug() ? "E2B_DEBUG" : NULL;

	for (size_t i = ARRAY_LEN(addresses); i-- > 0;) {
		if (variable(addresses[i]))
			set = addresses[i];
	}
	if (!set) {
		note(&r->looked->looked_at, "E2B_API_KEY", "not set");
		return STEP_NEXT;
	}
	(void)error_set(r->err, ERROR_INPUT,
	    "%s is set but E2B_API_KEY is not: no key from elsewhere is sent there; set "
	    "E2B_API_KEY too, or unset %s, or choose with --profile",
	    set, set);
	return STEP_FAILED;
}

static bool
address_from(const char *name,
    bool (*parse)(const char *text, char **out, struct error *err), char **out,
    struct error *err)
{
	const char *text = variable(name);

	if (!text || parse(text, out, err))
		return true;
	error_prefix(err, "%s", name);
	return false;
}

static bool
key_from_environment(struct account *a, struct error *err)
{
	char *copy = xstrdup(variable("E2B_API_KEY"));

	a->key = xstrdup(str_trim(copy));
	secret_free(copy);
	return key_check(a->key, "E2B_API_KEY", err);
}

static enum step_end
from_environment(struct resolver *r)
{
	struct account *a = &r->account;

	if (!variable("E2B_API_KEY"))
		return environment_without_key(r);
	if (!key_from_environment(a, r->err) ||
	    !address_from("E2B_DOMAIN", domain_parse, &a->domain, r->err) ||
	    !address_from("E2B_API_URL", origin_parse, &a->api_url, r->err) ||
	    !address_from("E2B_SANDBOX_URL", origin_parse, &a->sandbox_url, r->err))
		return STEP_FAILED;

	const char *project = variable("E2B_PROJECT_ID");
	a->project = xstrdup(project ? project : variable("E2B_TEAM_ID"));
	a->source = ACCOUNT_ENVIRONMENT;
	a->source_text = xstrdup("E2B_API_KEY");
	a->profile = xstrdup("env");
	a->debug = is_debug();
	default_addresses(a);
	note(&r->looked->looked_at, "E2B_API_KEY", "set");
	return STEP_FOUND;
}

/* ---- the official command line's file */

static void
warn_readable(struct resolver *r, unsigned mode)
{
	if ((mode & 077) == 0)
		return;
	char *text = xasprintf(
	    "can be read by others (mode %04o); run: chmod 600 " CLI_FILE, mode);
	note(&r->looked->warnings, CLI_FILE, text);
	free(text);
}

static enum step_end
use_cli_file(struct resolver *r, struct cli_file *f)
{
	struct account *a = &r->account;

	if (f->missing) {
		note(&r->looked->looked_at, CLI_FILE, "no such file");
		return STEP_NEXT;
	}
	warn_readable(r, f->mode);
	if (!f->key) {
		note(&r->looked->looked_at, CLI_FILE, "has no API key (signed out)");
		return STEP_NEXT;
	}
	if (!key_check(f->key, CLI_FILE, r->err))
		return STEP_FAILED;
	a->source = ACCOUNT_CLI_FILE;
	a->source_text = xstrdup(CLI_FILE);
	a->profile = xstrdup("cli");
	a->key = xstrdup(f->key);
	a->project = xstrdup(f->project);
	default_addresses(a);
	note(&r->looked->looked_at, CLI_FILE, "has a key");
	return STEP_FOUND;
}

static enum step_end
from_cli_file(struct resolver *r)
{
	struct cli_file f = { 0 };
	char *home = path_home_dir();
	char *path = path_join(home, ".e2b/config.json");
	enum step_end end = STEP_FAILED;

	if (cli_file_read(path, &f, r->err))
		end = use_cli_file(r, &f);
	cli_file_clear(&f);
	free(path);
	free(home);
	return end;
}

static enum step_end
from_local_host(struct resolver *r)
{
	if (r->local && !str_is_empty(r->local->url)) {
		note(&r->looked->looked_at, "local host", "runs");
		return use_local(r);
	}
	note(&r->looked->looked_at, "local host", "does not run");
	return STEP_NEXT;
}

/* ---- all of it */

static enum step_end (*const steps[])(struct resolver *r) = {
	from_flag,
	from_profile_variable,
	from_environment,
	from_default_profile,
	from_cli_file,
	from_local_host,
};

bool
account_resolve(const struct config *c, const char *profile,
    const struct account_local *local, struct account *out, struct account_search *search,
    struct error *err)
{
	struct error ignored;
	struct resolver r = {
		.config = c,
		.flag = profile,
		.local = local,
		.looked = search,
		.err = err ? err : &ignored,
	};
	enum step_end end = STEP_NEXT;

	*search = (struct account_search){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(steps) && end == STEP_NEXT; i++)
		end = steps[i](&r);
	if (end == STEP_FOUND) {
		bool ok = domains_parse(
		    config_text(c, "stable_hosts"), &r.account.stable_hosts, r.err);
		assert(ok && "the option's rule is the same");
		log_info("config", "account from %s, api %s", r.account.source_text,
		    r.account.api_url);
		*out = r.account;
		return true;
	}
	account_clear(&r.account);
	if (end == STEP_NEXT)
		return error_set(r.err, ERROR_NOT_FOUND,
		    "no API key found; set E2B_API_KEY, or start a local host with: "
		    "sandtop host "
		    "start");
	error_clean(r.err);
	return false;
}

/* ---- where a sandbox is reached */

static bool
has_stable_host(const struct account *a, const char *domain)
{
	for (size_t i = 0; i < ARRAY_LEN(stable_hosts); i++) {
		if (str_eq_nocase(domain, stable_hosts[i]))
			return true;
	}
	for (size_t i = 0; i < a->stable_hosts.count; i++) {
		if (str_eq_nocase(domain, a->stable_hosts.items[i]))
			return true;
	}
	return false;
}

/* The server's word for the domain counts if it is one; caller frees. */
static char *
domain_of(const struct account *a, const char *sandbox_domain)
{
	char *domain = NULL;

	if (!str_is_empty(sandbox_domain) && domain_parse(sandbox_domain, &domain, NULL))
		return domain;
	return xstrdup(a->domain);
}

char *
account_envd_url(
    const struct account *a, const char *sandbox_id, const char *sandbox_domain)
{
	if (a->sandbox_url)
		return xstrdup(a->sandbox_url);
	if (a->debug)
		return xstrdup(DEBUG_ENVD_URL);

	char *domain = domain_of(a, sandbox_domain);
	char *host = account_port_host(a, sandbox_id, sandbox_domain, ENVD_PORT);
	char *url = has_stable_host(a, domain) ? xasprintf("https://sandbox.%s", domain)
					       : xasprintf("https://%s", host);
	free(domain);
	free(host);
	return url;
}

/* The id comes from a server: encoded, so that it cannot name another host. */
char *
account_port_host(
    const struct account *a, const char *sandbox_id, const char *sandbox_domain, int port)
{
	if (a->debug)
		return xasprintf("localhost:%d", port);

	char *domain = domain_of(a, sandbox_domain);
	char *id = url_encode(sandbox_id);
	char *host = xasprintf("%d-%s.%s", port, id, domain);
	free(domain);
	free(id);
	return host;
}
