/* rest_json - what the files of rest share; for this room only. */
#ifndef WIRE_REST_JSON_H
#define WIRE_REST_JSON_H

#include "wire/json.h"
#include "wire/rest.h"

/* The API sends this with every sandbox; it means nothing. */
#define REST_CLIENT_ID "6532622b"

char *rest_id_cut(char *id); /* in place; NULL gives NULL */
/* "sandboxID", which must be there; never NULL. */
char *rest_id_decode(struct json_in *in, const json_t *obj);
/* As json_get_text(), "" instead of NULL. */
char *rest_text_decode(struct json_in *in, const json_t *obj, const char *name);
/* "domain" becomes part of a URL: a host name, with or without a port, or NULL. */
char *rest_domain_decode(struct json_in *in, const json_t *obj);
enum rest_flag rest_flag_decode(struct json_in *in, const json_t *obj, const char *name);
void rest_flag_encode(struct buf *out, const char *name, enum rest_flag flag);

/* A member that is only checked. Arrays hold `items`. */
struct rest_kind {
	const char *name;
	json_type type; /* JSON_TRUE stands for both booleans */
	json_type items;
	bool nullable;
};
void rest_kinds_check(struct json_in *in, const json_t *object,
    const struct rest_kind *kinds, size_t count);

#endif
