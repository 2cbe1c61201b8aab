#include "cli/terminal_text.h"

#include "base/text.h"
#include "cli/output.h"

static void
on_ascii(void *ctx, const char *bytes, size_t len)
{
	struct terminal_text *t = ctx;

	buf_add(t->out, bytes, len);
}

static void
on_scalar(void *ctx, uint32_t scalar)
{
	struct terminal_text *t = ctx;
	char bytes[4];
	size_t len = utf8_encode(scalar, bytes);

	if (!t->utf8)
		buf_add_char(t->out, '?');
	else if (scalar_is_unsafe(scalar))
		text_clean(t->out, bytes, len);
	else
		buf_add(t->out, bytes, len);
}

static void
on_control(void *ctx, char control)
{
	struct terminal_text *t = ctx;

	if (control == '\n' || control == '\t' || control == '\r' || control == '\b')
		buf_add_char(t->out, control);
}

static void
on_sequence(void *ctx, const struct sequence *seq)
{
	struct terminal_text *t = ctx;

	if (!t->color || !seq->csi || seq->final != 'm' || seq->leader ||
	    seq->intermediate)
		return;
	buf_add_str(t->out, "\033[");
	for (int i = 0; i < seq->count; i++) {
		if (i > 0)
			buf_add_char(t->out, seq->sub[i] ? ':' : ';');
		if (seq->params[i] >= 0)
			buf_addf(t->out, "%d", seq->params[i]);
	}
	buf_add_char(t->out, 'm');
	t->colored = true;
}

static void
on_string(void *ctx, enum sanitise_string kind, const char *bytes, size_t len, bool bel)
{
	(void)ctx;
	(void)kind;
	(void)bytes;
	(void)len;
	(void)bel;
}

static const struct sanitise_sink sink = {
	.ascii = on_ascii,
	.scalar = on_scalar,
	.control = on_control,
	.sequence = on_sequence,
	.string = on_string,
};

void
terminal_text_init(struct terminal_text *t, struct buf *out, bool color)
{
	*t = (struct terminal_text){
		.out = out, .color = color, .utf8 = locale_is_utf8()
	};
	sanitise_init(&t->sanitise, &sink, t);
}

void
terminal_text_feed(struct terminal_text *t, const char *bytes, size_t len)
{
	sanitise_feed(&t->sanitise, bytes, len);
}

void
terminal_text_end(struct terminal_text *t)
{
	if (t->colored)
		buf_add_str(t->out, "\033[0m");
	t->colored = false;
}

void
terminal_text_clear(struct terminal_text *t)
{
	sanitise_clear(&t->sanitise);
}
