/*
 * sanitise - turns hostile terminal output into whole, valid events.
 *
 * A pure state machine over bytes, after ECMA-48 and the usual VT500 parser. It keeps
 * its own state, so input may be split anywhere, and it reports only what is complete:
 * printable ASCII in runs, other scalars one by one (a bad byte is U+FFFD, C1 and DEL
 * are dropped), the few control characters that mean something, escape and control
 * sequences with their parameters parsed and bounded, and whole strings. Nothing else
 * gets past it: packaged libvterm crashes or hangs on what this removes
 * (libraries.md 6). Memory is bounded by SANITISE_CLIPBOARD_MAX.
 */
#ifndef TERM_SANITISE_H
#define TERM_SANITISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	SANITISE_PARAMS_MAX = 128,  /* sub-parameters counted; more: dropped whole */
	SANITISE_PARAM_MAX = 99999, /* larger numbers are held at this */
	SANITISE_STRING_MAX = 4096, /* bytes of a string; a longer one is dropped */
	SANITISE_CLIPBOARD_MAX = 1 << 20, /* the same for OSC 52 */
};

enum sanitise_string { SANITISE_OSC, SANITISE_DCS };

/* "CSI ? 1 ; 2 $ p": leader '?', params {1, 2}, intermediate '$', final 'p'.
 * "ESC ( 0": intermediate '(', final '0'. */
struct sequence {
	bool csi;
	char leader, intermediate, final; /* 0: none */
	int count;			  /* of params; at least 1 in a CSI */
	int params[SANITISE_PARAMS_MAX];  /* -1: left empty */
	bool sub[SANITISE_PARAMS_MAX];	  /* joined to the one before by ':' */
};

/* The value, or `fallback` when it is missing, empty or 0. */
int sequence_param(const struct sequence *seq, int i, int fallback);

/* All members are needed. What they are given lives until they return. */
struct sanitise_sink {
	void (*ascii)(void *ctx, const char *bytes, size_t len); /* 0x20..0x7e */
	void (*scalar)(void *ctx, uint32_t scalar);		 /* at least U+00A0 */
	/* BEL BS HT LF VT FF CR SO SI */
	void (*control)(void *ctx, char control);
	void (*sequence)(void *ctx, const struct sequence *seq);
	/* A complete payload without its end marks; `bel`: it ended in BEL, not ST. */
	void (*string)(void *ctx, enum sanitise_string kind, const char *bytes,
	    size_t len, bool bel);
};

/* Private, but for the memory: the owner embeds it. */
struct sanitise {
	const struct sanitise_sink *sink; /* borrowed */
	void *ctx;			  /* borrowed */
	int state;
	struct sequence seq;
	bool bad;		   /* the sequence cannot be reported */
	uint32_t scalar;	   /* the UTF-8 sequence being collected */
	int utf8_need;		   /* bytes of it still to come */
	unsigned char low, high;   /* what the next one may be */
	enum sanitise_string kind; /* of the string being collected */
	bool discard;		   /* APC, PM, SOS, or over the limit */
	struct buf text;
};

/* `sink` and `ctx` must outlive it. */
void sanitise_init(struct sanitise *s, const struct sanitise_sink *sink, void *ctx);
void sanitise_feed(struct sanitise *s, const char *bytes, size_t len);
void sanitise_reset(struct sanitise *s); /* forgets what is half read */
void sanitise_clear(struct sanitise *s); /* zeroed memory is fine */

#endif
