/*
 * Small things that clients write and the host reads: queries, signatures, names, times,
 * header blocks that go on to a service, bodies about templates and cells. Byte 0 chooses.
 * A request is stood in for by lines "Name: value".
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "host/file_type.h"
#include "host/multipart.h"
#include "host/port_head.h"
#include "host/query.h"
#include "host/server_internal.h"
#include "host/signature.h"
#include "host/template_name.h"
#include "wire/interpreter.h"
#include "wire/rest_template.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- in place of request.c and request_raw.c */

enum { HEADERS_MAX = 32 };

static struct {
	char *name, *value; /* borrowed */
} headers[HEADERS_MAX];
static size_t header_count;

/* As libmicrohttpd does: the name up to a colon, blanks around the value gone. */
static void
read_headers(char *text)
{
	header_count = 0;
	while (text && header_count < HEADERS_MAX) {
		char *line = strsep(&text, "\n");
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		headers[header_count].name = line;
		headers[header_count++].value = str_trim(colon + 1);
	}
}

void
request_each_header(const struct request *r,
    void (*each)(void *ctx, const char *name, const char *value), void *ctx)
{
	(void)r;
	for (size_t i = 0; i < header_count; i++)
		each(ctx, headers[i].name, headers[i].value);
}

const char *
request_header(const struct request *r, const char *name)
{
	(void)r;
	for (size_t i = 0; i < header_count; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return headers[i].value;
	return NULL;
}

const char *
request_method(const struct request *r)
{
	(void)r;
	return header_count % 2 ? "GET" : "HEAD";
}

bool
request_is_http10(const struct request *r)
{
	(void)r;
	return false;
}

void
request_add_target(const struct request *r, struct buf *out)
{
	(void)r;
	buf_add_str(out, "/x?y");
}

/* ---- header blocks */

/* Lines that end as they must, and one length at most. */
static void
check_block(const struct buf *out)
{
	const char *at = out->data;
	int lengths = 0, hosts = 0;

	require(out->len >= 4 && strlen(out->data) == out->len);
	require(strstr(at, "\r\n\r\n") == out->data + out->len - 4);
	while (*at) {
		size_t len = strcspn(at, "\r\n");

		require(at[len] == '\r' && at[len + 1] == '\n');
		lengths += strncasecmp(at, "Content-Length:", 15) == 0;
		lengths += strncasecmp(at, "Transfer-Encoding:", 18) == 0;
		hosts += strncasecmp(at, "Host:", 5) == 0;
		at += len + 2;
	}
	require(lengths <= 1 && hosts <= 1);
}

static void
try_headers(char *text)
{
	struct port_question q;
	struct buf out;

	read_headers(text);
	if (request_refusal(NULL, "HTTP/1.1"))
		return;
	port_question_read(NULL, &q);
	if (q.problem)
		return;
	if (header_count % 3 == 0)
		str_copy(q.host, sizeof q.host, "localhost:80");
	buf_init(&out, 1u << 20);
	port_question_write(NULL, &q, &out);
	check_block(&out);
	buf_clear(&out);
}

/* ---- queries */

static void
try_query(char *text)
{
	static const char *const names[] = { "path", "limit", "", "a=b" };
	int64_t number;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *value = query_get(text, names[i]);

		require(!value || strlen(value) <= strlen(text));
		free(value);
	}
	if (query_int(text, "limit", -5, 5, &number) == QUERY_OK)
		require(number >= -5 && number <= 5);
}

/* Whatever is signed passes, and nothing else does. */
static void
try_signature(char *text)
{
	char *path = query_get(text, "path"), *user = query_get(text, "username");
	char *signature =
	    signature_make(path ? path : "", "read", user ? user : "", "token", NULL);
	char *query = xasprintf("signature=%s&%s", signature, text);
	char *until = query_get(text, "signature_expiration");

	require(signature_refuse(text, "read", "token") != NULL);
	if (!until)
		require(!signature_refuse(query, "read", "token"));
	require(signature_refuse(query, "write", "token") != NULL);
	require(signature_refuse(query, "read", "another") != NULL);
	free(until);
	free(query);
	free(signature);
	free(user);
	free(path);
}

