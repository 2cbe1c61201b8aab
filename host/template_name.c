#include "host/template_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define NAME_MAX_LEN 128
#define UUID_LEN 36

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* Of those letters, and of some length. */
static bool
is_word(const char *text, const char *more)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!strchr(letters, text[i]) && !strchr(more, text[i]))
			return false;
	return len > 0 && len <= NAME_MAX_LEN;
}

bool
template_name_is_uuid(const char *text)
{
	if (strlen(text) != UUID_LEN)
		return false;
	for (int i = 0; i < UUID_LEN; i++)
		if ((i == 8 || i == 13 || i == 18 || i == 23)
			? text[i] != '-'
			: !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

static char *
small_letters(const char *text)
{
	char *copy = xstrdup(text);
	char *small = xstrdup(str_trim(copy));

	for (char *c = small; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	free(copy);
	return small;
}

char *
template_tag_parse(const char *text)
{
	char *tag = small_letters(text);

	if (is_word(tag, ".") && !template_name_is_uuid(tag))
		return tag;
	free(tag);
	return NULL;
}

char *
template_name_split(const char *text, char **tag)
{
	char *whole = small_letters(text);
	char *colon = strchr(whole, ':'), *slash, *name = NULL;

	*tag = NULL;
	if (colon) {
		*colon = '\0';
		*tag = template_tag_parse(colon + 1);
	}
	slash = strchr(whole, '/');
	if (slash)
		*slash = '\0';
	if ((!colon || *tag) && (!slash || is_word(whole, "")) &&
	    is_word(slash ? slash + 1 : whole, ""))
		name = xstrdup(slash ? slash + 1 : whole);
	if (!name) {
		free(*tag);
		*tag = NULL;
	}
	free(whole);
	return name;
}

char *
template_name_parse(const char *text)
{
	char *tag;
	char *name = template_name_split(text, &tag);

	if (name && tag && !str_eq(tag, "default")) {
		free(name);
		name = NULL;
	}
	free(tag);
	return name;
}
