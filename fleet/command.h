/*
 * command - the one table of what can be done. Keys, palette, command line,
 * help, hints and manual are made from it. Rooms register handlers by id.
 */
#ifndef FLEET_COMMAND_H
#define FLEET_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

enum command_flags {
	COMMAND_CLI = 1 << 0,	    /* a word of the command line */
	COMMAND_SCREEN = 1 << 1,    /* something a key or the palette can do */
	COMMAND_TARGET = 1 << 2,    /* acts on sandboxes: the focused row, or ID... */
	COMMAND_CHANGES = 1 << 3,   /* refused when read-only or offline */
	COMMAND_CONFIRM = 1 << 4,   /* ladder on screen; --yes in scripts */
	COMMAND_ACCOUNT = 1 << 5,   /* needs a key */
	COMMAND_STDIN_IDS = 1 << 6, /* "-" reads ids */
	COMMAND_HIDDEN = 1 << 7,    /* movement and such: not in the palette */
};

enum command_section {
	SECTION_MOVE,
	SECTION_SANDBOX,
	SECTION_SEE,
	SECTION_PANES,
	SECTION_HOST,
	SECTION_TOOL
};

struct command_option {
	const char *name;  /* "ttl" for --ttl */
	char letter;	   /* 't' for -t, 0: none */
	const char *value; /* "TIME"; NULL: a flag */
	bool repeats;
	const char *summary;
};

struct command {
	int id;
	const char *name;	/* "pause", "host start" */
	const char *alias;	/* "rm"; NULL */
	const char *args;	/* "ID...", "TEMPLATE", "ID -- CMD..."; "" none */
	int min_args, max_args; /* -1: no maximum */
	bool rest; /* everything behind the first argument (or --) is the remote's */
	int flags;
	enum command_section section;
	const struct command_option *options; /* ends with name NULL; may be NULL */
	const char *summary;		      /* <= 60 columns, for help and palette */
	const char *examples;		      /* lines for --help; NULL: none */
};

/* Ids: X(id, name) so that enum and table stay parallel is not needed: the table is
 * indexed by id and a test walks it. */
#include "fleet/commands.h"

extern const struct command commands[COMMAND_COUNT];
const struct command *command_find(const char *name); /* name or alias; NULL */
/* The nearest name for a typo, NULL when nothing is near. */
const char *command_suggest(const char *name);

struct command_call {
	const struct command *command;
	struct strlist args; /* positional */
	struct strlist rest; /* behind "--" */
	struct {
		const struct command_option *option;
		char *value; /* owned; NULL for a flag */
	} * options;	     /* owned */
	size_t option_count;
};
void command_call_clear(struct command_call *c);
/* Global options (before or after the command) are in global_options[]. argv[0] is the
 * first word. */
extern const struct command_option global_options[];
bool command_parse(int argc, const char *const *argv, struct command_call *out,
    struct error *err) MUST_CHECK;
/* A palette line: words, quotes. */
bool command_parse_line(
    const char *line, struct command_call *out, struct error *err) MUST_CHECK;
bool call_has(const struct command_call *c, const char *option);
const char *call_value(const struct command_call *c, const char *option); /* last; NULL */
/* Every value of a repeated option; returns the count, calls `each` for them. */
size_t call_each(const struct command_call *c, const char *option,
    void (*each)(void *ctx, const char *value), void *ctx);
/* --help text of one command, and of the program. */
void command_add_help(struct buf *out, const struct command *c);
void commands_add_help(struct buf *out);

#endif
