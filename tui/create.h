/*
 * create - the form that makes a sandbox (ux.md 3.3.6): template, name, time left,
 * what happens then, internet, variables, metadata, and a shell in it afterwards.
 */
#ifndef TUI_CREATE_H
#define TUI_CREATE_H

#include "base/str.h"
#include "tui/app.h"

/* The handler of "create": opens the form, filled with what the line says. */
void action_create(struct app *app, const struct command_call *call);

/* "user=ana note='two words'" into pairs; adds to `out`, which the caller clears. Keys
 * must be there, and only once. */
bool create_parse_pairs(
    const char *text, struct pairs *out, struct error *err) MUST_CHECK;

#endif
