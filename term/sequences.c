/* What each escape and control sequence does. */
#include <stdio.h>

#include "base/compiler.h"
#include "term/emulator.h"

typedef void handler(struct emulator *e, const struct sequence *seq);

/* Sequences are parsed into numbers and written anew, so the library sees only these. */

static void
pass_number(struct emulator *e, const struct sequence *seq)
{
	emulator_settle(e);
	emulator_emit_csi(e, seq->params[0], -1, seq->final);
}

/* Sets the column, whatever it was. */
static void
pass_column(struct emulator *e, const struct sequence *seq)
{
	emulator_leave_column(e);
	emulator_emit_csi(e, sequence_param(seq, 0, 1), -1, seq->final);
}

static void
pass_position(struct emulator *e, const struct sequence *seq)
{
	emulator_leave_column(e);
	emulator_emit_csi(
	    e, sequence_param(seq, 0, 1), sequence_param(seq, 1, 1), seq->final);
}

/* DA, DA2. */
static void
pass_query(struct emulator *e, const struct sequence *seq)
{
	char bytes[] = { 0x1b, '[', seq->final, seq->final };
	size_t len = 3;

	if (sequence_param(seq, 0, 0) != 0)
		return;
	if (seq->leader)
		bytes[2] = seq->leader;
	if (seq->leader)
		len++;
	emulator_catch_up(e);
	emulator_emit(e, bytes, len);
}

/* DSR: fine, thanks; and where the cursor is. A pending wrap is not disturbed. */
static void
report_status(struct emulator *e, const struct sequence *seq)
{
	const char *leader = seq->leader ? "?" : "";
	struct pos at = emulator_place(e).pos;
	int first = e->modes & MODE_ORIGIN ? e->top : 0;
	char bytes[32];
	int len = 0;

	if (sequence_param(seq, 0, 0) == 5)
		len = snprintf(bytes, sizeof bytes, "\033[%s0n", leader);
	else if (sequence_param(seq, 0, 0) == 6)
		len = snprintf(bytes, sizeof bytes, "\033[%s%d;%dR", leader,
		    at.row - first + 1, at.col + 1);
	emulator_reply(e, bytes, (size_t)len);
}

/* ---- erasing and shifting, on our grid: the cursor stays */

/* Where erasing forwards begins. While a wrap is pending that is past the last column:
 * many programs end their lines with EL, and a full one must not lose its end. */
static int
erase_start(const struct emulator *e)
{
	return e->wrapping ? e->cols : e->at.col;
}

static void
erase_line(struct emulator *e, const struct sequence *seq)
{
	emulator_locate(e);

	int row = e->at.row, col = e->at.col, start = erase_start(e);

	switch (sequence_param(seq, 0, 0)) {
	case 0:
		emulator_erase(e, (struct rect){ row, start, 1, e->cols - start });
		break;
	case 1:
		emulator_erase(e, (struct rect){ row, 0, 1, col + 1 });
		break;
	case 2:
		emulator_erase(e, (struct rect){ row, 0, 1, e->cols });
		break;
	default:
		break;
	}
}

static void
erase_screen(struct emulator *e, const struct sequence *seq)
{
	emulator_locate(e);

	int row = e->at.row, part = sequence_param(seq, 0, 0);

	switch (part) {
	case 0:
		erase_line(e, seq);
		emulator_erase(
		    e, (struct rect){ row + 1, 0, e->rows - row - 1, e->cols });
		break;
	case 1:
		emulator_erase(e, (struct rect){ 0, 0, row, e->cols });
		erase_line(e, seq);
		break;
	case 2:
		emulator_erase(e, (struct rect){ 0, 0, e->rows, e->cols });
		break;
	case 3:
		scrollback_clear(e->scrollback);
		e->scrollback_cleared = true;
		break;
	default:
		break;
	}
}

static void
erase_characters(struct emulator *e, const struct sequence *seq)
{
	emulator_locate(e);

	int start = erase_start(e),
	    count = MIN(sequence_param(seq, 0, 1), e->cols - start);

	emulator_erase(e, (struct rect){ e->at.row, start, 1, count });
}

static void
insert_characters(struct emulator *e, const struct sequence *seq)
{
	emulator_locate(e);
	row_insert(
	    e->grid->row[e->at.row], e->at.col, sequence_param(seq, 0, 1), e->blank);
}

static void
delete_characters(struct emulator *e, const struct sequence *seq)
{
	emulator_locate(e);
	row_delete(
	    e->grid->row[e->at.row], e->at.col, sequence_param(seq, 0, 1), e->blank);
}

/* DECALN: fills the screen with E. */
static void
align(struct emulator *e)
{
	struct cell fill = { .ch = 'E', .width = 1 };
	struct cell blank = e->blank;

	emulator_set_margins(e, 0, e->rows);
	emulator_locate(e);
	e->blank = fill;
	emulator_erase(e, (struct rect){ 0, 0, e->rows, e->cols });
	e->blank = blank;
}

