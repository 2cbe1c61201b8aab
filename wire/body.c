/* Bodies that are no answer of the protocol, made into one line a person can read. */
#include "wire/json.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/* An error text longer than this tells nobody more. */
#define LOOK_AT 4096

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Runs of blanks and line ends become one space; both ends are trimmed. */
static void
add_collapsed(struct buf *out, const char *s, size_t len)
{
	bool gap = false;

	for (size_t i = 0; i < len; i++) {
		if (is_blank(s[i])) {
			gap = out->len > 0;
			continue;
		}
		if (gap)
			buf_add_char(out, ' ');
		gap = false;
		buf_add_char(out, s[i]);
	}
}

/* Cuts on a character boundary; what is cut again is the same. */
static void
copy_cut(const struct buf *clean, char *out, size_t size)
{
	size_t len = clean->len;

	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)clean->data[len] & 0xc0) == 0x80)
			len--;
		while (len > 0 && clean->data[len - 1] == ' ')
			len--;
	}
	memcpy(out, clean->data, len);
	out[len] = '\0';
}

void
text_line(const char *s, size_t len, char *out, size_t size)
{
	struct buf collapsed, clean;

	buf_init(&collapsed, LOOK_AT + 1);
	buf_init(&clean, 16 * LOOK_AT);
	add_collapsed(&collapsed, s, len < LOOK_AT ? len : LOOK_AT);
	text_clean(&clean, collapsed.data, collapsed.len);
	copy_cut(&clean, out, size);
	buf_clear(&collapsed);
	buf_clear(&clean);
}

void
body_line(const char *body, size_t len, char *out, size_t size)
{
	size_t look = len < LOOK_AT ? len : LOOK_AT;
	size_t start = 0;

	out[0] = '\0';
	while (start < look && is_blank(body[start]))
		start++;
	if (start == look || body[start] == '<' || memchr(body, '\0', look))
		return;
	text_line(body, len, out, size);
}

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 499, "Client Closed Request" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 507, "Insufficient Storage" },
};

void
status_line(int status, char *out, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		if (reasons[i].status != status)
			continue;
		str_copy(out, size, reasons[i].reason);
		return;
	}
	snprintf(out, size, "status %d", status);
}
