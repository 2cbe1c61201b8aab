/* form_internal - a form's inside, for form.c (keys and life) and form_draw.c. */
#ifndef TUI_FORM_INTERNAL_H
#define TUI_FORM_INTERNAL_H

#include "tui/form.h"
#include "tui/prompt.h"

struct form_item {
	struct form_field field; /* strings of it are borrowed */
	struct prompt line;	 /* FORM_TEXT, FORM_COMBO */
	size_t choice;		 /* FORM_CHOICE: index */
	size_t choice_count;
	bool on; /* FORM_TOGGLE */
	bool wrong;
	struct error err; /* when wrong */
};

struct form {
	struct app *app;    /* borrowed */
	char *title, *verb; /* owned */
	struct form_item items[FORM_FIELDS_MAX];
	size_t count;
	size_t focus;
	int top;			  /* the first item that shows */
	const struct form_events *events; /* borrowed */
	void *ctx;			  /* borrowed */
	bool edited, help, submitted, told;
	struct error err; /* of the whole: why it could not be submitted; text "" none */
};

void form_layout(void *state, int rows, int cols);
void form_draw(const void *state, struct canvas *c);

#endif
