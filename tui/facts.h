/*
 * facts - what is known of one sandbox, as text: a line under the table, and a
 * panel of labels and values. What is unknown says "--" (law 8).
 *
 * Pure: reads the model, asks nothing. All texts are clean because the model's are.
 */
#ifndef TUI_FACTS_H
#define TUI_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "fleet/session.h"
#include "tui/canvas.h"
#include "tui/keymap.h"

/* "running", "paused since 11:54", "gone since 12:03: killed by you" */
void facts_add_state(struct buf *out, const struct sandbox *s);
enum role facts_state_role(enum sandbox_state state);
/* Warning below ten minutes, critical below two. */
enum role facts_left_role(int64_t left_s);
/* "left 42m (ends 12:46:55)", or "" when it does not run. */
void facts_add_left(struct buf *out, const struct sandbox *s, int64_t now_ms);
/* Running for less than this without figures: it warms up, nothing is wrong. */
#define FACTS_WARMING_S 15
bool facts_is_warming(const struct sandbox *s, int64_t now_ms);
/* "2 vCPU 512M", unknown parts left out. */
void facts_add_size(struct buf *out, const struct sandbox *s);
/* "agent-42  ij3k9x0a  2 vCPU 512M  2 shells  user=ana"; of a gone one its reason. */
void facts_add_line(struct buf *out, const struct sandbox *s, int64_t now_ms);
/* "user=ana app=triage", behind `lead` when there is any. */
void facts_add_metadata(struct buf *out, const struct sandbox *s, const char *lead);
/* "90m", "2h": as duration_parse() takes it again; size >= 24. */
void facts_spell_duration(int64_t seconds, char *out, size_t size);
/* The key of a command as people press it, "?" when it has none. Size >= 16. */
void facts_key(const struct keymap *k, enum keymap_context context, int command_id,
    char *out, size_t size);

/* ---- the panel */

/* What runs inside, when it was asked for. */
struct facts_shells {
	bool asked, answered;
	const struct shell_list *list; /* borrowed; meaningful when answered */
	const char *why_not;	       /* borrowed; NULL: no error */
};
struct fact {
	char *label, *value; /* owned; no value: a heading; neither: a blank line */
	enum role role;	     /* of the value */
};
struct facts {
	struct fact *items; /* owned */
	size_t count;
};
/* `domain`: the account's, for a sandbox without one of its own; may be NULL. */
void facts_fill(struct facts *out, const struct sandbox *s, const char *domain,
    const struct facts_shells *shells, int64_t now_ms);
void facts_clear(struct facts *f); /* zeroed is fine */
/* From line `top` on; values are cut at the canvas' edge. */
void facts_draw(const struct facts *f, struct canvas *c, int top);

#endif
