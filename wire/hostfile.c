#include "wire/hostfile.h"

#include <limits.h>
#include <stdlib.h>

#include "wire/json.h"

#define MAX_HOSTFILE 4096

void
hostfile_encode(struct buf *out, const struct hostfile *h)
{
	buf_add_char(out, '{');
	json_add_int(out, "pid", h->pid);
	json_add_int(out, "port", h->port);
	json_add_text(out, "key", h->key);
	json_add_text(out, "version", h->version);
	buf_add_str(out, "}\n");
}

bool
hostfile_decode(const char *json, size_t len, struct hostfile *out, struct error *err)
{
	struct json_in in = { .what = "host.json", .kind = JSON_REQUEST, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, MAX_HOSTFILE);
	struct hostfile got = { 0 };
	char *key = json_get_token(&in, root, "key");

	got.pid = (int)json_get_int(&in, root, "pid", 0, INT_MAX, 0);
	got.port = (int)json_get_int(&in, root, "port", 1, 65535, 0);
	json_get_line(&in, root, "version", got.version, sizeof got.version);
	if (got.port == 0)
		json_fail(&in, "port", "there");
	if (!key || !str_copy(got.key, sizeof got.key, key))
		json_fail(&in, "key", "there, and shorter than 64 characters");
	free(key);
	json_decref(root);
	if (in.failed)
		return false;
	*out = got;
	return true;
}