/* ---- names, types, times */

static void
try_template_name(char *text)
{
	char *tag, *again_tag, *name = template_name_split(text, &tag);
	char *again = name ? template_name_split(name, &again_tag) : NULL;

	require(!name == !again);
	if (name) {
		require(str_eq(name, again) && !again_tag);
		require(
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0');
	}
	free(again);
	free(name);
	free(tag);
	free(template_name_parse(text));
	free(template_tag_parse(text));
}

static void
try_file(char *text)
{
	char *disposition = file_type_disposition(text);
	char formatted[64];
	int64_t seconds, again;

	require(!strpbrk(disposition, "\r\n"));
	require(!strpbrk(file_type_of(text, text, strlen(text)), "\r\n"));
	free(disposition);
	if (file_type_parse_time(text, &seconds)) {
		file_type_format_time(seconds, formatted);
		require(file_type_parse_time(formatted, &again) && again == seconds);
	}
}

static void
try_multipart(char *text)
{
	struct multipart m;

	if (multipart_init(&m, text))
		multipart_clear(&m);
}

static void
try_text(char *text)
{
	size_t len = strlen(text), decoded;
	char *clean = text_clean_dup(text), *bytes = xmalloc(len + 4);

	for (const char *at = clean; *at;) {
		uint32_t scalar;

		at += utf8_decode(at, strlen(at), &scalar);
		require(!scalar_is_unsafe(scalar));
	}
	for (int cols = 0; cols < 9; cols += 4) {
		char *cut = text_cut(clean, cols, cols == 4);

		require(text_width(cut) <= cols);
		free(cut);
	}
	if (base64_decode(text, len, bytes, &decoded))
		require(decoded <= len);
	if (url_decode(text))
		require(strlen(text) <= len);
	free(bytes);
	free(clean);
}

/* ---- bodies */

static void
try_template_body(char *text)
{
	struct rest_template_request request;
	struct build_order order;
	struct rest_create create;
	struct error err;

	if (rest_template_request_decode(text, strlen(text), &request, &err))
		rest_template_request_clear(&request);
	else
		require(err.text[0] != '\0');
	if (build_order_decode(text, strlen(text), &order, &err))
		build_order_clear(&order);
	if (rest_network_decode(text, strlen(text), &create, &err))
		rest_create_clear(&create);
}

static void
try_cells(char *text)
{
	struct interpreter_execute execute;
	struct interpreter_context context, again;
	struct buf out;

	buf_init(&out, 1u << 22);
	if (interpreter_execute_decode(text, strlen(text), &execute, NULL))
		interpreter_execute_clear(&execute);
	if (interpreter_context_decode(text, strlen(text), &context, NULL)) {
		if (context.id && context.language && context.cwd) {
			interpreter_context_encode(&out, &context);
			require(
			    interpreter_context_decode(out.data, out.len, &again, NULL));
			interpreter_context_clear(&again);
		}
		interpreter_context_clear(&context);
	}
	buf_reset(&out);
	interpreter_add_output(&out, "stdout", text, strlen(text), 5);
	interpreter_add_error(&out, text, text, text);
	for (size_t i = 0; i < out.len; i++)
		require(out.data[i] >= 0x20 && out.data[i] < 0x7f);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(char *text) = { try_headers, try_query,
		try_signature, try_template_name, try_file, try_multipart, try_text,
		try_template_body, try_cells };
	char *text;

	if (size < 1 || size > 60000)
		return 0;
	text = xstrndup((const char *)data + 1, size - 1);
	tries[data[0] % ARRAY_LEN(tries)](text);
	free(text);
	return 0;
}
