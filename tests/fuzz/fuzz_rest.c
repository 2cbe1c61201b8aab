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
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_pairs(const struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		require_clean(p->items[i].key);
		require_clean(p->items[i].value);
	}
}

static void
fuzz_sandbox(const char *json, size_t len)
{
	struct rest_sandbox s, again;
	struct error err;
	struct buf out;

	if (!rest_sandbox_decode(json, len, &s, &err)) {
		require(err.text[0] != '\0');
		require_clean(err.text);
		return;
	}
	require_clean(s.id);
	require_clean(s.template_id);
	require_clean(s.alias);
	require_clean(s.state_text);
	require_clean(s.envd_version);
	require_clean(s.envd_token);
	require_clean(s.domain);
	check_pairs(&s.metadata);
	buf_init(&out, 1u << 26);
	rest_sandbox_encode(&out, &s, true);
	require(rest_sandbox_decode(out.data, out.len, &again, NULL));
	require(str_eq(s.id, again.id) && s.cpu_count == again.cpu_count &&
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
	require(rest_create_decode(once.data, once.len, &again, NULL));
	rest_create_encode(&twice, &again, false);
	require(str_eq(once.data, twice.data));
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
	require_clean(c.id);
	require_clean(c.alias);
	require_clean(c.traffic_token);
	rest_created_clear(&c);
}

static void
fuzz_lifecycle(const char *json, size_t len)
{
	struct rest_lifecycle l;

	if (rest_lifecycle_decode(json, len, &l, NULL))
		require(l.timeout_s >= -1 && l.duration_s >= -1);
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
	require(rest_metric_list_decode(out.data, out.len, &l, NULL));
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
		require_clean(m.items[i].id);
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
		require_clean(l.items[i].level);
		require_clean(l.items[i].message);
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
	require_clean(re.message);
	require_clean(re.error_code);
	require(re.message[0] != '\0');
	connect_error_from_body(status, body, len, &ce);
	require_clean(ce.message);
	require(ce.message[0] != '\0' && ce.code > CONNECT_OK &&
		ce.code < CONNECT_CODE_COUNT);
	connect_end_parse(body, len, &ce);
	require_clean(ce.message);
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
		require(url_decode(query));
		require(rest_metadata_query_parse(query, &again));
		require(pairs_eq(&p, &again));
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
	require(pairs_decode(out.data, out.len, &p, NULL));
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
	require(hostfile_decode(out.data, out.len, &again, NULL));
	require(h.pid == again.pid && h.port == again.port && str_eq(h.key, again.key));
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
