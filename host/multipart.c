#include "host/multipart.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define IN_MAX (256u * 1024)
#define HEAD_MAX (64u * 1024) /* headers of one part */
#define BOUNDARY_MAX 200

/* ---- parameters of a header: `; name="value"` or `; name=value` */

/* As Go's mime package takes them: a backslash counts before a quote or another only, so
 * that a Windows path survives. */
static const char *
take_quoted(const char *at, struct buf *out)
{
	while (*at && *at != '"') {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		buf_add_char(out, *at++);
	}
	return *at == '"' ? at + 1 : at;
}

/* Caller frees; NULL: it is not there. */
static char *
parameter(const char *header, const char *name)
{
	const char *at = header + strcspn(header, ";");

	while (*at == ';') {
		struct buf value;
		size_t len;
		bool wanted;

		at += 1 + strspn(at + 1, " \t\r\n");
		len = strcspn(at, "=; \t");
		wanted = len == strlen(name) && strncasecmp(at, name, len) == 0;
		at += len + strspn(at + len, " \t");
		buf_init(&value, HEAD_MAX);
		if (*at == '=') {
			at += 1 + strspn(at + 1, " \t");
			len = *at == '"' ? 0 : strcspn(at, "; \t");
			buf_add(&value, at, len);
			at = *at == '"' ? take_quoted(at + 1, &value) : at + len;
		}
		if (wanted)
			return buf_take(&value);
		buf_clear(&value);
		at += strcspn(at, ";");
	}
	return NULL;
}

bool
multipart_init(struct multipart *m, const char *content_type)
{
	char *boundary = parameter(content_type, "boundary");
	bool fit = boundary && *boundary && strlen(boundary) <= BOUNDARY_MAX &&
		   !strpbrk(boundary, "\r\n");

	*m = (struct multipart){ .state = MULTIPART_PREAMBLE };
	if (fit) {
		m->boundary = xasprintf("\r\n--%s", boundary);
		buf_init(&m->in, IN_MAX + 2);
		buf_add_str(
		    &m->in, "\r\n"); /* the first may stand at the very beginning */
	}
	free(boundary);
	return fit;
}

void
multipart_clear(struct multipart *m)
{
	free(m->boundary);
	free(m->name);
	free(m->filename);
	buf_clear(&m->in);
	*m = (struct multipart){ .state = MULTIPART_PREAMBLE };
}

size_t
multipart_room(const struct multipart *m)
{
	size_t held = m->in.len - m->used;

	return held < IN_MAX ? IN_MAX - held : 0;
}

void
multipart_feed(struct multipart *m, const char *bytes, size_t len)
{
	buf_consume(&m->in, m->used);
	m->used = 0;
	if (m->state != MULTIPART_OVER)
		buf_add(&m->in, bytes, len);
}

/* ---- states */

static enum multipart_event
breaks(struct multipart *m)
{
	m->broken = true;
	return MULTIPART_BROKEN;
}

/* One header line of a part, ended in place. */
static void
take_header(struct multipart *m, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return;
	*colon = '\0';
	if (!str_eq_nocase(str_trim(line), "Content-Disposition"))
		return;
	free(m->name);
	free(m->filename);
	m->name = parameter(colon + 1, "name");
	m->filename = parameter(colon + 1, "filename");
}

/* Behind a boundary: "--" ends all, else the rest of its line and headers up to an empty
 * line. */
static enum multipart_event
read_head(struct multipart *m)
{
	char *begin = m->in.data;
	const char *end;
	char *line, *rest;

	if (m->in.len < 2)
		return MULTIPART_MORE;
	if (memcmp(begin, "--", 2) == 0) {
		m->state = MULTIPART_OVER;
		m->used = m->in.len;
		return MULTIPART_END;
	}
	end = memmem(begin, m->in.len, "\r\n\r\n", 4);
	if (!end)
		return m->in.len > HEAD_MAX ? breaks(m) : MULTIPART_MORE;
	if (memchr(begin, '\0', (size_t)(end - begin)))
		return breaks(m);
	m->used = (size_t)(end - begin) + 4;
	free(m->name);
	free(m->filename);
	m->name = m->filename = NULL;
	rest = line = xstrndup(begin, (size_t)(end - begin));
	for (char *one; (one = strsep(&rest, "\n"));)
		take_header(m, one);
	free(line);
	m->state = MULTIPART_BODY;
	return MULTIPART_PART;
}

/* Up to the boundary, or all that cannot be its beginning. */
static enum multipart_event
read_body(struct multipart *m)
{
	size_t len = strlen(m->boundary);
	const char *at = memmem(m->in.data, m->in.len, m->boundary, len);
	bool before = m->state == MULTIPART_PREAMBLE;

	m->data = m->in.data;
	m->data_len = at		 ? (size_t)(at - m->in.data)
		      : m->in.len >= len ? m->in.len - len + 1
					 : 0;
	m->used = m->data_len;
	if (m->data_len > 0 && !before)
		return MULTIPART_DATA;
	if (!at)
		return MULTIPART_MORE;
	m->used += len;
	m->state = MULTIPART_HEAD;
	return before ? multipart_next(m) : MULTIPART_PART_END;
}

enum multipart_event
multipart_next(struct multipart *m)
{
	if (m->broken)
		return MULTIPART_BROKEN;
	buf_consume(&m->in, m->used);
	m->used = 0;
	if (m->state == MULTIPART_OVER) {
		buf_reset(&m->in);
		return MULTIPART_END;
	}
	return m->state == MULTIPART_HEAD ? read_head(m) : read_body(m);
}
