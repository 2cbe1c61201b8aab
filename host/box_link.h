/*
 * box_link - the host's end of the socket to one supervisor: whole messages
 * in and out, descriptors beside them, nothing that waits (host/init/protocol.h).
 *
 * What the socket does not take now is queued, up to a limit. What arrives is
 * checked for form here; its meaning is the owner's business.
 */
#ifndef HOST_BOX_LINK_H
#define HOST_BOX_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/loop.h"
#include "host/init/protocol.h"

struct box_link;

struct box_link_message {
	struct init_header header;
	const void *body; /* borrowed for the call, header.len bytes */
	int *fds;	  /* borrowed; a descriptor that is kept is replaced by -1 */
	int fd_count;
	int sender; /* the supervisor's pid as we see it; 0 after the first message */
};

/* From the loop. Neither may free the link. */
struct box_link_events {
	void (*message)(void *ctx, struct box_link_message *m);
	void (*closed)(void *ctx);
};

/* Takes our end of a SOCK_SEQPACKET pair. */
struct box_link *box_link_new(
    struct loop *loop, int fd, const struct box_link_events *events, void *ctx);
void box_link_free(struct box_link *k); /* NULL is fine */
/* Copies the body; `fd` (-1: none) is duplicated. false: closed, or the queue is full. */
bool box_link_send(struct box_link *k, uint16_t type, uint32_t id, const void *body,
    size_t len, int fd) MUST_CHECK;
/* Delivers what lies in the socket; for the end, when nothing more will come. */
void box_link_drain(struct box_link *k);

#endif
