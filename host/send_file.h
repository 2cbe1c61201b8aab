/* send_file - a large file as an answer, from the page cache to the socket without a copy
 * here, on which the connection ends: libmicrohttpd sends 16 KiB at a time. */
#ifndef HOST_SEND_FILE_H
#define HOST_SEND_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "host/server.h"

/* Takes the descriptor, and the request as request_own() does. */
void send_file(
    struct request *r, int status, const char *type, int fd, uint64_t offset, size_t len);

#endif
