/*
 * sanitise - turns hostile terminal output into whole, valid sequences.
 *
 * A pure state machine over bytes. It reports through a sink: safe runs that
 * may be given to the emulator, and the things that are ours to handle.
 * Packaged libvterm crashes or hangs on what this removes: libraries.md 6.
 */
#ifndef TERM_SANITISE_H
#define TERM_SANITISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sanitise_string { SANITISE_OSC, SANITISE_DCS };

struct sanitise_sink {
	/* Bytes the emulator may see: text, controls, whole escape sequences. Never
	 * split inside a sequence. At most 16 KiB a call. */
	void (*pass)(void *ctx, const char *bytes, size_t len);
	/* A complete OSC or DCS payload, cut at 1 MiB for OSC 52 and 4 KiB otherwise. */
	void (*string)(void *ctx, enum sanitise_string kind, const char *bytes, size_t len);
	/* DECSET/DECRST/DECRQM that are ours: mode 2026. 'h', 'l' or 'p'. */
	void (*mode)(void *ctx, int mode, char action);
};

struct sanitise {
	const struct sanitise_sink *sink; /* borrowed */
	void *ctx;			  /* borrowed */
	int state;
	char seq[96];		/* the sequence being collected */
	size_t seq_len;
	char utf8[4];
	int utf8_len, utf8_need;
	uint32_t last_glyph;	/* for REP, 0: none */
	enum sanitise_string string_kind;
	char *string;		/* owned, grows */
	size_t string_len, string_cap;
	bool string_drop;	/* APC, PM, SOS, or over the limit */
	char out[16384];	/* pending output of this call */
	size_t out_len;
};

void sanitise_init(struct sanitise *s, const struct sanitise_sink *sink, void *ctx);
void sanitise_feed(struct sanitise *s, const char *bytes, size_t len);
void sanitise_clear(struct sanitise *s);

#endif
