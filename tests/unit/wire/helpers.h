/* helpers - the recorded exchanges, and JSON compared as JSON; for wire's tests. */
#ifndef TESTS_UNIT_WIRE_HELPERS_H
#define TESTS_UNIT_WIRE_HELPERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct exchange {
	char *name, *method, *path; /* owned */
	char *type;		    /* owned: of the request, "" when none */
	char *answer_type;	    /* owned: of the response, "" when none */
	char *request, *response;   /* owned bodies */
	size_t request_len, response_len;
	int status;
};

/* All of tests/fixtures/envd/exchanges.jsonl; freed by exchanges_free(). */
size_t exchanges_load(struct exchange **out);
void exchanges_free(struct exchange *list, size_t count);
const struct exchange *exchange_named(
    const struct exchange *list, size_t count, const char *name);

/* Fails the test, printing both, unless they are the same JSON. */
void assert_same_json(const char *a, size_t a_len, const char *b, size_t b_len);
void assert_buf_json(const struct buf *b, const char *expected);
/* `text` with "@" replaced by `value`; caller frees. */
char *fill_in(const char *text, const char *value);

#endif
