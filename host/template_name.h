/* template_name - names and tags of templates as requests write them. */
#ifndef HOST_TEMPLATE_NAME_H
#define HOST_TEMPLATE_NAME_H

#include <stdbool.h>

#define TEMPLATE_NAME_RULE                                                               \
	"1 to 128 of a-z, 0-9, '-' and '_', with a namespace and '/' in front at most"
#define TEMPLATE_TAG_RULE "1 to 128 of a-z, 0-9, '-', '_' and '.', and no UUID"

/* The name alone, trimmed, in small letters, without namespace and ":default"; NULL: it is
 * none, or has another tag. Caller frees. */
char *template_name_parse(const char *text);
/* The same with any tag, into *tag, NULL without one; caller frees both. */
char *template_name_split(const char *text, char **tag);
/* A tag in small letters; NULL: it is none. Caller frees. */
char *template_tag_parse(const char *text);
bool template_name_is_uuid(const char *text);

#endif
