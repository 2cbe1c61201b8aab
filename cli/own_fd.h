/*
 * own_fd - a descriptor of the standard three, made non-blocking for us alone.
 *
 * Being non-blocking belongs to the open file, which the shell that started us and others
 * share. So the file is opened once more where that can be; else the flag is set and put
 * back in the end.
 */
#ifndef CLI_OWN_FD_H
#define CLI_OWN_FD_H

#include <stdbool.h>

struct own_fd {
	int fd; /* -1: closed */
	bool reopened;
	int flags; /* to put back; -1: nothing */
};
/* false: `fd` is not open. O_RDONLY or O_WRONLY. */
bool own_fd_open(struct own_fd *o, int fd, int access);
void own_fd_close(struct own_fd *o);

#endif
