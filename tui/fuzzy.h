/*
 * fuzzy - how well some letters fit a text, for the palette and for searching
 * in help. Every word of the pattern must be found, its letters in order;
 * beginnings of words and letters in a row count more. Smart case.
 */
#ifndef TUI_FUZZY_H
#define TUI_FUZZY_H

#include <stdbool.h>
#include <stdint.h>

/* < 0: does not fit; higher fits better. `mask`, when not NULL: which of the first 64
 * bytes of the text were meant. An empty pattern fits everything with 0. */
int fuzzy_score(const char *pattern, const char *text, uint64_t *mask);

/* For sentences, where letters here and there would fit too much: every word of the
 * pattern stands in the text, whatever the case. */
bool fuzzy_contains(const char *pattern, const char *text);

#endif
