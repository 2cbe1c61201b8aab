/*
 * lock - one host per state directory. The lock belongs to an open file
 * description: it ends with its process, however that ends, and asking about it
 * never takes it.
 */
#ifndef HOST_LOCK_H
#define HOST_LOCK_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"

/* Opens and locks; *fd keeps the lock until lock_release(). *taken: another has it. */
bool lock_take(const char *path, int *fd, bool *taken, struct error *err) MUST_CHECK;
void lock_release(int fd);	     /* closes it; the lock is free at once */
bool lock_is_held(const char *path); /* no file: false */
/* The process has the file open, as its holder has for as long as it runs. */
bool lock_is_open_in(const char *path, int pid);

#endif
