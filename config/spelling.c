#include "config/spelling.h"

#include <string.h>

#include "base/compiler.h"

enum { WORD_MAX = 31 };

static int
min3(int a, int b, int c)
{
	return MIN(MIN(a, b), c);
}

static int
edits(const char *a, int a_len, const char *b, int b_len)
{
	int rows[3][WORD_MAX + 1];
	int *before = rows[0], *above = rows[1], *here = rows[2];

	for (int j = 0; j <= b_len; j++)
		above[j] = j;
	for (int i = 1; i <= a_len; i++) {
		here[0] = i;
		for (int j = 1; j <= b_len; j++) {
			int other = a[i - 1] != b[j - 1];
			here[j] =
			    min3(above[j] + 1, here[j - 1] + 1, above[j - 1] + other);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				here[j] = MIN(here[j], before[j - 2] + 1);
		}
		int *free_row = before;
		before = above;
		above = here;
		here = free_row;
	}
	return above[b_len];
}

bool
spelling_is_near(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len == 0 || b_len == 0 || a_len > WORD_MAX || b_len > WORD_MAX)
		return false;
	return edits(a, (int)a_len, b, (int)b_len) <= (MAX(a_len, b_len) > 4 ? 2 : 1);
}
