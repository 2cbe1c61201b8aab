/*
 * marks - text that ends where its writer says so: NUL, an unguessable word,
 * NUL, a number, NUL. A pure splitter for the bytes a bash kernel writes, cut
 * anyhow by the pipe.
 */
#ifndef HOST_MARKS_H
#define HOST_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define MARKS_WORD_SIZE 33 /* 32 hexadecimal digits */

struct marks {
	char word[MARKS_WORD_SIZE];
	struct buf held; /* owned; what may be the beginning of a mark */
};

void marks_init(struct marks *m, const char *word);
void marks_clear(struct marks *m);
void marks_feed(struct marks *m, const char *bytes, size_t len);
/* The next piece: text that is no mark, or a mark with its number. MARKS_MORE: what is
 * held may become either. Text stays held until marks_take() takes bytes of it. */
enum marks_piece { MARKS_MORE, MARKS_TEXT, MARKS_END };
enum marks_piece marks_next(struct marks *m, const char **text, size_t *len, int *number);
void marks_take(struct marks *m, size_t len);

#endif
