/*
 * remote - the control plane for the length of one command.
 *
 * Commands are short, so they wait: each remote_*() runs the loop until its
 * answer is there. Nothing is opened before the first call that needs it.
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/cli.h"
#include "fleet/sandbox.h"
#include "net/api.h"
#include "net/envd.h"
#include "net/http.h"

struct remote {
	struct cli *cli;   /* borrowed */
	struct http *http; /* owned */
	struct api *api;   /* owned */
};

/* With the account of the command. */
void remote_open(struct remote *r, struct cli *cli);
/* With another server; copies both. */
void remote_open_at(struct remote *r, struct cli *cli, const char *url, const char *key);
void remote_close(struct remote *r); /* zeroed is fine */

/* A GET; a 404 says where to look. `out` is written over on success only. */
bool remote_get(
    struct remote *r, const char *id, struct sandbox *out, struct error *err) MUST_CHECK;
/* The 404 of one id, as a person needs it. */
void remote_explain_missing(const struct cli *cli, const char *id, struct error *err);
/* Where envd of a sandbox answers. Never for one that does not run (law 1). */
struct envd *remote_envd(struct remote *r, const struct sandbox *s, const char *user);

/* What a list element or a GET says, as the field table reads it. Copies. */
void row_take(struct sandbox *out, const struct rest_sandbox *in);
/* The figures of now. */
void row_take_metric(struct sandbox *out, const struct rest_metric *metric);

#endif
