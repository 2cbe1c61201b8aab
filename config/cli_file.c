#include "config/cli_file.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/clean.h"

enum {
	FILE_MAX = 1024 * 1024,
	NEWEST_VERSION = 2, /* later ones are read as this one */
};

/* Members by layout, the older spelling second; the index is the version. */
static const struct layout {
	const char *key[2], *project_name[2], *project_id[2];
} layouts[] = {
	{ { "teamApiKey", "defaultTeamApiKey" }, { "teamName" },
	    { "teamId", "defaultTeamId" } },
	{ { "teamApiKey" }, { "teamName" }, { "teamId" } },
	{ { "projectApiKey" }, { "projectName" }, { "projectId" } },
};

/* The first of `names` that is there and not empty; *out stays NULL when none is. */
static bool
read_text(const json_t *root, const char *const names[2], char **out, struct error *err)
{
	for (int i = 0; i < 2 && names[i] && !*out; i++) {
		const json_t *member = json_object_get(root, names[i]);

		if (!member || json_is_null(member))
			continue;
		if (!json_is_string(member))
			return error_set(
			    err, ERROR_INPUT, "its '%s' is not text", names[i]);
		if (!str_is_empty(json_string_value(member)))
			*out = xstrdup(json_string_value(member));
	}
	return true;
}

static bool
read_version(const json_t *root, int *out, struct error *err)
{
	const json_t *member = json_object_get(root, "version");
	json_int_t version = member ? json_integer_value(member) : 0;

	if (member && (!json_is_integer(member) || version < 1 || version > 1000))
		return error_set(
		    err, ERROR_INPUT, "its 'version' is not a number from 1 on");
	*out = (int)version;
	return true;
}

static bool
read_layout(const json_t *root, struct cli_file *f, struct error *err)
{
	if (!json_is_object(root))
		return error_set(err, ERROR_INPUT, "it is not a JSON object");
	if (!read_version(root, &f->version, err))
		return false;

	const struct layout *layout = &layouts[MIN(f->version, NEWEST_VERSION)];
	return read_text(root, layout->key, &f->key, err) &&
	       read_text(root, layout->project_name, &f->project, err) &&
	       (f->project || read_text(root, layout->project_id, &f->project, err));
}

bool
cli_file_parse(const char *json, size_t len, struct cli_file *out, struct error *err)
{
	struct cli_file f = { 0 };
	json_error_t where;
	/* the library's own message quotes the text, so only its place is told */
	json_t *root = json_loadb(json, len, 0, &where);
	bool ok =
	    root ? read_layout(root, &f, err)
		 : error_set(err, ERROR_INPUT, "line %d is not valid JSON", where.line);

	json_decref(root);
	if (ok)
		*out = f;
	else
		cli_file_clear(&f);
	return ok;
}

bool
cli_file_read(const char *path, struct cli_file *out, struct error *err)
{
	struct file_text text = { 0 };
	struct cli_file f = { 0 };
	bool ok = file_read(path, FILE_MAX, &text, err);

	if (ok && text.missing) {
		f.missing = true;
	} else if (ok) {
		ok = cli_file_parse(text.text, text.len, &f, err);
		if (!ok)
			error_prefix(err, "%s", path);
		f.mode = text.mode;
	}
	file_text_clear(&text);
	if (ok)
		*out = f;
	return ok;
}

void
cli_file_clear(struct cli_file *f)
{
	secret_free(f->key);
	free(f->project);
	*f = (struct cli_file){ 0 };
}
