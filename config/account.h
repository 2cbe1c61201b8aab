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
	char *source_text; /* owned: "E2B_API_KEY", "~/.e2b/config.json" */
	char *profile;	   /* owned, for the header: "prod", "env", "cli", "local" */
	char *key;	   /* owned, secret */
	char *domain;	   /* owned: "e2b.app" */
	char *api_url;	   /* owned, no trailing slash */
	char *sandbox_url; /* owned; NULL: derived from the domain per sandbox */
	char *project; /* owned; NULL: unknown. Name, else id; from the key's source */
	char *accent;  /* owned; NULL: none. A colour's name: "red" */
	char *confirm; /* owned; NULL, or "name": kill asks for the profile's name */
	bool debug;    /* E2B_DEBUG */
	bool read_only;
	struct strlist stable_hosts; /* option stable_hosts: beside the built-in ones */
};
void account_clear(struct account *a); /* zeroed is fine */

/* What was looked at, in order, for the explaining screen: "E2B_API_KEY: not set".
 * Filled also when a place before the last one had the key. */
struct account_search {
	struct strlist looked_at;
	struct strlist warnings; /* "~/.e2b/config.json can be read by others: ..." */
};
void account_search_clear(struct account_search *s);

/* A local host that runs, as main.c found it; NULL url: none. */
struct account_local {
	const char *url, *key; /* borrowed */
};

/*
 * Places, first hit wins: `profile`, SANDTOP_PROFILE, E2B_*, option "profile",
 * ~/.e2b/config.json, the local host. E2B_TEAM_ID and E2B_PROJECT_ID name the project
 * of E2B_API_KEY. E2B_VALIDATE_API_KEY has no effect: nothing is checked here, any key
 * is sent. E2B_DEBUG is on only for "true" in any case, and belongs to E2B_API_KEY like
 * the addresses. Empty variables count as unset.
 *
 * `profile` is --profile's value or NULL; "local" names the local host even when it
 * does not run (error says how to start it). Runs `api_key_cmd` of a profile (waits for
 * it). On failure err says what to do; err->code ERROR_NOT_FOUND: no key anywhere
 * (then `search` names every place). E2B_DOMAIN, E2B_API_URL, E2B_SANDBOX_URL or
 * E2B_DEBUG=true without E2B_API_KEY is ERROR_INPUT and borrows nothing. ERROR_OFFLINE:
 * profile "local" and no local host runs. `search` is initialised here, `out` only on
 * success; the key is given to log_hide_secret(). */
bool account_resolve(const struct config *c, const char *profile,
    const struct account_local *local, struct account *out, struct account_search *search,
    struct error *err) MUST_CHECK;

/* Origin of envd traffic for one sandbox (control-plane.md 5.3); caller frees.
 * `sandbox_domain` is the sandbox's own domain or NULL. */
char *account_envd_url(
    const struct account *a, const char *sandbox_id, const char *sandbox_domain);
/* "<port>-<id>.<domain>", or "localhost:<port>" with E2B_DEBUG; caller frees. */
char *account_port_host(const struct account *a, const char *sandbox_id,
    const char *sandbox_domain, int port);

#endif
