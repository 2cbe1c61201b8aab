/* rest_create - the body that creates a sandbox and the object that answers it, both
 * ways. */
#include "wire/rest.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/rest_json.h"

/* ---- the request */

void
rest_create_clear(struct rest_create *c)
{
	free(c->template_id);
	pairs_clear(&c->metadata);
	pairs_clear(&c->envs);
	rest_network_clear(&c->network);
	*c = (struct rest_create){ .timeout_s = -1 };
}

void
rest_create_encode(struct buf *out, const struct rest_create *c, bool v2)
{
	buf_add_char(out, '{');
	json_add_text(out, "templateID", c->template_id ? c->template_id : "");
	if (c->timeout_s >= 0)
		json_add_int(out, "timeout", c->timeout_s);
	rest_flag_encode(out, "autoPause", c->auto_pause);
	rest_flag_encode(out, "autoPauseMemory", c->auto_pause_memory);
	if (c->auto_resume != REST_UNSET) {
		json_add_key(out, "autoResume");
		buf_add_char(out, '{');
		rest_flag_encode(out, "enabled", c->auto_resume);
		buf_add_char(out, '}');
	}
	if (!v2)
		rest_flag_encode(out, "secure", c->secure);
	rest_flag_encode(out, "allow_internet_access", c->internet);
	if (c->has_metadata || c->metadata.count > 0)
		json_add_pairs(out, "metadata", &c->metadata);
	if (c->envs.count > 0)
		json_add_pairs(out, "envVars", &c->envs);
	buf_add_char(out, '}');
}

