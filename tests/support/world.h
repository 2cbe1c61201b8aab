/*
 * world - a sealed place for one program test: its own home, config, state and
 * local host; commands run in it, screens driven in it. Everything ends with it.
 *
 * Waiting is for states, never for time: world_wait() and driver_wait() poll until
 * the state is there or a deadline passes, then fail with what was seen.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct world {
	char dir[64]; /* temporary directory */
	char **env;   /* owned: the whole environment of programs */
	size_t env_count;
	bool host_started;
};

void world_init(struct world *w);
void world_clear(struct world *w); /* stops the host, removes the directory */
int world_teardown(void **state); /* of a test whose state is a world made with xcalloc */
void world_set(
    struct world *w, const char *name, const char *value); /* NULL value: unset */
void world_config(struct world *w, const char *text);	   /* writes config.ini */
const char *world_get(const struct world *w, const char *name);
void world_start_host(struct world *w); /* fails the test when it does not come up */
/* Sets E2B_API_KEY, E2B_API_URL and E2B_SANDBOX_URL to the host, as `host env` says. */
void world_use_host_by_env(struct world *w);

struct ran {
	int status; /* exit code; 128 + n by signal; -1 deadline */
	struct buf out, err;
};
/* Runs `sandtop` with the arguments (NULL-terminated list), stdin from `input` (NULL:
 * empty). Deadline 30 s. Clear with ran_clear(). */
struct ran world_run(struct world *w, const char *input, ...) __attribute__((sentinel));
struct ran world_run_argv(struct world *w, const char *input, const char *const *argv);
void ran_clear(struct ran *r);
/* Runs and asserts exit 0; returns stdout without its last newline; caller frees. */
char *world_out(struct world *w, ...) __attribute__((sentinel));

/* `sandtop` (or any program) on a pty, its screen read by our own terminal. */
struct driver;
struct driver *driver_start(struct world *w, int rows, int cols, const char *const *argv);
struct driver *driver_sandtop(struct world *w, int rows, int cols, ...)
    __attribute__((sentinel));	    /* arguments of sandtop */
void driver_free(struct driver *d); /* kills it when it still runs */
void driver_type(
    struct driver *d, const char *bytes); /* as a keyboard: "s", "\x02" "d" */
/* Types again every second until the text shows, or is gone: for what is deaf at first. */
void driver_insist(struct driver *d, const char *bytes, const char *text, bool there);
void driver_resize(struct driver *d, int rows, int cols);
/* Until the text shows; fails the test after 15 s with the screen. */
void driver_wait(struct driver *d, const char *text);
void driver_wait_gone(struct driver *d, const char *text);
bool driver_shows(struct driver *d, const char *text);
/* Reads what is there now without waiting for anything. */
void driver_pump(struct driver *d);
char *driver_screen(struct driver *d); /* rows joined by newlines; caller frees */
/* Waits for the end; the exit code as in struct ran. */
int driver_exit(struct driver *d);
int driver_pid(const struct driver *d);
struct pane;
const struct pane *driver_pane(const struct driver *d); /* borrowed */
/* Every byte the program wrote so far. */
const struct buf *driver_bytes(const struct driver *d);
/* The terminal's modes are what they were before the program came. */
bool driver_modes_restored(struct driver *d);

/* Polls `check` until true or 15 s; false then. */
bool world_wait(bool (*check)(void *ctx), void *ctx);

/* The value of the first text member of that name; none fails the test. Caller frees. */
char *text_member(const char *json, const char *name);

#endif
