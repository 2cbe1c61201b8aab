/* Answers that are not the wanted one, as texts: what failed, why, what to do. */
#include "net/api_private.h"

#include <string.h>

static const struct {
	int first, last;
	enum error_code code;
	const char *why;    /* NULL: what the server said */
	const char *advice; /* NULL: none */
} statuses[] = {
	{ 300, 399, ERROR_REMOTE, "the address leads elsewhere", "check E2B_API_URL" },
	{ 400, 400, ERROR_INPUT, NULL, NULL },
	{ 401, 401, ERROR_DENIED, "the key was refused", "check E2B_API_KEY" },
	{ 402, 402, ERROR_LIMIT, NULL, NULL },
	{ 403, 403, ERROR_DENIED, NULL, NULL },
	{ 404, 404, ERROR_NOT_FOUND, NULL, NULL },
	{ 405, 405, ERROR_NOT_FOUND, "this server cannot do that", NULL },
	{ 408, 408, ERROR_OFFLINE, NULL, "try again" },
	{ 409, 409, ERROR_CONFLICT, NULL, NULL },
	{ 410, 410, ERROR_NOT_FOUND, NULL, NULL },
	{ 429, 429, ERROR_LIMIT, NULL, "try again later" },
	{ 500, 500, ERROR_REMOTE, NULL, "the service failed; look before trying again" },
	{ 502, 504, ERROR_OFFLINE, NULL,
	    "the service is not available; try again later" },
	{ 501, 599, ERROR_REMOTE, NULL, "the service failed" },
};

static void
set_from_status(const struct call *c, const struct rest_error *e, struct error *err)
{
	size_t i = 0;

	while (i < ARRAY_LEN(statuses) &&
	       (e->status < statuses[i].first || e->status > statuses[i].last))
		i++;
	if (i == ARRAY_LEN(statuses)) {
		error_set(
		    err, ERROR_REMOTE, "%s: %s (%d)", c->what, e->message, e->status);
		return;
	}
	error_set(err, statuses[i].code, "%s: %s (%d)%s%s", c->what,
	    statuses[i].why ? statuses[i].why : e->message, e->status,
	    statuses[i].advice ? ": " : "", statuses[i].advice ? statuses[i].advice : "");
}

void
call_error(const struct call *c, const struct http_reply *reply, struct error *err)
{
	struct rest_error e;

	if (reply->status == 0) {
		*err = reply->error;
		error_prefix(err, "%s", c->what);
		return;
	}
	rest_error_from_body(reply->status, reply->body, reply->len, &e);
	if (reply->status < 300)
		error_set(err, ERROR_REMOTE,
		    "%s: an answer that makes no sense (%d): check E2B_API_URL", c->what,
		    reply->status);
	else
		set_from_status(c, &e, err);
	if (reply->status == 429 && reply->retry_after_s > 0)
		error_set(err, ERROR_LIMIT, "%s: %s (429): try again in %d s", c->what,
		    e.message, reply->retry_after_s);
	err->http_status = reply->status;
	err->retry_after_s = reply->retry_after_s;
}

void
call_error_undecoded(
    const struct call *c, const struct http_reply *reply, struct error *err)
{
	struct error cause = *err;

	if (reply->len == 0)
		error_set(err, ERROR_REMOTE, "the answer is empty: check E2B_API_URL");
	else if (reply->body[strspn(reply->body, " \t\r\n")] == '<')
		error_set(err, ERROR_REMOTE,
		    "the answer is a web page, not the API's: check E2B_API_URL");
	else
		error_set(err, ERROR_REMOTE, "%.180s: check E2B_API_URL", cause.text);
	err->code = ERROR_REMOTE;
	err->http_status = reply->status;
	error_prefix(err, "%s", c->what);
}
