/* note - a line of ours in the stream of a pane, such as the mark of a gap. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "term/emulator.h"
#include "term/glyph.h"

static void
end_line(struct emulator *e)
{
	emulator_control(e, '\r');
	emulator_control(e, '\n');
}

static void
put_text(struct emulator *e, const char *text)
{
	size_t len = strlen(text);
	uint32_t scalar;

	for (size_t i = 0; i < len;) {
		i += utf8_decode(text + i, len - i, &scalar);
		emulator_put_scalar(e, scalar);
	}
}

static void
draw_in_stream(struct emulator *e, const char *text)
{
	struct pen pen = e->pen;
	struct charset charset = e->charset;
	unsigned modes = e->modes;
	uint32_t repeat = e->repeat;
	struct place here = emulator_place(e);

	e->modes &= ~(unsigned)(MODE_INSERT | MODE_NEWLINE);
	charset_init(&e->charset);
	emulator_set_pen(e, (struct pen){ 0 });
	if (here.pos.col > 0)
		end_line(e);
	emulator_set_pen(e, (struct pen){ .attrs = ATTR_DIM });
	put_text(e, text);
	emulator_set_pen(e, (struct pen){ 0 });
	end_line(e);
	emulator_locate(e);
	e->modes = modes;
	e->charset = charset;
	e->repeat = repeat;
	emulator_set_pen(e, pen);
}

/* The program's next drawing replaces it. */
static void
draw_over_last_row(struct emulator *e, const char *text)
{
	struct row *row = e->grid->row[e->rows - 1];
	size_t len = strlen(text);
	uint32_t scalar;
	int col = 0;

	row_erase(row, 0, e->cols, CELL_BLANK);
	for (size_t i = 0; i < len;) {
		i += utf8_decode(text + i, len - i, &scalar);

		enum glyph_kind kind = glyph_kind(scalar);
		int width = kind == GLYPH_WIDE ? 2 : 1;

		if (kind == GLYPH_COMBINING || kind == GLYPH_DROPPED ||
		    col + width > e->cols)
			continue;
		row_put(row, col,
		    (struct cell){
			.ch = scalar, .attrs = ATTR_DIM, .width = (uint8_t)width });
		col += width;
	}
	e->last_row = NULL;
}

void
emulator_note(struct emulator *e, const char *text)
{
	char *clean = text_clean_dup(text);
	char *line = text_cut(clean, e->cols - 1, false);

	if (emulator_is_alt(e))
		draw_over_last_row(e, line);
	else
		draw_in_stream(e, line);
	e->changed = true;
	free(line);
	free(clean);
}
