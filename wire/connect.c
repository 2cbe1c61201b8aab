#include "wire/connect.h"

#include <stdio.h>
#include <string.h>

#include "wire/envelope.h"
#include "wire/json.h"
#include "wire/rest.h"

static const struct {
	const char *name;
	int http;
	enum error_code error;
} codes[CONNECT_CODE_COUNT] = {
	[CONNECT_OK] = { "ok", 200, ERROR_NONE },
	[CONNECT_CANCELED] = { "canceled", 499, ERROR_CANCELLED },
	[CONNECT_UNKNOWN] = { "unknown", 500, ERROR_REMOTE },
	[CONNECT_INVALID_ARGUMENT] = { "invalid_argument", 400, ERROR_INPUT },
	[CONNECT_DEADLINE_EXCEEDED] = { "deadline_exceeded", 504, ERROR_OFFLINE },
	[CONNECT_NOT_FOUND] = { "not_found", 404, ERROR_NOT_FOUND },
	[CONNECT_ALREADY_EXISTS] = { "already_exists", 409, ERROR_CONFLICT },
	[CONNECT_PERMISSION_DENIED] = { "permission_denied", 403, ERROR_DENIED },
	[CONNECT_RESOURCE_EXHAUSTED] = { "resource_exhausted", 429, ERROR_LIMIT },
	[CONNECT_FAILED_PRECONDITION] = { "failed_precondition", 400, ERROR_CONFLICT },
	[CONNECT_ABORTED] = { "aborted", 409, ERROR_CONFLICT },
	[CONNECT_OUT_OF_RANGE] = { "out_of_range", 400, ERROR_INPUT },
	[CONNECT_UNIMPLEMENTED] = { "unimplemented", 501, ERROR_REMOTE },
	[CONNECT_INTERNAL] = { "internal", 500, ERROR_REMOTE },
	[CONNECT_UNAVAILABLE] = { "unavailable", 503, ERROR_OFFLINE },
	[CONNECT_DATA_LOSS] = { "data_loss", 500, ERROR_REMOTE },
	[CONNECT_UNAUTHENTICATED] = { "unauthenticated", 401, ERROR_DENIED },
};

/* What the Connect specification infers where the body names no code. */
static const struct {
	int http;
	enum connect_code code;
} inferred[] = {
	{ 400, CONNECT_INTERNAL },
	{ 401, CONNECT_UNAUTHENTICATED },
	{ 403, CONNECT_PERMISSION_DENIED },
	{ 404, CONNECT_UNIMPLEMENTED },
	{ 429, CONNECT_UNAVAILABLE },
	{ 502, CONNECT_UNAVAILABLE },
	{ 503, CONNECT_UNAVAILABLE },
	{ 504, CONNECT_UNAVAILABLE },
};

const char *
connect_code_name(enum connect_code code)
{
	return codes[code].name;
}

int
connect_code_http(enum connect_code code)
{
	return codes[code].http;
}

bool
connect_code_parse(const char *name, enum connect_code *out)
{
	*out = CONNECT_UNKNOWN;
	for (int i = CONNECT_CANCELED; i < CONNECT_CODE_COUNT; i++) {
		if (!str_eq(codes[i].name, name))
			continue;
		*out = (enum connect_code)i;
		return true;
	}
	return false;
}

enum connect_code
connect_code_from_http(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(inferred); i++)
		if (inferred[i].http == status)
			return inferred[i].code;
	return CONNECT_UNKNOWN;
}

enum error_code
connect_code_error(enum connect_code code)
{
	return codes[code].error;
}

/* "code" is a word in a Connect error, a number in envd's own and a proxy's. */
static void
read_code(const json_t *root, struct connect_error *out)
{
	const json_t *code = json_object_get(root, "code");
	json_int_t number = json_integer_value(code);
	enum connect_code named;

	if (json_is_string(code) && connect_code_parse(json_string_value(code), &named))
		out->code = named;
	else if (number >= 100 && number <= 599)
		out->code = connect_code_from_http((int)number);
}

static bool
read_message(const json_t *root, struct connect_error *out)
{
	const json_t *message = json_object_get(root, "message");

	if (!json_is_string(message) || json_string_length(message) == 0)
		return false;
	text_line(json_string_value(message), json_string_length(message), out->message,
	    sizeof out->message);
	return true;
}

/* The proxies say which of the two 502 it is only in the body. */
static void
read_proxy(const json_t *root, struct connect_error *out)
{
	if (out->http_status != 502 || !json_object_get(root, "sandboxId"))
		return;
	out->port_closed = json_object_get(root, "port") ||
			   strstr(out->message, "port is not open") != NULL;
	out->sandbox_not_found =
	    !out->port_closed && strstr(out->message, "not found") != NULL;
}

void
connect_error_from_body(
    int status, const char *body, size_t len, struct connect_error *out)
{
	struct json_in in = { .what = "error", .kind = JSON_REPLY };
	json_t *root = json_read(&in, JSON_OBJECT, body, len, JSON_MAX_OBJECT);

	*out = (struct connect_error){ .http_status = status };
	out->code = connect_code_from_http(status);
	if (root)
		read_code(root, out);
	if (root && read_message(root, out))
		read_proxy(root, out);
	else
		body_line(body, len, out->message, sizeof out->message);
	if (!out->message[0])
		status_line(status, out->message, sizeof out->message);
	json_decref(root);
}

bool
connect_end_parse(const char *payload, size_t len, struct connect_error *out)
{
	struct json_in in = { .what = "end of stream", .kind = JSON_REPLY };
	json_t *root = json_read(&in, JSON_OBJECT, payload, len, JSON_MAX_OBJECT);
	const json_t *error = json_object_get(root, "error");

	*out = (struct connect_error){ .code = CONNECT_OK, .http_status = 200 };
	if (!root || (error && !json_is_null(error))) {
		out->code = CONNECT_UNKNOWN;
		str_copy(out->message, sizeof out->message,
		    root ? "an error without a text"
			 : "the end of the stream is not JSON");
	}
	if (json_is_object(error)) {
		read_code(error, out);
		read_message(error, out);
	}
	json_decref(root);
	return root != NULL;
}

bool
connect_error_set(const struct connect_error *ce, struct error *err, const char *what)
{
	enum connect_code code = ce->code == CONNECT_OK ? CONNECT_UNKNOWN : ce->code;

	error_set(
	    err, codes[code].error, "%s: %s (%s)", what, ce->message, codes[code].name);
	if (err && ce->http_status != 200)
		err->http_status = ce->http_status;
	return false;
}

void
connect_add_error_body(struct buf *out, enum connect_code code, const char *message)
{
	buf_add_char(out, '{');
	json_add_text(out, "code", codes[code].name);
	if (message)
		json_add_text(out, "message", message);
	buf_add_char(out, '}');
}

void
connect_add_end(struct buf *out, enum connect_code code, const char *message)
{
	size_t begin = envelope_begin(out);

	buf_add_char(out, '{');
	if (code != CONNECT_OK) {
		json_add_key(out, "error");
		connect_add_error_body(out, code, message);
	}
	buf_add_char(out, '}');
	envelope_end(out, begin, ENVELOPE_END);
}
