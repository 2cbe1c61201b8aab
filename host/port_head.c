#include "host/port_head.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

/* ---- lists of tokens */

bool
port_list_names(const char *list, const char *name, size_t len)
{
	while (*list) {
		size_t token;

		list += strspn(list, ", \t");
		token = strcspn(list, ", \t");
		if (token == len && len > 0 && strncasecmp(list, name, len) == 0)
			return true;
		list += token;
	}
	return false;
}

bool
port_is_one_of(const char *const *names, const char *name, size_t len)
{
	for (; *names; names++)
		if (strlen(*names) == len && strncasecmp(*names, name, len) == 0)
			return true;
	return false;
}

/* ---- answers */

size_t
port_head_size(const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		const char *line = at;

		if (!line_end)
			return 0;
		at = line_end + 1;
		if (line_end == line || (line_end == line + 1 && *line == '\r'))
			return (size_t)(at - bytes);
	}
	return 0;
}

/* One line without its end; false: there is none. */
static bool
next_line(const char **at, const char *end, const char **line, size_t *len)
{
	const char *line_end = memchr(*at, '\n', (size_t)(end - *at));

	if (!line_end)
		return false;
	*line = *at;
	*len = (size_t)(line_end - *at);
	*at = line_end + 1;
	if (*len > 0 && (*line)[*len - 1] == '\r')
		--*len;
	return *len > 0;
}

/* The value behind the colon, blanks trimmed, if the line is of that header. */
static bool
line_value(const char *line, size_t len, const char *name, struct buf *out)
{
	size_t at = strlen(name);

	buf_reset(out);
	if (len <= at || line[at] != ':' || strncasecmp(line, name, at) != 0)
		return false;
	for (at++; at < len && (line[at] == ' ' || line[at] == '\t');)
		at++;
	while (len > at && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	buf_add(out, line + at, len - at);
	return true;
}

static bool
read_status(const char *line, size_t len, int *out)
{
	char digits[4] = { 0 };
	int64_t status;

	/* "HTTP/1.x NNN ..." */
	if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' ||
	    (len > 12 && line[12] != ' '))
		return false;
	memcpy(digits, line + 9, 3);
	if (!parse_int(digits, 100, 999, &status))
		return false;
	*out = (int)status;
	return true;
}

/* Fills the length, and `connection` with what the headers of that name list. */
static void
survey(const char *at, const char *end, struct port_answer *out, struct buf *connection)
{
	bool chunked = false;
	struct buf value;
	const char *line;
	size_t len;

	buf_init(&value, PORT_HEAD_MAX);
	while (next_line(&at, end, &line, &len)) {
		if (line_value(line, len, "Connection", &value)) {
			buf_add_str(connection, value.data);
			buf_add_char(connection, ',');
		} else if (line_value(line, len, "Transfer-Encoding", &value)) {
			chunked = true;
		} else if (line_value(line, len, "Content-Length", &value) &&
			   !parse_int(value.data, 0, INT64_MAX, &out->length)) {
			out->length = -1;
		}
	}
	if (chunked)
		out->length = -1;
	buf_clear(&value);
}

/* Whatever Connection says, a body is not readable without these. */
static bool
is_framing(const char *line, size_t name)
{
	static const char *const framing[] = { "Transfer-Encoding", "Content-Length",
		NULL };

	return port_is_one_of(framing, line, name);
}

static void
copy_lines(const char *at, const char *end, const char *connection, struct buf *client)
{
	static const char *const hops[] = { "Connection", "Keep-Alive",
		"Proxy-Connection", "Upgrade", NULL };
	const char *line;
	size_t len;

	while (next_line(&at, end, &line, &len)) {
		const char *colon = memchr(line, ':', len);
		size_t name = colon ? (size_t)(colon - line) : len;

		if (port_is_one_of(hops, line, name) ||
		    (!is_framing(line, name) && port_list_names(connection, line, name)))
			continue;
		buf_add(client, line, len);
		buf_add_str(client, "\r\n");
	}
}

bool
port_answer_read(const char *head, size_t len, const struct port_question *q,
    struct port_answer *out, struct buf *client)
{
	const char *at = head, *end = head + len, *line;
	struct buf connection;
	size_t line_len;

	*out = (struct port_answer){ .length = -1 };
	if (!next_line(&at, end, &line, &line_len) ||
	    !read_status(line, line_len, &out->status))
		return false;
	if (out->status < 200) { /* 101 most of all: to the letter */
		buf_add(client, head, len);
		return true;
	}
	buf_init(&connection, PORT_HEAD_MAX * 2);
	survey(at, end, out, &connection);
	if (q->head || out->status == 204 || out->status == 304)
		out->length = 0;
	buf_add(client, line, line_len);
	buf_add_str(client, "\r\n");
	copy_lines(at, end, connection.data, client);
	buf_add_str(client, "Connection: close\r\n\r\n");
	buf_clear(&connection);
	return true;
}
