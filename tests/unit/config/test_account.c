/* Which fleet: the order of the places, key and addresses from one source, and where a
 * sandbox is then reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/account.h"
#include "scratch.h"

#define PROFILES                                                                         \
	"[profile prod]\napi_key_env = TEST_KEY\ndomain = prod.example\naccent = red\n"  \
	"read_only = on\nconfirm = name\nproject = fleet\n"                              \
	"[profile dev]\napi_key_env = TEST_KEY\napi_url = http://10.0.0.1:3000/\n"       \
	"sandbox_url = http://10.0.0.1:3002/\nconfirm = normal\n"                        \
	"[profile broken]\napi_key_cmd = exit 4\n"
#define DEFAULT_PROD "profile = prod\n" PROFILES
#define CLI_V2 "{\"version\":2,\"projectApiKey\":\"e2b_cli\",\"projectName\":\"fleet\"}"

struct place {
	const char *env[7];	/* NAME, value, ...; ends with NULL */
	const char *flag;	/* --profile */
	const char *config_ini; /* NULL: no file */
	const char *cli_json;	/* NULL: no file */
	unsigned cli_mode;	/* 0: 0600 */
	bool host_runs;
};

static bool
resolve(
    const struct place *p, struct account *a, struct account_search *s, struct error *err)
{
	static const struct account_local local = { "http://127.0.0.1:4100",
		"e2b_local" };
	struct config *c;

	for (int i = 0; p->env[i]; i += 2)
		assert_int_equal(setenv(p->env[i], p->env[i + 1], 1), 0);
	assert_int_equal(setenv("TEST_KEY", "e2b_profile", 1), 0);
	if (p->config_ini)
		scratch_write("config.ini", p->config_ini, 0600);
	if (p->cli_json)
		scratch_write(
		    ".e2b/config.json", p->cli_json, p->cli_mode ? p->cli_mode : 0600);
	if (!config_load(scratch_dir(), &c, NULL, err))
		fail_msg("%s", err->text);
	bool ok = account_resolve(c, p->flag, p->host_runs ? &local : NULL, a, s, err);
	config_free(c);
	return ok;
}

/* A fresh scratch place around each row of a table. */
static void
between_rows(void)
{
	assert_int_equal(scratch_teardown(NULL), 0);
	assert_int_equal(scratch_setup(NULL), 0);
}

