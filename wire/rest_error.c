/* rest_error - error bodies of the control plane, and whatever stands in their place. */
#include "wire/rest.h"

#include <string.h>

#include "wire/rest_json.h"

/* What a status means to the program, and what the person can do about it. */
static const struct {
	int first, last;
	enum error_code code;
	const char *advice;
} statuses[] = {
	{ 400, 400, ERROR_INPUT, NULL },
	{ 401, 401, ERROR_DENIED, "check the API key" },
	{ 402, 402, ERROR_LIMIT, NULL },
	{ 403, 403, ERROR_DENIED, NULL },
	{ 404, 404, ERROR_NOT_FOUND, NULL },
	{ 408, 408, ERROR_OFFLINE, "try again" },
	{ 409, 409, ERROR_CONFLICT, NULL },
	{ 410, 410, ERROR_NOT_FOUND, NULL },
	{ 429, 429, ERROR_LIMIT, NULL },
	{ 500, 599, ERROR_OFFLINE, NULL },
};

static void
read_body(const json_t *root, struct rest_error *out)
{
	const json_t *message = json_object_get(root, "message");
	const json_t *code = json_object_get(root, "error_code");

	out->is_json = json_is_string(message);
	if (json_is_string(message))
		text_line(json_string_value(message), json_string_length(message),
		    out->message, sizeof out->message);
	if (json_is_string(code))
		text_line(json_string_value(code), json_string_length(code),
		    out->error_code, sizeof out->error_code);
}

void
rest_error_from_body(int status, const char *body, size_t len, struct rest_error *out)
{
	struct json_in in = { .what = "error", .kind = JSON_REPLY };
	json_t *root = json_read(&in, JSON_OBJECT, body, len, JSON_MAX_OBJECT);

	*out = (struct rest_error){ .status = status };
	if (root)
		read_body(root, out);
	if (!out->message[0])
		body_line(body, len, out->message, sizeof out->message);
	if (!out->message[0])
		status_line(status, out->message, sizeof out->message);
	json_decref(root);
}

bool
rest_error_set(const struct rest_error *e, struct error *err, const char *what)
{
	enum error_code code = ERROR_REMOTE;
	const char *advice = NULL;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (e->status < statuses[i].first || e->status > statuses[i].last)
			continue;
		code = statuses[i].code;
		advice = statuses[i].advice;
		break;
	}
	error_set(err, code, "%s: %s (%d)%s%s", what, e->message, e->status,
	    advice ? ": " : "", advice ? advice : "");
	if (err)
		err->http_status = e->status;
	return false;
}

void
rest_error_encode(
    struct buf *out, int status, const char *error_code, const char *message)
{
	buf_add_char(out, '{');
	json_add_int(out, "code", status);
	json_add_text(out, "message", message);
	if (error_code)
		json_add_text(out, "error_code", error_code);
	buf_add_char(out, '}');
}
