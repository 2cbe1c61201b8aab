/*
 * script - the little language in which pane tests are written, tests/unit/term/cases.
 *
 *   ! title                     a new case; each has a pane of its own, 5 rows x 20 columns
 *   SIZE 5,20                   ... of another size (rows,cols), before anything else
 *   SIZE 5,20 scrollback 100,65536
 *   PUSH "text"   PUSH 3 "x"    output of the program, once or several times
 *   RESIZE 4,30                 KEY S-Up            PASTE "text"        NOTE "text"
 *   MOUSE press 1 3,4 ctrl      press release move (button row,col), wheelup, wheeldown
 *   FOCUS in                    RESET               SCROLL 3            LIVE
 *   WRITTEN "bytes"             what went to the program since the last WRITTEN
 *   IGNORED                     the last KEY or MOUSE meant nothing
 *   ?row 0 = "text"             trailing blanks apart; -1 is the newest scrollback row
 *   ?text -1..4 = "a\nb"        ?cursor = 0,3 (then: hidden, noblink, underline, bar)
 *   ?cell 0,1 = "a" fg=1 bg=#ff0000 bold underline wide tail
 *   ?scrollback = 3   ?view = 0   ?size = 5,20   ?title = "x"   ?bells = 1
 *   ?clipboard = "x"  ?mouse = none|click|drag|move
 *   ?alt = yes   ?sync = no   ?focus = no   ?brackets = no
 *
 * Strings know \e \a \b \t \n \v \f \r \" \\ and \xHH. '#' begins a comment line.
 */
#ifndef TESTS_UNIT_TERM_SCRIPT_H
#define TESTS_UNIT_TERM_SCRIPT_H

#include <stddef.h>

/* One case: lines of a file. */
struct script {
	char *name; /* owned: "wrap.test: title" */
	char *text; /* owned */
	int line;   /* of its first line in the file */
};

/* All cases of all files of a directory, sorted; caller clears. Ends the program when
 * there is none. */
struct script *script_load(const char *dir, size_t *count);
void script_free(struct script *scripts, size_t count);
/* Runs one; fails the running cmocka test where an expectation does not hold. */
void script_run(const struct script *s);

#endif
