/*
 * text - UTF-8, made safe and measured in columns.
 *
 * Everything that comes from outside (names, metadata, titles, log lines,
 * error texts) passes text_clean() before it enters a cell, a log or a
 * terminal.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Decodes one scalar value of `len` bytes at s (len > 0); U+FFFD for a bad
 * sequence (maximal subpart). Returns the bytes used, at least 1. */
size_t utf8_decode(const char *s, size_t len, uint32_t *out);
size_t utf8_encode(uint32_t scalar, char out[4]); /* bytes written, 1 to 4 */
bool utf8_is_valid(const char *s, size_t len);

/* Columns of one scalar: 0 combining, 1, 2 wide; control characters 0.
 * One table of ours for all that we draw (ambiguous width is 1). */
int scalar_width(uint32_t scalar);
/* Control, C1, bidi controls, unassigned, private use, surrogates. */
bool scalar_is_unsafe(uint32_t scalar);

/* Appends a printable form: bad bytes, unassigned and private ones become U+FFFD,
 * control characters and bidi controls visible escapes (\e \n \t \x01 <U+202E>), the
 * rest as it is. Cleaning twice changes nothing more. */
void text_clean(struct buf *out, const char *s, size_t len);
char *text_clean_dup(const char *s); /* caller frees; NULL gives NULL */
/* Columns of a clean string. */
int text_width(const char *s);
/* Bytes of the longest prefix that fits into `cols` columns. */
size_t text_fit(const char *s, int cols);
/* Cut with a marker ("~" when ascii, else an ellipsis) into exactly <= cols; caller frees. */
char *text_cut(const char *s, int cols, bool ascii);
/* "1.5G", "118M", "812": 1024 based, at most 5 columns. */
void size_format(uint64_t bytes, char *out, size_t size);

#endif