/* REP, from the last character; what it may cost is limited by what came before. */
static void
repeat(struct emulator *e, const struct sequence *seq)
{
	int count = MIN(sequence_param(seq, 0, 1), e->repeat_credit);

	if (!e->repeat)
		return;
	e->repeat_credit -= count;
	for (int i = 0; i < count; i++)
		emulator_put(e, e->repeat, e->repeat_width);
}

/* ---- modes */

static void
pass_mode(struct emulator *e, const struct mode *mode, bool on)
{
	char bytes[16];
	int len =
	    snprintf(bytes, sizeof bytes, "\033[?%d%c", mode->number, on ? 'h' : 'l');

	if (mode->action == MODE_PASS_HOMES)
		emulator_leave_column(e);
	else if (on)
		emulator_catch_up(e);
	else
		emulator_settle(e);
	emulator_emit(e, bytes, (size_t)len);
}

static void
set_bit(struct emulator *e, const struct mode *mode, bool on)
{
	e->modes &= ~(mode->bit | mode->group);
	if (on)
		e->modes |= mode->bit;
}

static void
set_mode(struct emulator *e, const struct mode *mode, bool on)
{
	switch (mode->action) {
	case MODE_KEEP:
	case MODE_ONE_OF:
		set_bit(e, mode, on);
		break;
	case MODE_PASS:
	case MODE_PASS_HOMES:
		set_bit(e, mode, on);
		pass_mode(e, mode, on);
		break;
	case MODE_SCREEN:
		emulator_set_screen(e, on);
		break;
	case MODE_CURSOR:
		(on ? emulator_save_cursor : emulator_restore_cursor)(e);
		break;
	case MODE_SCREEN_CURSOR:
		if (emulator_is_alt(e) == on)
			break;
		if (on)
			emulator_save_cursor(e);
		emulator_set_screen(e, on);
		if (!on)
			emulator_restore_cursor(e);
		break;
	}
}

static void
set_modes(struct emulator *e, const struct sequence *seq)
{
	for (int i = 0; i < seq->count; i++) {
		const struct mode *mode = mode_find(seq->leader == '?', seq->params[i]);

		if (mode)
			set_mode(e, mode, seq->final == 'h');
	}
}

/* DECRQM: 1 set, 2 reset, 0 unknown. */
static void
report_mode(struct emulator *e, const struct sequence *seq)
{
	int number = sequence_param(seq, 0, 0), value = 0;
	const struct mode *mode = mode_find(seq->leader == '?', number);
	char bytes[32];

	if (mode && mode->bit)
		value = e->modes & mode->bit ? 1 : 2;

	int len = snprintf(bytes, sizeof bytes, "\033[%s%d;%d$y",
	    seq->leader == '?' ? "?" : "", number, value);

	emulator_reply(e, bytes, (size_t)len);
}

/* ---- the rest */

/* Margins of less than two rows are none. */
static void
set_margins(struct emulator *e, const struct sequence *seq)
{
	int top = sequence_param(seq, 0, 1) - 1;
	int bottom = MIN(sequence_param(seq, 1, e->rows), e->rows);

	if (bottom - top >= 2)
		emulator_set_margins(e, top, bottom);
}

static void
save_cursor(struct emulator *e, const struct sequence *seq UNUSED)
{
	emulator_save_cursor(e);
}

static void
restore_cursor(struct emulator *e, const struct sequence *seq UNUSED)
{
	emulator_restore_cursor(e);
}

static void
soft_reset(struct emulator *e, const struct sequence *seq UNUSED)
{
	emulator_soft_reset(e);
}

static void
set_cursor_style(struct emulator *e, const struct sequence *seq)
{
	int style = sequence_param(seq, 0, 1);

	if (style > 6)
		return;
	e->cursor_shape = (style + 1) / 2;
	e->modes &= ~(unsigned)MODE_BLINK;
	if (style % 2)
		e->modes |= MODE_BLINK;
}

/* Of the window operations only the question for the size in characters. */
static void
report_window(struct emulator *e, const struct sequence *seq)
{
	char bytes[32];

	if (seq->params[0] != 18)
		return;

	int len = snprintf(bytes, sizeof bytes, "\033[8;%d;%dt", e->rows, e->cols);

	emulator_reply(e, bytes, (size_t)len);
}

