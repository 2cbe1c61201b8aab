/* api_marker - finding the sandbox of a create by its marker; for this room only. */
#ifndef NET_API_MARKER_H
#define NET_API_MARKER_H

#include "net/api_private.h"
#include "net/backoff.h"

enum marker_answer { MARKER_NONE, MARKER_FOUND, MARKER_FAILED };

/* Lists running and paused sandboxes with the marker. */
void marker_ask(struct call *c, const char *marker,
    void (*answered)(struct call *c, const struct http_reply *reply));
/* FOUND: *out_id is the caller's to free. FAILED: err says why. */
enum marker_answer marker_read(struct call *c, const char *marker,
    const struct http_reply *reply, char **out_id, struct error *err);

#endif
