#include "config/address.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { ADDRESS_MAX = 1024 };

static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

/* "" or ":1" to ":65535" */
static bool
is_port_part(const char *text)
{
	int64_t port;

	return *text == '\0' || (*text == ':' && parse_int(text + 1, 1, 65535, &port));
}

static bool
is_authority(const char *text)
{
	size_t len = strspn(text, name_bytes);

	/* a literal IPv6 address stands in brackets */
	if (*text == '[') {
		len = strspn(text + 1, "0123456789abcdefABCDEF:.") + 2;
		if (len < 4 || text[len - 1] != ']')
			return false;
	}
	return len > 0 && *text != '.' && *text != '-' && is_port_part(text + len);
}

static size_t
len_without_slashes(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	return len;
}

bool
domain_parse(const char *text, char **out, struct error *err)
{
	size_t len = len_without_slashes(text);
	char *domain = xstrndup(text, MIN(len, ADDRESS_MAX));
	bool has_scheme = strstr(domain, "://");

	if (len < ADDRESS_MAX && is_authority(domain)) {
		*out = domain;
		return true;
	}
	free(domain);
	return error_set(err, ERROR_INPUT, "write a domain such as e2b.app%s",
	    has_scheme ? ", without the scheme" : "");
}

bool
domains_parse(const char *text, struct strlist *out, struct error *err)
{
	const char *at = text + strspn(text, " \t,");

	while (*at) {
		size_t len = strcspn(at, " \t,");
		char *piece = xstrndup(at, len), *domain = NULL;
		bool ok = domain_parse(piece, &domain, err);
		if (ok)
			strlist_add(out, domain);
		free(piece);
		free(domain);
		if (!ok)
			return false;
		at += len;
		at += strspn(at, " \t,");
	}
	return true;
}

static const char *
after_scheme(const char *text)
{
	if (strncasecmp(text, "https://", 8) == 0)
		return text + 8;
	return strncasecmp(text, "http://", 7) == 0 ? text + 7 : NULL;
}

static bool
is_path(const char *text)
{
	for (const char *at = text; *at; at++) {
		if (*at <= ' ' || *at >= 0x7f || strchr("?#\\\"<>", *at))
			return false;
	}
	return true;
}

bool
origin_parse(const char *text, char **out, struct error *err)
{
	size_t len = len_without_slashes(text);
	char *origin = xstrndup(text, MIN(len, ADDRESS_MAX));
	const char *rest = after_scheme(origin);
	char *authority = rest ? origin_authority(origin) : NULL;
	bool ok =
	    len < ADDRESS_MAX && authority && is_authority(authority) && is_path(rest);

	free(authority);
	if (ok) {
		*out = origin;
		return true;
	}
	free(origin);
	return error_set(err, ERROR_INPUT,
	    "write an address such as https://api.e2b.app, without user, query and "
	    "fragment");
}

char *
origin_authority(const char *origin)
{
	const char *rest = after_scheme(origin);

	return rest ? xstrndup(rest, strcspn(rest, "/?#")) : xstrdup("");
}
