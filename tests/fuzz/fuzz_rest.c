/*
 * Objects of the REST API, errors and queries. Whatever decodes encodes to
 * something that decodes again, and what a screen may show is clean. Byte 0
 * chooses the decoder.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/connect.h"
#include "wire/hostfile.h"
#include "wire/rest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
	if (!holds)
		abort();
}

/* Nothing that a terminal would obey. */
static void
check_clean(const char *s)
{
	for (size_t len = s ? strlen(s) : 0; len > 0;) {
		uint32_t scalar;
		size_t used = utf8_decode(s, len, &scalar);

		check(!scalar_is_unsafe(scalar));
		s += used;
		len -= used;
	}
}

static void
check_pairs(const struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		check_clean(p->items[i].key);
		check_clean(p->items[i].value);
	}
}

static void
fuzz_sandbox(const char *json, size_t len)
{
	struct rest_sandbox s, again;
	struct error err;
	struct buf out;

	if (!rest_sandbox_decode(json, len, &s, &err)) {
		check(err.text[0] != '\0');
		check_clean(err.text);
		return;
	}
	check_clean(s.id);
	check_clean(s.template_id);
	check_clean(s.alias);
	check_clean(s.state_text);
	check_clean(s.envd_version);
	check_clean(s.envd_token);
	check_clean(s.domain);
	check_pairs(&s.metadata);
	buf_init(&out, 1u << 26);
	rest_sandbox_encode(&out, &s, true);
	check(rest_sandbox_decode(out.data, out.len, &again, NULL));
	check(str_eq(s.id, again.id) && s.cpu_count == again.cpu_count &&
	      s.internet == again.internet);
	rest_sandbox_clear(&s);
	rest_sandbox_clear(&again);
	buf_clear(&out);
}

static void
fuzz_sandbox_list(const char *json, size_t len)
{
	struct rest_sandbox_list l;

	if (rest_sandbox_list_decode(json, len, &l, NULL))
		rest_sandbox_list_clear(&l);
}

static void
fuzz_create(const char *json, size_t len)
{
	struct rest_create c, again;
	struct buf once, twice;

	if (!rest_create_decode(json, len, &c, NULL))
		return;
	buf_init(&once, 1u << 26);
	buf_init(&twice, 1u << 26);
	rest_create_encode(&once, &c, false);
	check(rest_create_decode(once.data, once.len, &again, NULL));
	rest_create_encode(&twice, &again, false);
	check(str_eq(once.data, twice.data));
	rest_create_clear(&c);
	rest_create_clear(&again);
	buf_clear(&once);
	buf_clear(&twice);
}

static void
fuzz_created(const char *json, size_t len)
{
	struct rest_created c;

	if (!rest_created_decode(json, len, &c, NULL))
		return;
	check_clean(c.id);
	check_clean(c.alias);
	check_clean(c.traffic_token);
	rest_created_clear(&c);
}

static void
fuzz_lifecycle(const char *json, size_t len)
{
	struct rest_lifecycle l;

	if (rest_lifecycle_decode(json, len, &l, NULL))
		check(l.timeout_s >= -1 && l.duration_s >= -1);
}

static void
fuzz_metric_list(const char *json, size_t len)
{
	struct rest_metric_list l;
	struct buf out;

	if (!rest_metric_list_decode(json, len, &l, NULL))
		return;
	buf_init(&out, 1u << 26);
	buf_add_char(&out, '[');
	for (size_t i = 0; i < l.count; i++) {
		if (i > 0)
			buf_add_char(&out, ',');
		rest_metric_encode(&out, &l.items[i]);
	}
	buf_add_char(&out, ']');
	rest_metric_list_clear(&l);
	check(rest_metric_list_decode(out.data, out.len, &l, NULL));
	rest_metric_list_clear(&l);
	buf_clear(&out);
}

static void
fuzz_metric_map(const char *json, size_t len)
{
	struct rest_metric_map m;

	if (!rest_metric_map_decode(json, len, &m, NULL))
		return;
	for (size_t i = 0; i < m.count; i++)
		check_clean(m.items[i].id);
	rest_metric_map_clear(&m);
}

static void
fuzz_logs(const char *json, size_t len)
{
	struct rest_log_list l;
	struct buf out;

	if (!rest_log_list_decode(json, len, &l, NULL))
		return;
	buf_init(&out, 1u << 26);
	for (size_t i = 0; i < l.count; i++) {
		check_clean(l.items[i].level);
		check_clean(l.items[i].message);
		check_pairs(&l.items[i].fields);
		rest_log_entry_encode(&out, &l.items[i]);
		rest_log_line_encode(&out, &l.items[i]);
	}
	rest_log_list_clear(&l);
	buf_clear(&out);
}

static void
fuzz_errors(const char *body, size_t len)
{
	struct rest_error re;
	struct connect_error ce;
	int status = len > 0 ? 400 + (unsigned char)body[0] : 0;

	rest_error_from_body(status, body, len, &re);
	check_clean(re.message);
	check_clean(re.error_code);
	check(re.message[0] != '\0');
	connect_error_from_body(status, body, len, &ce);
	check_clean(ce.message);
	check(ce.message[0] != '\0' && ce.code > CONNECT_OK &&
	      ce.code < CONNECT_CODE_COUNT);
	connect_end_parse(body, len, &ce);
	check_clean(ce.message);
}

static void
fuzz_query(const char *text, size_t len)
{
	char *value = xmalloc(len + 1);
	struct pairs p, again;
	char *query;

	memcpy(value, text, len);
	value[len] = '\0';
	if (rest_metadata_query_parse(value, &p)) {
		query = rest_metadata_query(&p);
		check(url_decode(query));
		check(rest_metadata_query_parse(query, &again));
		check(pairs_eq(&p, &again));
		free(query);
		pairs_clear(&p);
		pairs_clear(&again);
	}
	free(value);
}

static void
fuzz_pairs(const char *json, size_t len)
{
	struct pairs p;
	struct buf out;

	if (!pairs_decode(json, len, &p, NULL))
		return;
	buf_init(&out, 1u << 26);
	pairs_encode(&out, &p);
	pairs_clear(&p);
	check(pairs_decode(out.data, out.len, &p, NULL));
	pairs_clear(&p);
	buf_clear(&out);
}

static void
fuzz_hostfile(const char *json, size_t len)
{
	struct hostfile h, again;
	struct buf out;

	if (!hostfile_decode(json, len, &h, NULL))
		return;
	buf_init(&out, 4096);
	hostfile_encode(&out, &h);
	check(hostfile_decode(out.data, out.len, &again, NULL));
	check(h.pid == again.pid && h.port == again.port && str_eq(h.key, again.key));
	buf_clear(&out);
}

static void (*const rest_targets[])(const char *json, size_t len) = {
	fuzz_sandbox,
	fuzz_sandbox_list,
	fuzz_create,
	fuzz_created,
	fuzz_lifecycle,
	fuzz_metric_list,
	fuzz_metric_map,
	fuzz_logs,
	fuzz_errors,
	fuzz_query,
	fuzz_pairs,
	fuzz_hostfile,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		rest_targets[data[0] % ARRAY_LEN(rest_targets)](
		    (const char *)data + 1, size - 1);
	return 0;
}
