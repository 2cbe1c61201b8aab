/* rest_sandbox - a sandbox as list and detail show it, and the bodies of its lifecycle
 * calls. */
#include "wire/rest.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/rest_json.h"

/* Some old answers carry "-clientID" behind the id. */
char *
rest_id_cut(char *id)
{
	if (id)
		id[strcspn(id, "-")] = '\0';
	return id;
}

char *
rest_id_decode(struct json_in *in, const json_t *obj)
{
	char *id = rest_id_cut(json_get_text(in, obj, "sandboxID"));

	if (!str_is_empty(id))
		return id;
	free(id);
	json_fail(in, "sandboxID", "there");
	return xstrdup("");
}

char *
rest_text_decode(struct json_in *in, const json_t *obj, const char *name)
{
	char *text = json_get_text(in, obj, name);

	return text ? text : xstrdup("");
}

char *
rest_domain_decode(struct json_in *in, const json_t *obj)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
	char *domain = json_get_token(in, obj, "domain");

	if (!domain || !domain[strspn(domain, allowed)])
		return domain;
	free(domain);
	json_fail(in, "domain", "a host name");
	return NULL;
}

enum rest_flag
rest_flag_decode(struct json_in *in, const json_t *obj, const char *name)
{
	static const enum rest_flag flags[] = { REST_UNSET, REST_NO, REST_YES };

	return flags[json_get_bool(in, obj, name) + 1];
}

void
rest_flag_encode(struct buf *out, const char *name, enum rest_flag flag)
{
	if (flag != REST_UNSET)
		json_add_bool(out, name, flag == REST_YES);
}

void
rest_network_clear(struct rest_network *n)
{
	free(n->mask_host);
	*n = (struct rest_network){ 0 };
}

void
rest_sandbox_clear(struct rest_sandbox *s)
{
	free(s->id);
	free(s->template_id);
	free(s->alias);
	free(s->state_text);
	free(s->envd_version);
	pairs_clear(&s->metadata);
	free(s->envd_token);
	free(s->domain);
	free(s->traffic_token);
	rest_network_clear(&s->network);
	*s = (struct rest_sandbox){ 0 };
}

void
rest_sandbox_list_clear(struct rest_sandbox_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		rest_sandbox_clear(&l->items[i]);
	free(l->items);
	*l = (struct rest_sandbox_list){ 0 };
}

static enum rest_state
state_from_text(const char *text)
{
	if (str_eq(text, "running"))
		return REST_STATE_RUNNING;
	return str_eq(text, "paused") ? REST_STATE_PAUSED : REST_STATE_OTHER;
}

static void
decode_lifecycle(struct json_in *in, const json_t *obj, struct rest_sandbox *out)
{
	const json_t *lifecycle = json_member(in, obj, "lifecycle", JSON_OBJECT);
	char *on_timeout;

	in->parent = "lifecycle";
	out->auto_resume = rest_flag_decode(in, lifecycle, "autoResume");
	on_timeout = json_get_text(in, lifecycle, "onTimeout");
	if (str_eq(on_timeout, "pause"))
		out->pause_on_timeout = REST_YES;
	else if (str_eq(on_timeout, "kill"))
		out->pause_on_timeout = REST_NO;
	free(on_timeout);
	in->parent = NULL;
}

static const char *const pause_modes[] = {
	[REST_PAUSE_FULL] = "full",
	[REST_PAUSE_FILESYSTEM] = "filesystem",
};

static enum rest_pause_mode
decode_pause_mode(struct json_in *in, const json_t *obj)
{
	char *text = json_get_text(in, obj, "pauseMode");
	enum rest_pause_mode mode = REST_PAUSE_UNSET;

	if (str_eq(text, pause_modes[REST_PAUSE_FULL]))
		mode = REST_PAUSE_FULL;
	else if (str_eq(text, pause_modes[REST_PAUSE_FILESYSTEM]))
		mode = REST_PAUSE_FILESYSTEM;
	free(text);
	return mode;
}

static void
decode_sandbox(struct json_in *in, const json_t *obj, struct rest_sandbox *out)
{
	out->id = rest_id_decode(in, obj);
	out->template_id = rest_text_decode(in, obj, "templateID");
	out->alias = json_get_text(in, obj, "alias");
	out->state_text = rest_text_decode(in, obj, "state");
	out->state = state_from_text(out->state_text);
	out->started_ms = json_get_time_ms(in, obj, "startedAt");
	out->end_ms = json_get_time_ms(in, obj, "endAt");
	out->cpu_count = (int)json_get_int(in, obj, "cpuCount", 0, INT_MAX, 0);
	out->memory_mb = json_get_int(in, obj, "memoryMB", 0, INT_MAX, 0);
	out->disk_mb = json_get_int(in, obj, "diskSizeMB", 0, INT64_MAX >> 20, 0);
	out->envd_version = json_get_text(in, obj, "envdVersion");
	json_get_pairs(in, obj, "metadata", &out->metadata);
	out->envd_token = json_get_token(in, obj, "envdAccessToken");
	out->domain = rest_domain_decode(in, obj);
	out->internet = rest_flag_decode(in, obj, "allowInternetAccess");
	decode_lifecycle(in, obj, out);
	out->pause_mode = decode_pause_mode(in, obj);
}

