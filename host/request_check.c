/* request_check - headers that two readers could understand differently. libmicrohttpd
 * takes the first of two lengths and lets a coding it does not know run to the end of the
 * connection; a service behind us, or a proxy before us, may see another request there. So
 * such a request is refused and its connection ends (RFC 9112, 6.1 to 6.3). */
#include "host/server_internal.h"

#include <string.h>
#include <strings.h>

struct checking {
	const char *problem;
	size_t lengths, codings, hosts;
};

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+.^_`|~", c));
}

static bool
is_token(const char *name)
{
	size_t len = 0;

	while (is_token_char(name[len]))
		len++;
	return len > 0 && !name[len];
}

static void
check_header(void *ctx, const char *name, const char *value)
{
	struct checking *k = ctx;

	if (!is_token(name))
		k->problem = "the name of a header is not one";
	k->hosts += strcasecmp(name, "Host") == 0;
	if (strcasecmp(name, "Content-Length") == 0) {
		k->lengths++;
		if (!*value || value[strspn(value, "0123456789")])
			k->problem = "Content-Length is not a length";
	}
	if (strcasecmp(name, "Transfer-Encoding") == 0) {
		k->codings++;
		if (strcasecmp(value, "chunked") != 0)
			k->problem = "of transfer encodings only chunked is known";
	}
}

const char *
request_refusal(const struct request *r, const char *version)
{
	struct checking k = { 0 };

	request_each_header(r, check_header, &k);
	if (k.problem)
		return k.problem;
	if (k.lengths > 1)
		return "Content-Length stands there twice";
	if (k.codings > 1 || (k.codings && k.lengths))
		return "the length of the body is told in two ways";
	if (k.codings && str_eq(version, MHD_HTTP_VERSION_1_0))
		return "HTTP/1.0 knows no chunks";
	if (k.hosts > 1)
		return "Host stands there twice";
	return NULL;
}
