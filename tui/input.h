/*
 * input - what the terminal sends, as keys: a pure state machine over bytes.
 *
 * Knows UTF-8, CSI and SS3 keys of xterm, rxvt, the Linux console and the kitty
 * protocol, SGR mouse (1006), bracketed paste (2004), focus (1004), and the
 * terminal's replies to queries, which never become keys. Any bytes, split
 * anywhere. Time is the caller's: when input_wait_ms() have passed without
 * another byte, input_timeout() decides what is pending (a lone Escape).
 */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/key.h"

#define INPUT_PASTE_MAX (8 << 20)
#define INPUT_PARAMS_MAX 16

enum input_reply_kind {
	INPUT_REPLY_MODE,   /* DECRPM: mode and value (0 unknown, 1 set, 2 reset, ...) */
	INPUT_REPLY_DEVICE, /* primary device attributes: what we asked last is answered */
	INPUT_REPLY_OTHER,  /* swallowed */
};
struct input_reply {
	enum input_reply_kind kind;
	int mode, value;
};

/* Called from within input_feed() and input_timeout(). None may be NULL. */
struct input_events {
	void (*key)(void *ctx, struct key key);
	/* Whole; cut at INPUT_PASTE_MAX. */
	void (*paste)(void *ctx, const char *bytes, size_t len);
	void (*focus)(void *ctx, bool focused);
	void (*reply)(void *ctx, const struct input_reply *reply);
};

enum input_state {
	INPUT_GROUND,
	INPUT_ESCAPE,
	INPUT_CSI,
	INPUT_SS3,
	INPUT_STRING,	  /* OSC, DCS, APC, PM, SOS until ST or BEL */
	INPUT_STRING_ESC, /* perhaps its end */
	INPUT_PASTE,
	INPUT_SKIP, /* so many bytes of the old mouse encoding */
	INPUT_LINUX_FKEY,
};

struct input {
	const struct input_events *events; /* borrowed */
	void *ctx;			   /* borrowed */
	int escape_ms;
	enum input_state state;
	bool alt; /* a second Escape came before the sequence */
	char utf8[4];
	int utf8_len, utf8_need;
	/* CSI */
	char marker;				/* one of <=>? or 0 */
	char intermediate;			/* the last of ' '..'/', 0: none */
	int params[INPUT_PARAMS_MAX], subparam; /* -1: not given */
	int param_count;
	bool in_subparam;
	char introducer; /* of a string: ']' 'P' '_' '^' 'X' */
	size_t length;	 /* bytes of the sequence or string so far */
	int skip;
	struct buf paste;
	int paste_match; /* bytes of the end marker seen */
};

/* (net has an input_init() of its own.) escape_ms 0: 25. `events` and `ctx` must outlive it. */
void input_setup(
    struct input *in, const struct input_events *events, void *ctx, int escape_ms);
void input_dispose(struct input *in);
void input_feed(struct input *in, const char *bytes, size_t len);
int input_wait_ms(const struct input *in); /* 0: nothing is pending */
void input_timeout(struct input *in);
/* After a suspend: whatever was half read is forgotten. */
void input_reset(struct input *in);

#endif
