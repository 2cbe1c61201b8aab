/*
 * pen - colours and attributes that the next character gets: SGR, ECMA-48 8.3.117,
 * with the colon forms of ISO 8613-6 (4:3, 38:2::r:g:b) and the semicolon forms that
 * xterm made usual (38;5;n).
 */
#ifndef TERM_PEN_H
#define TERM_PEN_H

#include "base/buf.h"
#include "base/cell.h"
#include "term/sanitise.h"

struct pen {
	uint32_t fg, bg;
	uint16_t attrs;
};

void pen_apply(struct pen *pen, const struct sequence *seq); /* CSI ... m */
/* The parameters that would make it, "0;1;38;5;9": the answer to DECRQSS m. */
void pen_describe(const struct pen *pen, struct buf *out);

#endif