static void
decode_list(struct json_in *in, const json_t *array, struct rest_sandbox_list *out)
{
	size_t count = json_array_size(array);

	if (count == 0)
		return;
	out->items = xcalloc(count, sizeof *out->items);
	for (; out->count < count && !in->failed; out->count++) {
		const json_t *item = json_array_get(array, out->count);

		in->index = (long)out->count + 1;
		decode_sandbox(in, item, &out->items[out->count]);
	}
}

bool
rest_sandbox_list_decode(
    const char *json, size_t len, struct rest_sandbox_list *out, struct error *err)
{
	struct json_in in = {
		.what = "list of sandboxes", .kind = JSON_REPLY, .err = err
	};
	json_t *root = json_read(&in, JSON_ARRAY, json, len, REST_MAX_BODY);
	struct rest_sandbox_list got = { 0 };

	decode_list(&in, root, &got);
	json_decref(root);
	if (in.failed) {
		rest_sandbox_list_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

bool
rest_sandbox_decode(
    const char *json, size_t len, struct rest_sandbox *out, struct error *err)
{
	struct json_in in = { .what = "sandbox", .kind = JSON_REPLY, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);
	struct rest_sandbox got = { 0 };

	decode_sandbox(&in, root, &got);
	json_decref(root);
	if (in.failed) {
		rest_sandbox_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

static const char *
state_word(const struct rest_sandbox *s)
{
	if (!str_is_empty(s->state_text))
		return s->state_text;
	return s->state == REST_STATE_PAUSED ? "paused" : "running";
}

/* As it was asked for; what was not is left out. */
static void
encode_network(struct buf *out, const struct rest_network *n)
{
	if (!n->is_closed && !n->denies_all && !n->mask_host)
		return;
	json_add_key(out, "network");
	buf_add_char(out, '{');
	json_add_bool(out, "allowPublicTraffic", !n->is_closed);
	if (n->denies_all)
		buf_add_str(out, ",\"denyOut\":[\"0.0.0.0/0\"]");
	if (n->mask_host)
		json_add_text(out, "maskRequestHost", n->mask_host);
	buf_add_char(out, '}');
}

static void
encode_detail(struct buf *out, const struct rest_sandbox *s)
{
	if (s->envd_token)
		json_add_text(out, "envdAccessToken", s->envd_token);
	if (s->domain)
		json_add_text(out, "domain", s->domain);
	rest_flag_encode(out, "allowInternetAccess", s->internet);
	encode_network(out, &s->network);
	if (s->pause_mode != REST_PAUSE_UNSET)
		json_add_text(out, "pauseMode", pause_modes[s->pause_mode]);
	if (s->auto_resume == REST_UNSET && s->pause_on_timeout == REST_UNSET)
		return;
	json_add_key(out, "lifecycle");
	buf_add_char(out, '{');
	json_add_bool(out, "autoResume", s->auto_resume == REST_YES);
	json_add_text(
	    out, "onTimeout", s->pause_on_timeout == REST_YES ? "pause" : "kill");
	buf_add_char(out, '}');
}

void
rest_sandbox_encode(struct buf *out, const struct rest_sandbox *s, bool detail)
{
	buf_add_char(out, '{');
	json_add_text(out, "sandboxID", s->id ? s->id : "");
	json_add_text(out, "templateID", s->template_id ? s->template_id : "");
	json_add_text(out, "clientID", REST_CLIENT_ID);
	if (s->alias)
		json_add_text(out, "alias", s->alias);
	json_add_text(out, "state", state_word(s));
	json_add_time_ms(out, "startedAt", s->started_ms);
	json_add_time_ms(out, "endAt", s->end_ms);
	json_add_int(out, "cpuCount", s->cpu_count);
	json_add_int(out, "memoryMB", s->memory_mb);
	json_add_int(out, "diskSizeMB", s->disk_mb);
	json_add_text(out, "envdVersion", s->envd_version ? s->envd_version : "");
	json_add_pairs(out, "metadata", &s->metadata);
	buf_add_str(out, ",\"volumeMounts\":[]");
	if (detail)
		encode_detail(out, s);
	buf_add_char(out, '}');
}