static void
test_order(void **state)
{
	static const struct {
		struct place place;
		enum account_source source;
		const char *profile, *key, *source_text;
	} cases[] = {
		{ { { "SANDTOP_PROFILE", "dev", "E2B_API_KEY", "e2b_env", NULL }, "prod",
		      DEFAULT_PROD, CLI_V2, 0, true },
		    ACCOUNT_PROFILE, "prod", "e2b_profile", "profile prod" },
		{ { { "SANDTOP_PROFILE", "dev", "E2B_API_KEY", "e2b_env", NULL }, NULL,
		      DEFAULT_PROD, CLI_V2, 0, true },
		    ACCOUNT_PROFILE, "dev", "e2b_profile", "profile dev" },
		{ { { "SANDTOP_PROFILE", "dev", "E2B_API_KEY", "e2b_env", NULL }, "",
		      DEFAULT_PROD, CLI_V2, 0, true },
		    ACCOUNT_PROFILE, "dev", "e2b_profile", "profile dev" },
		{ { { "SANDTOP_PROFILE", "", "E2B_API_KEY", "e2b_env", NULL }, NULL,
		      DEFAULT_PROD, CLI_V2, 0, true },
		    ACCOUNT_ENVIRONMENT, "env", "e2b_env", "E2B_API_KEY" },
		{ { { "E2B_API_KEY", "", NULL }, NULL, DEFAULT_PROD, CLI_V2, 0, true },
		    ACCOUNT_PROFILE, "prod", "e2b_profile", "profile prod" },
		{ { { NULL }, NULL, PROFILES, CLI_V2, 0, true }, ACCOUNT_CLI_FILE, "cli",
		    "e2b_cli", "~/.e2b/config.json" },
		{ { { NULL }, NULL, "profile =\n", CLI_V2, 0, true }, ACCOUNT_CLI_FILE,
		    "cli", "e2b_cli", "~/.e2b/config.json" },
		{ { { NULL }, NULL, NULL, "{}", 0, true }, ACCOUNT_LOCAL_HOST, "local",
		    "e2b_local", "local host" },
		{ { { NULL }, NULL, NULL, NULL, 0, true }, ACCOUNT_LOCAL_HOST, "local",
		    "e2b_local", "local host" },
		{ { { "E2B_API_KEY", "e2b_env", NULL }, "local", DEFAULT_PROD, CLI_V2, 0,
		      true },
		    ACCOUNT_LOCAL_HOST, "local", "e2b_local", "local host" },
		{ { { "SANDTOP_PROFILE", "local", NULL }, NULL, DEFAULT_PROD, CLI_V2, 0,
		      true },
		    ACCOUNT_LOCAL_HOST, "local", "e2b_local", "local host" },
		{ { { NULL }, NULL, "profile = local\n", CLI_V2, 0, true },
		    ACCOUNT_LOCAL_HOST, "local", "e2b_local", "local host" },
		/* a profile is whole: addresses of the environment do not stop it */
		{ { { "E2B_DOMAIN", "else.example", NULL }, "prod", PROFILES, NULL, 0,
		      false },
		    ACCOUNT_PROFILE, "prod", "e2b_profile", "profile prod" },
		{ { { "E2B_API_KEY", " e2b_env\n", NULL }, NULL, NULL, NULL, 0, false },
		    ACCOUNT_ENVIRONMENT, "env", "e2b_env", "E2B_API_KEY" },
		/* any key is sent, whatever its form, and this variable changes nothing */
		{ { { "E2B_API_KEY", "odd-key", "E2B_VALIDATE_API_KEY", "true", NULL },
		      NULL, NULL, NULL, 0, false },
		    ACCOUNT_ENVIRONMENT, "env", "odd-key", "E2B_API_KEY" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct account a;
		struct account_search s;
		struct error err;
		if (!resolve(&cases[i].place, &a, &s, &err))
			fail_msg("case %zu: %s", i, err.text);
		if (a.source != cases[i].source || !str_eq(a.profile, cases[i].profile) ||
		    !str_eq(a.key, cases[i].key) ||
		    !str_eq(a.source_text, cases[i].source_text))
			fail_msg(
			    "case %zu: %d %s %s", i, a.source, a.profile, a.source_text);
		account_clear(&a);
		account_search_clear(&s);
		between_rows();
	}
}

static void
test_addresses(void **state)
{
	static const struct {
		struct place place;
		const char *domain, *api_url, *sandbox_url, *project;
		bool debug;
	} cases[] = {
		{ { { "E2B_API_KEY", "k", NULL } }, "e2b.app", "https://api.e2b.app",
		    NULL, NULL, false },
		{ { { "E2B_API_KEY", "k", "E2B_DOMAIN", "my.example/", NULL } },
		    "my.example", "https://api.my.example", NULL, NULL, false },
		{ { { "E2B_API_KEY", "k", "E2B_DOMAIN", "", NULL } }, "e2b.app",
		    "https://api.e2b.app", NULL, NULL, false },
		{ { { "E2B_API_KEY", "k", "E2B_API_URL", "http://h:3000//", NULL } },
		    "e2b.app", "http://h:3000", NULL, NULL, false },
		{ { { "E2B_API_KEY", "k", "E2B_SANDBOX_URL", "http://h:3002/", NULL } },
		    "e2b.app", "https://api.e2b.app", "http://h:3002", NULL, false },
		{ { { "E2B_API_KEY", "k", "E2B_DEBUG", "TRUE", NULL } }, "e2b.app",
		    "http://localhost:3000", NULL, NULL, true },
		{ { { "E2B_API_KEY", "k", "E2B_DEBUG", "1", NULL } }, "e2b.app",
		    "https://api.e2b.app", NULL, NULL, false },
		{ { { "E2B_API_KEY", "k", "E2B_DEBUG", "true", "E2B_API_URL",
		      "http://h" } },
		    "e2b.app", "http://h", NULL, NULL, true },
		{ { { "E2B_API_KEY", "k", "E2B_TEAM_ID", "t", NULL } }, "e2b.app",
		    "https://api.e2b.app", NULL, "t", false },
		{ { { "E2B_API_KEY", "k", "E2B_TEAM_ID", "t", "E2B_PROJECT_ID", "p" } },
		    "e2b.app", "https://api.e2b.app", NULL, "p", false },
		/* never the project of another key's file */
		{ { { "E2B_API_KEY", "k", NULL }, NULL, NULL, CLI_V2 }, "e2b.app",
		    "https://api.e2b.app", NULL, NULL, false },
		{ { { NULL }, NULL, NULL, CLI_V2 }, "e2b.app", "https://api.e2b.app",
		    NULL, "fleet", false },
		{ { { "E2B_API_KEY", "k", "E2B_DOMAIN", "x.example", NULL }, "prod",
		      PROFILES },
		    "prod.example", "https://api.prod.example", NULL, "fleet", false },
		{ { { "E2B_DEBUG", "true", "E2B_API_URL", "http://h", NULL }, "dev",
		      PROFILES },
		    "e2b.app", "http://10.0.0.1:3000", "http://10.0.0.1:3002", NULL,
		    false },
		{ { { NULL }, "local", NULL, NULL, 0, true }, "localhost:4100",
		    "http://127.0.0.1:4100", "http://127.0.0.1:4100", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct account a;
		struct account_search s;
		struct error err;
		if (!resolve(&cases[i].place, &a, &s, &err))
			fail_msg("case %zu: %s", i, err.text);
		if (!str_eq(a.domain, cases[i].domain) ||
		    !str_eq(a.api_url, cases[i].api_url) ||
		    !str_eq(a.sandbox_url, cases[i].sandbox_url) ||
		    !str_eq(a.project, cases[i].project) || a.debug != cases[i].debug)
			fail_msg("case %zu: %s %s %s %s %d", i, a.domain, a.api_url,
			    a.sandbox_url ? a.sandbox_url : "-",
			    a.project ? a.project : "-", a.debug);
		account_clear(&a);
		account_search_clear(&s);
		between_rows();
	}
}

static void
test_refused(void **state)
{
	static const struct {
		struct place place;
		enum error_code code;
		const char *want[2]; /* both in the text */
	} cases[] = {
		{ { { "E2B_DOMAIN", "x.example", NULL }, NULL, DEFAULT_PROD, CLI_V2, 0,
		      true },
		    ERROR_INPUT, { "E2B_DOMAIN", "E2B_API_KEY" } },
		{ { { "E2B_API_URL", "http://h", NULL }, NULL, DEFAULT_PROD, CLI_V2, 0,
		      true },
		    ERROR_INPUT, { "E2B_API_URL", "E2B_API_KEY" } },
		{ { { "E2B_SANDBOX_URL", "http://h", NULL }, NULL, NULL, CLI_V2, 0,
		      true },
		    ERROR_INPUT, { "E2B_SANDBOX_URL", "E2B_API_KEY" } },
		{ { { "E2B_DEBUG", "true", NULL }, NULL, NULL, CLI_V2, 0, true },
		    ERROR_INPUT, { "E2B_DEBUG", "E2B_API_KEY" } },
		{ { { "E2B_API_KEY", "", "E2B_DOMAIN", "x.example", NULL }, NULL, NULL,
		      CLI_V2 },
		    ERROR_INPUT, { "E2B_DOMAIN", "unset" } },
		{ { { "E2B_API_KEY", "secret-thing", "E2B_DOMAIN", "https://x", NULL } },
		    ERROR_INPUT, { "E2B_DOMAIN: write a domain", "without the scheme" } },
		{ { { "E2B_API_KEY", "secret-thing", "E2B_API_URL", "x.example", NULL } },
		    ERROR_INPUT, { "E2B_API_URL: write an address", "" } },
		{ { { "E2B_API_KEY", "secret-thing\r\nX: y", NULL } }, ERROR_INPUT,
		    { "E2B_API_KEY gives a key with a blank", "" } },
		{ { { "E2B_API_KEY", "  ", NULL } }, ERROR_INPUT,
		    { "E2B_API_KEY gives an empty key", "" } },
		{ { { NULL }, "prd", DEFAULT_PROD }, ERROR_INPUT,
		    { "--profile: there is no profile 'prd'",
			"prod, dev, broken, local" } },
		{ { { "SANDTOP_PROFILE", "x\033[31m", NULL } }, ERROR_INPUT,
		    { "SANDTOP_PROFILE: there is no profile 'x\\e[31m'", "local" } },
		{ { { NULL }, NULL, "profile = gone\n", CLI_V2 }, ERROR_INPUT,
		    { "option profile in config.ini: there is no profile 'gone'",
			"local" } },
		{ { { NULL }, "broken", PROFILES, CLI_V2 }, ERROR_SYSTEM,
		    { "profile broken: api_key_cmd ended with exit code 4", "" } },
		{ { { NULL }, "local", NULL, CLI_V2 }, ERROR_OFFLINE,
		    { "the local host does not run", "sandtop host start" } },
		{ { { NULL }, NULL, NULL, "{\"secret-thing\"", 0, true }, ERROR_INPUT,
		    { ".e2b/config.json: line 1 is not valid JSON", "" } },
		{ { { NULL }, NULL, NULL, "{\"version\":2,\"projectApiKey\":7}", 0,
		      true },
		    ERROR_INPUT, { ".e2b/config.json: its 'projectApiKey'", "" } },
		{ { { NULL }, NULL, NULL, "{\"teamApiKey\":\"secret-thing\\n\"}", 0,
		      true },
		    ERROR_INPUT, { "~/.e2b/config.json gives a key with", "" } },
		{ { { NULL } }, ERROR_NOT_FOUND, { "no API key found", "E2B_API_KEY" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct account a;
		struct account_search s;
		struct error err = { 0 };
		if (resolve(&cases[i].place, &a, &s, &err))
			fail_msg("case %zu gave %s", i, a.source_text);
		if (err.code != cases[i].code || !strstr(err.text, cases[i].want[0]) ||
		    !strstr(err.text, cases[i].want[1]))
			fail_msg("case %zu: %d %s", i, err.code, err.text);
		assert_null(strstr(err.text, "secret-thing"));
		account_search_clear(&s);
		between_rows();
	}
}

static void
test_search_names_every_place(void **state)
{
	static const char *const want[] = {
		"--profile: not given",
		"SANDTOP_PROFILE: not set",
		"E2B_API_KEY: not set",
		"option profile in config.ini: not set",
		"~/.e2b/config.json: no such file",
		"local host: does not run",
	};
	struct account a;
	struct account_search s;
	struct error err;

	(void)state;
	assert_false(resolve(&(struct place){ 0 }, &a, &s, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(s.looked_at.count, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_string_equal(s.looked_at.items[i], want[i]);
	account_search_clear(&s);

	assert_false(
	    resolve(&(struct place){ .cli_json = "{\"version\":2}" }, &a, &s, &err));
	assert_string_equal(
	    s.looked_at.items[4], "~/.e2b/config.json: has no API key (signed out)");
	account_search_clear(&s);
}

static void
test_profile_facts(void **state)
{
	struct account a;
	struct account_search s;
	struct error err;

	(void)state;
	assert_true(resolve(
	    &(struct place){ .flag = "prod", .config_ini = PROFILES }, &a, &s, &err));
	assert_true(a.read_only);
	assert_string_equal(a.accent, "red");
	assert_string_equal(a.confirm, "name");
	account_clear(&a);
	account_search_clear(&s);
	assert_true(resolve(
	    &(struct place){ .flag = "dev", .config_ini = PROFILES }, &a, &s, &err));
	assert_false(a.read_only);
	assert_null(a.accent);
	assert_null(a.confirm);
	account_clear(&a);
	account_search_clear(&s);
}

static void
test_readable_cli_file_is_a_warning(void **state)
{
	struct account a;
	struct account_search s;
	struct error err;

	(void)state;
	assert_true(resolve(
	    &(struct place){ .cli_json = CLI_V2, .cli_mode = 0644 }, &a, &s, &err));
	assert_int_equal(s.warnings.count, 1);
	assert_string_equal(s.warnings.items[0],
	    "~/.e2b/config.json: can be read by others (mode 0644); run: chmod 600 "
	    "~/.e2b/config.json");
	account_clear(&a);
	account_search_clear(&s);
	assert_true(resolve(
	    &(struct place){ .cli_json = CLI_V2, .cli_mode = 0400 }, &a, &s, &err));
	assert_int_equal(s.warnings.count, 0);
	account_clear(&a);
	account_search_clear(&s);
}

static void
test_keys_stay_out_of_the_log(void **state)
{
	static const struct {
		struct place place;
		const char *key;
	} cases[] = {
		{ { { "E2B_API_KEY", "e2b_not_to_be_seen_1", NULL } },
		    "e2b_not_to_be_seen_1" },
		{ { .cli_json = "{\"teamApiKey\":\"e2b_not_to_be_seen_2\"}" },
		    "e2b_not_to_be_seen_2" },
		{ { .host_runs = true }, "e2b_local" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct account a;
		struct account_search s;
		struct error err;
		assert_true(resolve(&cases[i].place, &a, &s, &err));
		log_info("test", "sending '%s'", a.key);
		assert_non_null(strstr(log_recent(0), "sending '"));
		assert_null(strstr(log_recent(0), cases[i].key));
		account_clear(&a);
		account_search_clear(&s);
		between_rows();
	}
}

static void
test_where_a_sandbox_is(void **state)
{
	static const struct {
		const char *sandbox_url, *account_domain, *sandbox_domain;
		bool debug;
		const char *envd, *port;
	} cases[] = {
		/* 1: the sandbox URL, before all else */
		{ "http://h:3002", "e2b.app", "e2b.app", true, "http://h:3002",
		    "localhost:8080" },
		{ "http://h:3002", "e2b.app", NULL, false, "http://h:3002",
		    "8080-ix9.e2b.app" },
		/* 2: debug */
		{ NULL, "e2b.app", "e2b.app", true, "http://localhost:49983",
		    "localhost:8080" },
		/* 3: a stable host, by the sandbox's own domain first */
		{ NULL, "e2b.app", NULL, false, "https://sandbox.e2b.app",
		    "8080-ix9.e2b.app" },
		{ NULL, "e2b.app", "", false, "https://sandbox.e2b.app",
		    "8080-ix9.e2b.app" },
		{ NULL, "x.example", "e2b.dev", false, "https://sandbox.e2b.dev",
		    "8080-ix9.e2b.dev" },
		{ NULL, "e2b.pro", NULL, false, "https://sandbox.e2b.pro",
		    "8080-ix9.e2b.pro" },
		{ NULL, "E2B.App", NULL, false, "https://sandbox.E2B.App",
		    "8080-ix9.E2B.App" },
		{ NULL, "e2b-staging.dev", NULL, false, "https://sandbox.e2b-staging.dev",
		    "8080-ix9.e2b-staging.dev" },
		{ NULL, "e2b-tango.dev", NULL, false, "https://sandbox.e2b-tango.dev",
		    "8080-ix9.e2b-tango.dev" },
		{ NULL, "e2b-juliett.dev", NULL, false, "https://sandbox.e2b-juliett.dev",
		    "8080-ix9.e2b-juliett.dev" },
		{ NULL, "foxtrot-2.e2b.dev", NULL, false,
		    "https://sandbox.foxtrot-2.e2b.dev", "8080-ix9.foxtrot-2.e2b.dev" },
		{ NULL, "more.example", NULL, false, "https://sandbox.more.example",
		    "8080-ix9.more.example" },
		/* 4: a name for each */
		{ NULL, "x.example", NULL, false, "https://49983-ix9.x.example",
		    "8080-ix9.x.example" },
		{ NULL, "e2b.app", "x.example", false, "https://49983-ix9.x.example",
		    "8080-ix9.x.example" },
		{ NULL, "sub.e2b.app", NULL, false, "https://49983-ix9.sub.e2b.app",
		    "8080-ix9.sub.e2b.app" },
		/* what the server calls a domain need not be one */
		{ NULL, "x.example", "evil.example/path?", false,
		    "https://49983-ix9.x.example", "8080-ix9.x.example" },
		{ NULL, "x.example", "a@evil.example", false,
		    "https://49983-ix9.x.example", "8080-ix9.x.example" },
	};
	struct config *c;
	struct account_search s;
	struct error err;

	(void)state;
	assert_int_equal(setenv("E2B_API_KEY", "k", 1), 0);
	assert_true(config_load(scratch_dir(), &c, NULL, &err));
	assert_true(config_set(c, "stable_hosts", "other.example, more.example", &err));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct account a;
		assert_true(account_resolve(c, NULL, NULL, &a, &s, &err));
		free(a.domain);
		a.domain = xstrdup(cases[i].account_domain);
		a.sandbox_url = xstrdup(cases[i].sandbox_url);
		a.debug = cases[i].debug;

		char *envd = account_envd_url(&a, "ix9", cases[i].sandbox_domain);
		char *port = account_port_host(&a, "ix9", cases[i].sandbox_domain, 8080);
		assert_string_equal(envd, cases[i].envd);
		assert_string_equal(port, cases[i].port);
		free(envd);
		free(port);
		account_clear(&a);
		account_search_clear(&s);
	}
	config_free(c);
}

static void
test_an_id_cannot_name_a_host(void **state)
{
	struct account a = { .domain = xstrdup("x.example") };

	(void)state;
	char *url = account_envd_url(&a, "evil.example/", NULL);
	assert_string_equal(url, "https://49983-evil.example%2F.x.example");
	free(url);
	account_clear(&a);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_order),
		CASE(test_addresses),
		CASE(test_refused),
		CASE(test_search_names_every_place),
		CASE(test_profile_facts),
		CASE(test_readable_cli_file_is_a_warning),
		CASE(test_keys_stay_out_of_the_log),
		CASE(test_where_a_sandbox_is),
		CASE(test_an_id_cannot_name_a_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