/* null, {}, [] and "" are named, but nothing is asked for. */
static bool
asks_nothing(const json_t *value)
{
	return !value || json_is_null(value) ||
	       (json_is_object(value) && json_object_size(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

static const char *
find_foreign(const json_t *root)
{
	static const struct {
		const char *parent, *name, *full;
	} members[] = {
		{ "network", "allowOut", "network.allowOut" },
		{ "network", "rules", "network.rules" },
		{ "network", "egressProxy", "network.egressProxy" },
		{ "network", "httpsPorts", "network.httpsPorts" },
		{ "network", "dnsServers", "network.dnsServers" },
		{ "iam", "tokens", "iam.tokens" },

		{ NULL, "volumeMounts", "volumeMounts" },
	};
	const json_t *mcp = json_object_get(root, "mcp");

	if (mcp && !json_is_null(mcp)) /* {} is a gateway without servers */
		return "mcp";
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const json_t *object =
		    members[i].parent ? json_object_get(root, members[i].parent) : root;

		if (!asks_nothing(json_object_get(object, members[i].name)))
			return members[i].full;
	}
	return NULL;
}

static const struct rest_kind create_kinds[] = {
	{ .name = "network", .type = JSON_OBJECT },
	{ .name = "iam", .type = JSON_OBJECT },
	{ .name = "mcp", .type = JSON_OBJECT, .nullable = true },
	{ .name = "volumeMounts", .type = JSON_ARRAY, .items = JSON_OBJECT },
};

static const struct rest_kind network_kinds[] = {
	{ .name = "allowPublicTraffic", .type = JSON_TRUE, .nullable = true },
	{ .name = "allowOut", .type = JSON_ARRAY, .items = JSON_STRING },
	{ .name = "denyOut", .type = JSON_ARRAY, .items = JSON_STRING },
	{ .name = "dnsServers", .type = JSON_ARRAY, .items = JSON_STRING },
	{ .name = "httpsPorts", .type = JSON_ARRAY, .items = JSON_INTEGER },
	{ .name = "maskRequestHost", .type = JSON_STRING },
	{ .name = "rules", .type = JSON_OBJECT },
	{ .name = "egressProxy", .type = JSON_OBJECT, .nullable = true },
};

static const struct rest_kind iam_kinds[] = {
	{ .name = "tokens", .type = JSON_OBJECT },
};

static enum rest_flag
decode_auto_resume(struct json_in *in, const json_t *root)
{
	const json_t *object = json_member(in, root, "autoResume", JSON_OBJECT);
	enum rest_flag flag;

	in->parent = "autoResume";
	flag = rest_flag_decode(in, object, "enabled");
	if (object && flag == REST_UNSET)
		json_fail(in, "enabled", "there");
	in->parent = NULL;
	return flag;
}

/* Whether the list denies all there is; a part alone is not ours to keep. */
static bool
denies_all(const json_t *list)
{
	bool all = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *entry = json_string_value(json_array_get(list, i));

		all |= entry && strcmp(entry, "0.0.0.0/0") == 0;
	}
	return all;
}

static void
decode_network(struct json_in *in, const json_t *network, struct rest_create *out)
{
	const json_t *deny = json_object_get(network, "denyOut");

	if (!json_is_object(network) || in->failed)
		return;
	in->parent = "network";
	rest_kinds_check(in, network, network_kinds, ARRAY_LEN(network_kinds));
	out->network.is_closed =
	    json_is_false(json_object_get(network, "allowPublicTraffic"));
	if (!asks_nothing(json_object_get(network, "maskRequestHost")))
		out->network.mask_host = json_get_token(in, network, "maskRequestHost");
	in->parent = NULL;
	out->network.denies_all = denies_all(deny);
	if (!out->foreign && !asks_nothing(deny) && !out->network.denies_all)
		out->foreign = "network.denyOut (of less than 0.0.0.0/0)";
}

static void
decode_create(struct json_in *in, const json_t *root, struct rest_create *out)
{
	out->template_id = json_get_string(in, root, "templateID");
	if (str_is_empty(out->template_id))
		json_fail(in, "templateID", "there");
	out->timeout_s = json_get_int(in, root, "timeout", 0, INT32_MAX, -1);
	out->auto_pause = rest_flag_decode(in, root, "autoPause");
	out->auto_pause_memory = rest_flag_decode(in, root, "autoPauseMemory");
	out->auto_resume = decode_auto_resume(in, root);
	out->secure = rest_flag_decode(in, root, "secure");
	out->internet = rest_flag_decode(in, root, "allow_internet_access");
	out->has_metadata = json_object_get(root, "metadata") != NULL;
	json_get_pairs(in, root, "metadata", &out->metadata);
	json_get_pairs(in, root, "envVars", &out->envs);
	rest_kinds_check(in, root, create_kinds, ARRAY_LEN(create_kinds));
	in->parent = "iam";
	rest_kinds_check(
	    in, json_object_get(root, "iam"), iam_kinds, ARRAY_LEN(iam_kinds));
	in->parent = NULL;
	out->foreign = find_foreign(root);
	decode_network(in, json_object_get(root, "network"), out);
}

bool
rest_network_decode(
    const char *json, size_t len, struct rest_create *out, struct error *err)
{
	struct json_in in = { .what = "network", .kind = JSON_REQUEST, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);
	json_t *around = root ? json_pack("{s:O}", "network", root) : NULL;

	*out = (struct rest_create){ .timeout_s = -1 };
	out->foreign = find_foreign(around);
	decode_network(&in, root, out);
	out->internet = rest_flag_decode(&in, root, "allow_internet_access");
	json_decref(around);
	json_decref(root);
	if (in.failed)
		rest_create_clear(out);
	return !in.failed;
}

bool
rest_create_decode(
    const char *json, size_t len, struct rest_create *out, struct error *err)
{
	struct json_in in = { .what = "create", .kind = JSON_REQUEST, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);
	struct rest_create got = { .timeout_s = -1 };

	decode_create(&in, root, &got);
	json_decref(root);
	if (in.failed) {
		rest_create_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

/* ---- the answer */

void
rest_created_clear(struct rest_created *c)
{
	free(c->id);
	free(c->template_id);
	free(c->alias);
	free(c->envd_version);
	free(c->envd_token);
	free(c->traffic_token);
	free(c->domain);
	*c = (struct rest_created){ 0 };
}

bool
rest_created_decode(
    const char *json, size_t len, struct rest_created *out, struct error *err)
{
	struct json_in in = { .what = "created sandbox", .kind = JSON_REPLY, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);
	struct rest_created got = { 0 };

	got.id = rest_id_decode(&in, root);
	got.template_id = rest_text_decode(&in, root, "templateID");
	got.alias = json_get_text(&in, root, "alias");
	got.envd_version = json_get_text(&in, root, "envdVersion");
	got.envd_token = json_get_token(&in, root, "envdAccessToken");
	got.traffic_token = json_get_token(&in, root, "trafficAccessToken");
	got.domain = rest_domain_decode(&in, root);
	json_decref(root);
	if (in.failed) {
		rest_created_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

void
rest_created_encode(struct buf *out, const struct rest_created *c)
{
	buf_add_char(out, '{');
	json_add_text(out, "sandboxID", c->id ? c->id : "");
	json_add_text(out, "templateID", c->template_id ? c->template_id : "");
	json_add_text(out, "clientID", REST_CLIENT_ID);
	json_add_text(out, "alias", c->alias ? c->alias : "");
	json_add_text(out, "envdVersion", c->envd_version ? c->envd_version : "");
	if (c->envd_token)
		json_add_text(out, "envdAccessToken", c->envd_token);
	if (c->traffic_token)
		json_add_text(out, "trafficAccessToken", c->traffic_token);
	if (c->domain)
		json_add_text(out, "domain", c->domain);
	buf_add_char(out, '}');
}

/* ---- connect, resume, timeout, refreshes, pause */

static bool
is_blank(const char *json, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!memchr(" \t\r\n", json[i], 4))
			return false;
	return true;
}

bool
rest_lifecycle_decode(
    const char *json, size_t len, struct rest_lifecycle *out, struct error *err)
{
	struct json_in in = { .what = "request", .kind = JSON_REQUEST, .err = err };
	struct rest_lifecycle got = { .timeout_s = -1, .duration_s = -1 };
	json_t *root = NULL;

	if (!is_blank(json, len))
		root = json_read(&in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);
	got.timeout_s = json_get_int(&in, root, "timeout", 0, INT32_MAX, -1);
	got.duration_s = json_get_int(&in, root, "duration", 0, INT32_MAX, -1);
	got.memory = rest_flag_decode(&in, root, "memory");
	got.auto_pause = rest_flag_decode(&in, root, "autoPause");
	got.healthy_guest = rest_flag_decode(&in, root, "requireHealthyGuest");
	json_decref(root);
	if (in.failed)
		return false;
	*out = got;
	return true;
}

static void
encode_one(struct buf *out, const char *name, int64_t value)
{
	buf_add_char(out, '{');
	json_add_int(out, name, value);
	buf_add_char(out, '}');
}

void
rest_timeout_encode(struct buf *out, int64_t timeout_s)
{
	encode_one(out, "timeout", timeout_s);
}

void
rest_duration_encode(struct buf *out, int64_t duration_s)
{
	encode_one(out, "duration", duration_s);
}
