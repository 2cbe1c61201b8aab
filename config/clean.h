/* clean - what every reader of a file here needs: a careful read, and messages that are
 * safe to show although they quote the file. */
#ifndef CONFIG_CLEAN_H
#define CONFIG_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

/* Makes the text printable: it may quote names out of a file or the environment. */
void error_clean(struct error *err);

struct file_text {
	bool missing;	/* no such file: no error, the rest is zero */
	unsigned mode;	/* permission bits */
	unsigned owner; /* user id */
	char *text;	/* owned; ends in NUL; wiped when cleared */
	size_t len;
};
/* A regular file of at most `max` bytes; anything else there is an error that names it
 * (a FIFO would hang us, a device never end). */
bool file_read(
    const char *path, size_t max, struct file_text *out, struct error *err) MUST_CHECK;
void file_text_clear(struct file_text *f); /* zeroed is fine */
/* Overwrites and frees; NULL is fine. */
void secret_free(char *secret);

#endif
