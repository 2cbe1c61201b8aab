/* rest_common - what the REST handlers share: finding the sandbox, answering errors. */
#include "host/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/reply.h"

struct sandbox *
rest_find(struct call *c)
{
	char id[32];
	struct sandbox *s;

	if (!sandbox_id_parse(c->param[0], id)) {
		reply_error(c->request, 400, "Invalid sandbox ID");
		return NULL;
	}
	s = registry_find(c->host->registry, id);
	if (!s)
		reply_error(c->request, 404, "Sandbox \"%s\" not found", id);
	return s;
}

static void
on_gone(void *ctx)
{
	struct pending *p = ctx;

	p->request = NULL;
}

struct pending *
rest_pending(struct call *c, const char *id, int status)
{
	struct pending *p = xcalloc(1, sizeof *p);

	p->host = c->host;
	p->request = c->request;
	p->status = status;
	str_copy(p->id, sizeof p->id, id);
	request_own(c->request, on_gone, p);
	return p;
}

struct request *
rest_pending_end(struct pending *p)
{
	struct request *r = p->request;

	free(p);
	return r;
}

void
rest_add_created(struct buf *out, const struct sandbox *s)
{
	const struct rest_created created = {
		.id = s->info.id,
		.template_id = s->info.template_id,
		.alias = s->info.alias,
		.envd_version = s->info.envd_version,
		.envd_token = s->info.envd_token,
		.traffic_token = s->info.traffic_token,
		.domain = s->info.domain,
	};

	rest_created_encode(out, &created);
}

void
rest_reply_created(struct request *r, int status, const struct sandbox *s)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	rest_add_created(&body, s);
	reply_json(r, status, &body);
}

int
rest_status_of(const struct error *err)
{
	static const struct {
		enum error_code code;
		int status;
	} table[] = {
		{ ERROR_INPUT, 400 }, { ERROR_NOT_FOUND, 404 }, { ERROR_CONFLICT, 409 },
		{ ERROR_LIMIT, 507 }, /* of the disk: the host has no other */
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].code == err->code)
			return table[i].status;
	return 500;
}

const char *
rest_body(struct call *c, bool required, size_t *len)
{
	const char *body = request_body(c->request, len);
	const char *type = request_header(c->request, "Content-Type");

	if (*len == 0 && required) {
		reply_error(c->request, 400,
		    "request body has an error: a JSON body is required");
		return NULL;
	}
	if (*len > 0 && (!type || !str_has_prefix(type, "application/json"))) {
		reply_error(c->request, 400,
		    "request body has an error: Content-Type must be application/json");
		return NULL;
	}
	return body;
}
