/* interpreter_routes - what clients ask of guest port 49999: health, cells, contexts. */
#include "host/interpreter_internal.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "host/reply.h"
#include "host/sandbox.h"

/* As the service, it has contexts of two languages from the start. */
static struct interpreter *
interpreter_of(struct call *c)
{
	struct interpreter *i = c->sandbox->interpreter;

	i->box = c->sandbox->box;
	if (!i->contexts) {
		context_default(i, kernel_driver_find("python"));
		context_default(i, kernel_driver_find("javascript"));
	}
	return i;
}

static PRINTF_LIKE(3, 4) void refuse(struct request *r, int status, const char *fmt, ...)
{
	va_list ap;
	struct buf text;

	buf_init(&text, 64 * 1024);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	reply_text(r, status, text.data);
	buf_clear(&text);
}

/* A body of the wrong shape, as the service's framework words it: 422. */
static void
refuse_body(struct call *c, const struct error *err)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	buf_add_str(
	    &body, "{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"body\"],\"msg\":");
	json_add_string(&body, err->text);
	buf_add_str(&body, "}]}");
	reply_json(c->request, 422, &body);
}

static void
reply_null(struct call *c)
{
	struct buf body;

	buf_init(&body, 16);
	buf_add_str(&body, "null");
	reply_json(c->request, 200, &body);
}

void
interpret_health(struct call *c)
{
	struct buf body;

	buf_init(&body, 16);
	buf_add_str(&body, "\"OK\"");
	reply_json(c->request, 200, &body);
}

/* The driver of a language; NULL after an answer. */
static const struct kernel_driver *
find_driver(struct call *c, const char *language)
{
	const struct kernel_driver *driver =
	    kernel_driver_find(language ? language : "python");

	if (!driver)
		refuse(c->request, 500,
		    "the local host runs python, javascript, typescript and bash, not "
		    "'%s'",
		    language);
	return driver;
}

/* The context that shall run it; NULL after an answer. */
static struct context *
choose(struct call *c, const struct interpreter_execute *what)
{
	struct interpreter *i = interpreter_of(c);
	const struct kernel_driver *driver;
	struct context *context;

	if (what->context_id && what->language) {
		refuse(c->request, 400,
		    "Only one of context_id or language can be provided");
		return NULL;
	}
	if (!what->context_id) {
		driver = find_driver(c, what->language);
		return driver ? context_default(i, driver) : NULL;
	}
	context = context_find(i, what->context_id);
	if (!context)
		refuse(c->request, 404, "Context %s not found", what->context_id);
	return context;
}

void
interpret_execute(struct call *c)
{
	struct interpreter_execute what;
	struct context *context;
	struct error err = { 0 };
	size_t len;
	const char *body = request_body(c->request, &len);

	if (!interpreter_execute_decode(body, len, &what, &err)) {
		refuse_body(c, &err);
		return;
	}
	context = choose(c, &what);
	if (context && context_waiting(context) >= INTERPRETER_QUEUE_MAX)
		refuse(c->request, 429,
		    "%d executions wait for this context: wait for them, or use another",
		    INTERPRETER_QUEUE_MAX);
	else if (context)
		context_execute(context, c->request, &what);
	interpreter_execute_clear(&what);
}

void
interpret_list(struct call *c)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (const struct context *at = interpreter_of(c)->contexts; at; at = at->next) {
		if (body.len > 1)
			buf_add_char(&body, ',');
		interpreter_context_encode(&body, &at->named);
	}
	buf_add_char(&body, ']');
	reply_json(c->request, 200, &body);
}

static bool
is_full(const struct interpreter *i)
{
	size_t count = 0;

	for (const struct context *at = i->contexts; at; at = at->next)
		count++;
	return count >= INTERPRETER_CONTEXTS_MAX;
}

void
interpret_create(struct call *c)
{
	struct interpreter *i = interpreter_of(c);
	struct interpreter_context asked;
	const struct kernel_driver *driver;
	struct error err = { 0 };
	struct buf reply;
	size_t len;
	const char *body = request_body(c->request, &len);

	if (!interpreter_context_decode(body, len, &asked, &err)) {
		refuse_body(c, &err);
		return;
	}
	driver = find_driver(c, asked.language);
	if (driver && is_full(i)) {
		refuse(c->request, 500, "there are %d contexts already: remove one first",
		    INTERPRETER_CONTEXTS_MAX);
	} else if (driver) {
		buf_init(&reply, REPLY_MAX);
		interpreter_context_encode(
		    &reply, &context_new(i, driver, asked.cwd, false)->named);
		reply_json(c->request, 200, &reply);
	}
	interpreter_context_clear(&asked);
}

/* The context of the path; NULL after an answer. */
static struct context *
find_context(struct call *c)
{
	struct context *context = context_find(interpreter_of(c), c->param[0]);

	if (!context)
		refuse(c->request, 404, "Context %s not found", c->param[0]);
	return context;
}

void
interpret_restart(struct call *c)
{
	struct context *context = find_context(c);

	if (!context)
		return;
	context_cut(context, "ContextRestarting", "Context was restarted");
	context_end_kernel(context);
	reply_null(c);
}

void
interpret_remove(struct call *c)
{
	struct context *context = find_context(c);

	if (!context)
		return;
	context_remove(context);
	reply_null(c);
}
