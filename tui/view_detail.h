/*
 * view_detail - one sandbox: live graphs of CPU, memory and disk, and what is
 * known of it (ux.md 3.3.2). Looking at it changes nothing.
 */
#ifndef TUI_VIEW_DETAIL_H
#define TUI_VIEW_DETAIL_H

#include "tui/app.h"

extern const struct view_type view_detail; /* arg: const char *, the sandbox's id */

#endif
