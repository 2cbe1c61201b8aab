#include "tui/prose.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* Bytes of `text` for one line of `cols` columns, at a blank where there is one. */
static size_t
line_bytes(const char *text, int cols)
{
	size_t fit = text_fit(text, MAX(cols, 1)), cut = strcspn(text, "\n");

	if (cut <= fit)
		return cut;
	if (text[fit] == '\0')
		return fit;
	for (size_t at = fit; at > 0; at--)
		if (text[at] == ' ')
			return at;
	if (fit > 0)
		return fit;

	uint32_t scalar; /* one that is wider than the line */
	return utf8_decode(text, strlen(text), &scalar);
}

int
prose_draw(struct canvas *c, int row, int col, int cols, int hang, enum role role,
    const char *text)
{
	int indent = 0;

	while (*text) {
		size_t len = line_bytes(text, cols - indent);
		char *line = xstrndup(text, len), *clean = text_clean_dup(line);

		canvas_text(c, row++, col + indent, role, clean);
		free(line);
		free(clean);
		text += len;
		indent = *text == '\n' ? 0 : hang;
		text += *text == '\n' || *text == ' ';
	}
	return row;
}
