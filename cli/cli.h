/*
 * cli - the commands of the command line: results on stdout, everything else
 * on stderr, exit codes for scripts (ux.md 6).
 *
 * Knows the account and the fleet's rooms below it; what belongs to rooms it
 * must not know (the local host, the screen) main.c lends as services.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "fleet/command.h"

enum cli_exit {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_DENIED = 4,
	EXIT_CONFLICT = 5,
	EXIT_LIMIT = 6,
	EXIT_OFFLINE = 7,
	EXIT_SOME_FAILED = 8,
	EXIT_NOT_CONFIRMED = 9,
	EXIT_CONFIG = 10,
	EXIT_TIMEOUT = 124,	/* exec --timeout */
	EXIT_OUR_FAILURE = 125, /* exec and shell: not the remote's */
	EXIT_INTERRUPTED = 130,
};
int cli_exit_from(enum error_code code);

/* The account as commands need it; NULL key: none was found. All borrowed. */
struct cli_account {
	const char *key; /* secret */
	const char *api_url, *domain, *profile, *project, *source;
	bool local_host, read_only;
	const char *confirm; /* NULL, or "name": kill asks for the profile's name */
	int64_t ttl_s;
	char *(*envd_url)(void *ctx, const char *sandbox_id, const char *sandbox_domain);
	void *url_ctx;
	struct error why_none;		 /* key NULL: what to say */
	const struct strlist *looked_at; /* key NULL: where a key was looked for */
};

struct cli_host {
	bool running;
	int pid, port;
	char key[64], url[64], version[32];
};

struct cli_services {
	bool (*host_start)(struct cli_host *out, struct error *err);
	bool (*host_stop)(bool *was_running, struct error *err);
	bool (*host_status)(struct cli_host *out, struct error *err);
	/* Until a signal. `simulate`: so many sandboxes with nothing inside. */
	bool (*host_run)(int port, int ready_fd, int simulate, struct error *err);
	char *(*describe_host)(void); /* isolation and internet; caller frees */
	void (*describe_screen)(struct buf *out); /* colour, glyphs, TERM */
	void (*describe_config)(
	    struct buf *out); /* files, profile, options that differ */
	void (*reset_terminal)(int fd);
	/* Opens the dashboard (sandbox_id NULL) or one shell; returns the exit code. */
	int (*open_screen)(
	    const struct command_call *call, const char *sandbox_id, bool wake);
};

enum cli_format { FORMAT_TABLE, FORMAT_JSON, FORMAT_JSONL, FORMAT_IDS };

struct cli {
	struct loop *loop;		     /* borrowed */
	const struct cli_account *account;   /* borrowed */
	const struct cli_services *services; /* borrowed */
	enum cli_format format;
	bool may_ask; /* stdin and stderr are terminals and --no-input was not said */
	bool yes;
	bool out_is_terminal;
	bool color; /* of stdout */
	bool verbose;
	int64_t request_timeout_ms; /* 0: the default */
	int out_error; /* errno of the first write to stdout that failed; 0: none */
};

/* A handler per command of the command line; a test finds ids without one. Returns the
 * exit code. */
struct cli_handler {
	int command;
	int (*run)(struct cli *cli, const struct command_call *call);
};
extern const struct cli_handler cli_handlers[]; /* ends with run NULL */

/* Whether the command needs no account at all (help, host, doctor, reset, version). */
bool cli_needs_account(const struct command_call *call);
/* Runs one parsed command. Global options are read here; --help is answered here. */
int cli_run(struct loop *loop, const struct cli_account *account,
    const struct cli_services *services, const struct command_call *call);

/* The first thing in main(): a standard descriptor that is closed is filled with one that
 * refuses reading and writing, so that no socket takes its number and what is written to
 * it fails as it should. */
void cli_guard_descriptors(void);

/* One line on stderr, "sandtop: " in front; with -o json one object. */
void cli_error(const struct cli *cli, const struct error *err, const char *id);

#endif
