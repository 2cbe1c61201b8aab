/*
 * fixture - runs one command line against a scripted server, as main.c would: with
 * standard input from a text, standard output and error caught.
 */
#ifndef TESTS_UNIT_CLI_FIXTURE_H
#define TESTS_UNIT_CLI_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "tests/unit/net/server.h"

#define ID_A "iaaaaaaaaaaaaaaaaaaaa"
#define ID_B "ibbbbbbbbbbbbbbbbbbbb"
#define KEY "e2b_0123456789abcdef0123456789abcdef01234567"

struct fixture {
	struct loop *loop;     /* owned */
	struct server *server; /* owned */
	struct cli_account account;
	struct strlist looked_at;
	/* at the end of every turn of the loop; NULL: nothing */
	void (*on_turn)(struct fixture *f);
	int step; /* for on_turn */
	/* of the last run */
	int code;
	char *out, *err; /* owned */
	size_t out_len;
	/* what the services were asked */
	char *opened; /* owned: id of the opened screen, "" for the dashboard */
	bool woke, reset;
	bool host_runs;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Words as in the palette: blanks and quotes. `input` NULL: empty. Returns the code. */
int run(struct fixture *f, const char *input, const char *line);

/* A sandbox as the API answers it. */
char *sandbox_json(const char *id, const char *state, int64_t end_in_s);
/* GET of one sandbox will answer so, each time. */
void answer_sandbox(
    struct fixture *f, const char *id, const char *state, int64_t end_in_s);
/* A stream's reply, made of envelopes; `open`: more may follow with server_send(). */
void answer_stream(
    struct fixture *f, const char *path, const struct buf *envelopes, bool open);

#endif
