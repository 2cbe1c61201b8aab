#include "host/template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"

static const struct template templates[] = {
	{ .id = "localbase00000000001",
	    .alias = "base",
	    .build_id = "b0f6a1de-6a9c-4b0e-9a52-3d1c5b0f7a01",
	    .cpu_count = 2,
	    .memory_mb = 512,
	    .disk_mb = 10240 },
	{ .id = "localcode00000000001",
	    .alias = "code-interpreter-v1",
	    .build_id = "b0f6a1de-6a9c-4b0e-9a52-3d1c5b0f7a02",
	    .cpu_count = 2,
	    .memory_mb = 1024,
	    .disk_mb = 10240 },
};

size_t
template_count(void)
{
	return ARRAY_LEN(templates);
}

const struct template *
template_at(size_t index)
{
	return &templates[index];
}

bool
template_reference_has_tag(const char *reference)
{
	return strchr(reference, ':') != NULL;
}

static const struct template *
find_plain(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(templates); i++)
		if (str_eq(name, templates[i].id) || str_eq(name, templates[i].alias))
			return &templates[i];
	return NULL;
}

const struct template *
template_find(const char *reference)
{
	char *copy = xstrdup(reference);
	char *name = str_trim(copy);
	char *slash = strchr(name, '/');
	char *tag = strchr(name, ':');
	const struct template *found = NULL;

	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (tag)
		*tag++ = '\0';
	if (!tag || str_eq(tag, "default"))
		found = find_plain(slash ? slash + 1 : name);
	free(copy);
	return found;
}