/* CSI without leader and intermediate, by final byte from '@'. */
static handler *const plain[] = {
	['@' - '@'] = insert_characters, /* ICH */
	['A' - '@'] = pass_number,	 /* CUU */
	['B' - '@'] = pass_number,	 /* CUD */
	['C' - '@'] = pass_number,	 /* CUF */
	['D' - '@'] = pass_number,	 /* CUB */
	['E' - '@'] = pass_column,	 /* CNL */
	['F' - '@'] = pass_column,	 /* CPL */
	['G' - '@'] = pass_column,	 /* CHA */
	['H' - '@'] = pass_position,	 /* CUP */
	['I' - '@'] = pass_number,	 /* CHT */
	['J' - '@'] = erase_screen,	 /* ED */
	['K' - '@'] = erase_line,	 /* EL */
	['L' - '@'] = pass_number,	 /* IL */
	['M' - '@'] = pass_number,	 /* DL */
	['P' - '@'] = delete_characters, /* DCH */
	['S' - '@'] = pass_number,	 /* SU */
	['T' - '@'] = pass_number,	 /* SD */
	['X' - '@'] = erase_characters,	 /* ECH */
	['Z' - '@'] = pass_number,	 /* CBT */
	['`' - '@'] = pass_column,	 /* HPA */
	['a' - '@'] = pass_number,	 /* HPR */
	['b' - '@'] = repeat,		 /* REP */
	['c' - '@'] = pass_query,	 /* DA */
	['d' - '@'] = pass_number,	 /* VPA */
	['e' - '@'] = pass_number,	 /* VPR */
	['f' - '@'] = pass_position,	 /* HVP */
	['g' - '@'] = pass_number,	 /* TBC */
	['h' - '@'] = set_modes,	 /* SM */
	['j' - '@'] = pass_number,	 /* HPB */
	['k' - '@'] = pass_number,	 /* VPB */
	['l' - '@'] = set_modes,	 /* RM */
	['n' - '@'] = report_status,	 /* DSR */
	['r' - '@'] = set_margins,	 /* DECSTBM */
	['s' - '@'] = save_cursor,	 /* SCOSC */
	['t' - '@'] = report_window,	 /* XTWINOPS */
	['u' - '@'] = restore_cursor,	 /* SCORC */
};

/* CSI with one of them, or both. */
static const struct {
	char leader, intermediate, final;
	handler *handle;
} marked[] = {
	{ '?', 0, 'h', set_modes },	   /* DECSET */
	{ '?', 0, 'l', set_modes },	   /* DECRST */
	{ '?', 0, 'J', erase_screen },	   /* DECSED: nothing is ever protected */
	{ '?', 0, 'K', erase_line },	   /* DECSEL */
	{ '?', 0, 'n', report_status },	   /* DECDSR */
	{ '>', 0, 'c', pass_query },	   /* DA2 */
	{ '?', '$', 'p', report_mode },	   /* DECRQM */
	{ 0, '$', 'p', report_mode },	   /* the same for ANSI modes */
	{ 0, '!', 'p', soft_reset },	   /* DECSTR */
	{ 0, ' ', 'q', set_cursor_style }, /* DECSCUSR */
};

static void
control_sequence(struct emulator *e, const struct sequence *seq)
{
	if (!seq->leader && !seq->intermediate) {
		size_t i = (size_t)(seq->final - '@');

		if (i < ARRAY_LEN(plain) && plain[i])
			plain[i](e, seq);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(marked); i++)
		if (marked[i].leader == seq->leader && marked[i].final == seq->final &&
		    marked[i].intermediate == seq->intermediate)
			marked[i].handle(e, seq);
}

/* IND, RI, NEL, HTS. */
static void
pass_escape(struct emulator *e, char final)
{
	char bytes[2] = { 0x1b, final };

	if (final == 'E')
		emulator_leave_column(e);
	else if (final == 'H')
		emulator_catch_up(e);
	else
		emulator_settle(e);
	emulator_emit(e, bytes, sizeof bytes);
}

static void
set_keypad(struct emulator *e, bool application)
{
	e->modes &= ~(unsigned)MODE_KEYPAD;
	if (application)
		e->modes |= MODE_KEYPAD;
}

static void
plain_escape(struct emulator *e, char final)
{
	switch (final) {
	case '7':
		emulator_save_cursor(e);
		break;
	case '8':
		emulator_restore_cursor(e);
		break;
	case 'D':
	case 'E':
	case 'H':
	case 'M':
		pass_escape(e, final);
		break;
	case 'N': /* SS2, SS3 */
	case 'O':
		e->charset.single = final - 'N' + 2;
		break;
	case 'n': /* LS2, LS3 */
	case 'o':
		e->charset.active = final - 'n' + 2;
		break;
	case '=':
	case '>':
		set_keypad(e, final == '=');
		break;
	case 'c':
		emulator_reset(e);
		break;
	default:
		break;
	}
}

void
emulator_sequence(struct emulator *e, const struct sequence *seq)
{
	if (seq->csi)
		control_sequence(e, seq);
	else if (!seq->intermediate)
		plain_escape(e, seq->final);
	else if (seq->intermediate == '#' && seq->final == '8')
		align(e);
	else
		charset_designate(&e->charset, seq->intermediate, seq->final);
}
