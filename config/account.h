/*
 * account - which fleet: key, domain and URLs as one set from one source
 * (design.md 5, control-plane.md 1).
 */
#ifndef CONFIG_ACCOUNT_H
#define CONFIG_ACCOUNT_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"
#include "config/config.h"

enum account_source {
	ACCOUNT_PROFILE,     /* --profile, SANDTOP_PROFILE or the config's default */
	ACCOUNT_ENVIRONMENT, /* E2B_* */
	ACCOUNT_CLI_FILE,    /* ~/.e2b/config.json */
	ACCOUNT_LOCAL_HOST,  /* a local host that runs */
};

struct account {
	enum account_source source;
	char *source_text;  /* owned: "E2B_API_KEY", "~/.e2b/config.json", "profile prod" */
	char *profile;	    /* owned: name shown in the header: "prod", "env", "cli", "local" */
	char *key;	    /* owned, secret */
	char *domain;	    /* owned: "e2b.app" */
	char *api_url;	    /* owned, no trailing slash */
	char *sandbox_url;  /* owned; NULL: derived from the domain per sandbox */
	char *project;	    /* owned; NULL: unknown. Name, else id; never beside a foreign key */
	bool debug;
	bool read_only;
	char *confirm;	    /* owned: NULL or "name": kill asks for the profile's name */
};
void account_clear(struct account *a);

/* What was looked at, in order, for the explaining screen: "E2B_API_KEY: not set". */
struct account_search {
	struct strlist looked_at;
};
void account_search_clear(struct account_search *s);

/* A local host that runs, as main.c found it; NULL url: none. */
struct account_local {
	const char *url, *key; /* borrowed */
};

/* `profile` is --profile's value or NULL; "local" names the local host even when it
 * does not run (error says how to start it). Runs `api_key_cmd` of a profile (waits for
 * it). On failure err says what to do; err->code ERROR_NOT_FOUND: no key anywhere
 * (then `search` names every place). E2B_DOMAIN or E2B_API_URL without E2B_API_KEY is
 * ERROR_INPUT and borrows nothing. */
bool account_resolve(const struct config *c, const char *profile,
    const struct account_local *local, struct account *out, struct account_search *search,
    struct error *err) MUST_CHECK;

/* Origin of envd traffic for one sandbox (control-plane.md 5.3); caller frees.
 * `sandbox_domain` is the sandbox's own domain or NULL. */
char *account_envd_url(const struct account *a, const char *sandbox_id,
    const char *sandbox_domain);
/* "<port>-<id>.<domain>" */
char *account_port_host(const struct account *a, const char *sandbox_id,
    const char *sandbox_domain, int port);

#endif
