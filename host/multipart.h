/*
 * multipart - multipart/form-data as it comes, with nothing kept but the end of what
 * may be a boundary. RFC 7578; names keep their whole path (envd.md 4.2).
 */
#ifndef HOST_MULTIPART_H
#define HOST_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"

enum multipart_event {
	MULTIPART_MORE, /* give more input */
	MULTIPART_PART, /* a part begins: name and filename are set */
	MULTIPART_DATA, /* bytes of it, until the next call */
	MULTIPART_PART_END,
	MULTIPART_END,	  /* the last boundary was read; what follows is nobody's */
	MULTIPART_BROKEN, /* stays so */
};

struct multipart {
	char *boundary; /* owned: with the line end and dashes before it */
	struct buf in;
	size_t used; /* of `in`, dropped with the next call */
	enum { MULTIPART_PREAMBLE, MULTIPART_HEAD, MULTIPART_BODY, MULTIPART_OVER } state;
	char *name, *filename; /* owned; NULL: not given */
	const char *data;      /* borrowed */
	size_t data_len;
	bool broken;
};

/* The boundary of a Content-Type; false: it has none that is fit. */
bool multipart_init(struct multipart *m, const char *content_type) MUST_CHECK;
void multipart_clear(struct multipart *m); /* zeroed memory is fine */
/* Room for input; feed at most this. */
size_t multipart_room(const struct multipart *m);
void multipart_feed(struct multipart *m, const char *bytes, size_t len);
enum multipart_event multipart_next(struct multipart *m);

#endif
