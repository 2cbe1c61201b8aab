/*
 * json - reading and writing JSON for the other files of this room; other
 * rooms see structs only.
 *
 * Reading: a struct json_in carries what is read and where a complaint goes.
 * The getters answer a fallback after the first failure, so a decoder asks
 * for all members and looks at `failed` once. Requests and replies differ:
 *
 *   reply    null is absent; an escaped NUL becomes U+FFFD; texts for a
 *            screen come out clean
 *   request  null is a wrong type, unless JSON_PROTO; NUL is refused
 *   proto    the protocol buffers' mapping (envd.md 2.7): null is absent,
 *            numbers may be strings
 *
 * Documents are limited in size and depth before jansson sees them, and
 * duplicate keys are refused.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/rest.h" /* json_add_string() */

#define JSON_MAX_DEPTH 64
#define JSON_MAX_OBJECT (4u * 1024 * 1024) /* bytes of a body with one object */

enum { JSON_REPLY = 0, JSON_REQUEST = 1, JSON_PROTO = 2 };

struct json_in {
	const char *what;   /* borrowed: "sandbox list" */
	int kind;	    /* JSON_REPLY or JSON_REQUEST, with JSON_PROTO */
	struct error *err;  /* borrowed, may be NULL */
	const char *parent; /* borrowed: named before the member; NULL: none */
	long index;	    /* named as the entry when above 0: the first is 1 */
	bool failed;
};

/* A new reference, or NULL with `failed` set. The document is an object, or an
 * array where `type` says so. */
json_t *json_read(
    struct json_in *in, json_type type, const char *text, size_t len, size_t max);
/* `"name" must be ...`; always false. */
bool json_fail(struct json_in *in, const char *name, const char *must);

/* Borrowed, NULL when absent. `type` JSON_TRUE stands for both booleans. */
json_t *json_member(
    struct json_in *in, const json_t *obj, const char *name, json_type type);
/* Which of the names is set: its index, or -1. Two at once fail. */
int json_get_oneof(
    struct json_in *in, const json_t *obj, const char *const *names, int count);
/* Clean text; NULL when absent or empty. Caller frees. */
char *json_get_text(struct json_in *in, const json_t *obj, const char *name);
/* Text as it is; NULL when absent. Caller frees. */
char *json_get_string(struct json_in *in, const json_t *obj, const char *name);
/* Visible ASCII without blanks, what a header or a URL can hold; NULL when absent
 * or empty. Caller frees. */
char *json_get_token(struct json_in *in, const json_t *obj, const char *name);
/* Clean text into an array, cut when too long, "" when absent. */
void json_get_line(
    struct json_in *in, const json_t *obj, const char *name, char *out, size_t size);
/* -1 absent, 0, 1 */
int json_get_bool(struct json_in *in, const json_t *obj, const char *name);
/* Whole numbers; a reply may also hold a real, which is cut. */
int64_t json_get_int(struct json_in *in, const json_t *obj, const char *name, int64_t min,
    int64_t max, int64_t fallback);
/* Bytes; where `name` is absent, `mib_name` (may be NULL) in units of 2^20. */
uint64_t json_get_bytes(
    struct json_in *in, const json_t *obj, const char *name, const char *mib_name);
double json_get_number(
    struct json_in *in, const json_t *obj, const char *name, double fallback);
/* RFC 3339; 0 when absent, empty or before 1970. */
int64_t json_get_time_ns(struct json_in *in, const json_t *obj, const char *name);
int64_t json_get_time_ms(struct json_in *in, const json_t *obj, const char *name);
/* An object whose values are strings, clean in a plain reply. `out` is written over. */
void json_get_pairs(
    struct json_in *in, const json_t *obj, const char *name, struct pairs *out);
void json_take_pairs(
    struct json_in *in, json_t *map, const char *name, struct pairs *out);
void json_get_strings(
    struct json_in *in, const json_t *obj, const char *name, struct strlist *out);
/* text_clean_dup() that takes no more memory than it must; most texts are plain. */
char *json_clean_dup(const char *s);

/* Writing. A comma is put in front unless the text ends in "{" or "[". */
void json_add_comma(struct buf *out);
void json_add_key(struct buf *out, const char *name);
void json_add_text(struct buf *out, const char *name, const char *value);
void json_add_int(struct buf *out, const char *name, int64_t value);
void json_add_uint(struct buf *out, const char *name, uint64_t value);
/* Two decimals, whatever the locale. */
void json_add_number(struct buf *out, const char *name, double value);
void json_add_bool(struct buf *out, const char *name, bool value);
void json_add_pairs(struct buf *out, const char *name, const struct pairs *p);
void json_add_time_ms(struct buf *out, const char *name, int64_t time_ms);
void json_add_time_ns(struct buf *out, const char *name, int64_t time_ns);

/* One readable line for a person from any body: collapsed, clean, cut. "" when
 * the body is empty, binary or a web page. */
void body_line(const char *body, size_t len, char *out, size_t size);
/* Text from outside as one clean line, cut to fit. */
void text_line(const char *s, size_t len, char *out, size_t size);
/* "Bad Gateway", or "status 599". */
void status_line(int status, char *out, size_t size);

#endif
