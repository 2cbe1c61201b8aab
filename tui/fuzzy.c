#include "tui/fuzzy.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"

enum {
	PATTERN_MAX = 32, /* letters of one word that are looked at */
	TEXT_MAX = 128,	  /* bytes of the text that are looked at */
	MATCH = 4,
	WORD_START = 8,
	IN_A_ROW = 8,
	AT_BEGIN = 6,
	NEVER = -10000,
};

static bool
same_letter(char pattern, char text, bool fold)
{
	if (fold)
		return tolower((unsigned char)pattern) == tolower((unsigned char)text);
	return pattern == text;
}

static bool
is_word_start(const char *text, size_t i)
{
	return i == 0 ||
	       (!isalnum((unsigned char)text[i - 1]) && isalnum((unsigned char)text[i]));
}

/* Best score of a word with its last letter at each place; rows follow the word. */
struct table {
	int score[PATTERN_MAX][TEXT_MAX];
	int16_t from[PATTERN_MAX][TEXT_MAX]; /* where the letter before stood */
};

static void
fill_row(struct table *t, const char *word, size_t row, const char *text, size_t len,
    bool fold)
{
	int best = NEVER, best_at = -1;

	for (size_t i = 0; i < len; i++) {
		int here = MATCH + (is_word_start(text, i) ? WORD_START : 0) +
			   (i == 0 ? AT_BEGIN : 0);
		int before = row == 0 ? 0 : best, at = best_at;

		if (row > 0 && i > 0 && t->score[row - 1][i - 1] > NEVER &&
		    t->score[row - 1][i - 1] + IN_A_ROW >= before) {
			before = t->score[row - 1][i - 1] + IN_A_ROW;
			at = (int)i - 1;
		}
		t->score[row][i] = NEVER;
		if (same_letter(word[row], text[i], fold) && before > NEVER) {
			t->score[row][i] = before + here;
			t->from[row][i] = (int16_t)at;
		}
		if (row > 0 && t->score[row - 1][i] > best) {
			best = t->score[row - 1][i];
			best_at = (int)i;
		}
	}
}

static int
word_score(const char *word, size_t word_len, const char *text, uint64_t *mask)
{
	static struct table t; /* big, and nobody comes back in here */
	size_t len = strnlen(text, TEXT_MAX);
	int best = NEVER, at = -1;
	bool fold = true;

	word_len = MIN(word_len, (size_t)PATTERN_MAX);
	for (size_t i = 0; i < word_len; i++)
		fold = fold && !isupper((unsigned char)word[i]);
	for (size_t row = 0; row < word_len; row++)
		fill_row(&t, word, row, text, len, fold);
	for (size_t i = 0; i < len; i++) {
		if (t.score[word_len - 1][i] <= best)
			continue;
		best = t.score[word_len - 1][i];
		at = (int)i;
	}
	for (int row = (int)word_len - 1; mask && best > NEVER && row >= 0; row--) {
		if (at < 64)
			*mask |= UINT64_C(1) << at;
		at = t.from[row][at];
	}
	return best;
}

int
fuzzy_score(const char *pattern, const char *text, uint64_t *mask)
{
	int total = 0;

	if (mask)
		*mask = 0;
	while (*pattern) {
		size_t len = strcspn(pattern, " ");
		int score = len ? word_score(pattern, len, text, mask) : 0;

		if (score <= NEVER)
			return -1;
		total += score;
		pattern += len + (pattern[len] == ' ');
	}
	/* Of equals the shorter one is meant more. */
	return total ? MAX(total * 8 - (int)strnlen(text, TEXT_MAX) / 4, 0) : 0;
}

static bool
contains_word(const char *text, const char *word, size_t len)
{
	for (; *text; text++) {
		size_t i = 0;
		while (i < len && same_letter(word[i], text[i], true))
			i++;
		if (i == len)
			return true;
	}
	return len == 0;
}

bool
fuzzy_contains(const char *pattern, const char *text)
{
	while (*pattern) {
		size_t len = strcspn(pattern, " ");
		if (!contains_word(text, pattern, len))
			return false;
		pattern += len + (pattern[len] == ' ');
	}
	return true;
}
