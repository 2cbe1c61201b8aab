/* exec_words - the remote command line, and what its end means for our exit code. */
#ifndef CLI_EXEC_WORDS_H
#define CLI_EXEC_WORDS_H

#include "base/str.h"
#include "wire/process.h"

/* One word is a shell line as it stands; several are quoted into one, so that the
 * remote sees the words that were given. Caller frees. */
char *exec_line(const struct strlist *words);
/* exit code, 128 + n by signal; 255 for an end of which neither is known. */
int exec_exit_code(const struct process_event *end);

#endif
