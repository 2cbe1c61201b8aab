/*
 * sudo - "user" may become root without a password, as in E2B's sandboxes. The
 * kernel lets nothing in here gain rights by itself, so the program `sudo` is
 * this binary by another name, and asks the supervisor, which has them.
 *
 * One SOCK_SEQPACKET connection per command, on an abstract name of the
 * sandbox's own network: a request with descriptors 0, 1 and 2, then signals
 * one way and one answer the other.
 */
#ifndef HOST_INIT_SUDO_H
#define HOST_INIT_SUDO_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SUDO_PATH "/usr/bin/sudo" /* where the link to LAYOUT_INIT lies */

enum { SUDO_REQUEST_MAX = 128 * 1024, SUDO_USER_MAX = 64 };

/* Then strings, each with its NUL: the directory, argc arguments, envc "NAME=value". */
struct sudo_request {
	char user[SUDO_USER_MAX];
	uint32_t argc, envc;
};

struct sudo_answer {
	int32_t errnum; /* not 0: it could not be started */
	int32_t status; /* else waitpid's */
	char message[120];
};

/* The length of the address. */
socklen_t sudo_address(struct sockaddr_un *out);

/* In the program; returns its exit code. */
int sudo_main(int argc, char **argv);

#endif
