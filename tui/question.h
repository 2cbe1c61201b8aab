/*
 * question - what is to be done to which sandboxes, and the dialog that asks first.
 *
 * Targets are ids, taken when the key arrived (law 2); the dialog's rows say what is so
 * now, and what cannot be done any more is left out (law 3).
 */
#ifndef TUI_QUESTION_H
#define TUI_QUESTION_H

#include "base/str.h"
#include "fleet/sandbox.h"
#include "tui/app.h"
#include "tui/dialog.h"

enum verb { VERB_PAUSE, VERB_RESUME, VERB_KILL, VERB_TIME, VERB_COUNT };

/* NULL: it can be done now; else why not, also for a sandbox that is NULL: gone. */
const char *verb_why_not(enum verb verb, const struct sandbox *s);
/* Ids that the call names, whole or by prefix, else the one under the cursor. All of
 * them or none: a list with a mistake in it is not acted on by halves. false: none, and
 * the person was told why. The caller clears `ids`. */
bool verb_targets(struct app *app, const struct command_call *call, enum verb verb,
    struct strlist *ids);

struct question {
	struct app *app; /* borrowed */
	enum verb verb;
	struct strlist ids;
	int64_t seconds; /* time left to be set, or that of a resume; 0: the setting */
};
/* Takes the ids over. question_ask() frees it when it is answered. */
struct question *question_new(struct app *app, enum verb verb, struct strlist *ids);
void question_free(struct question *q);
/* Does it, to these of them. A time left is set also when that is earlier. */
void question_act(const struct question *q, const struct strlist *ids);
/* `o->cli` is the command without the ids, `behind` comes after them; targets and their
 * header are filled in here. */
void question_ask(struct question *q, struct dialog_options *o, const char *behind);

#endif
