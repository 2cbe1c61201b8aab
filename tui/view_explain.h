/*
 * view_explain - no key anywhere: one screen with the ways to get one, naming every
 * place that was looked at; never a stack of errors (ux.md 3.7).
 */
#ifndef TUI_VIEW_EXPLAIN_H
#define TUI_VIEW_EXPLAIN_H

#include "base/error.h"
#include "base/str.h"
#include "tui/app.h"

struct explain_arg {
	const struct strlist *looked_at; /* borrowed while the view is open */
	const struct error *why;	 /* borrowed while the view is open */
};
extern const struct view_type view_explain; /* arg: struct explain_arg */

#endif
