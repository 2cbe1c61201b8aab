/*
 * time_left - how long a sandbox still runs: reading what a person writes, the prompt
 * that sets it, and the key that adds to it. Shortening is only done on purpose (law 1).
 */
#ifndef TUI_TIME_LEFT_H
#define TUI_TIME_LEFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "tui/app.h"

#define TIME_LEFT_MAX_S (30 * 86400)

/* "30m" and "=2h" set the time left, "+30m" adds to it. */
struct time_left {
	bool adds;
	int64_t seconds; /* more than 0, at most TIME_LEFT_MAX_S */
};
bool time_left_parse(
    const char *text, struct time_left *out, struct error *err) MUST_CHECK;

/* The handlers of "set-left" and "extend". */
void action_set_left(struct app *app, const struct command_call *call);
void action_extend(struct app *app, const struct command_call *call);

#endif
