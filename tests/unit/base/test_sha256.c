/* The standard's own examples, and every length around the ends of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/sha256.h"

static void
hex_of(const void *bytes, size_t len, char out[65])
{
	unsigned char sum[SHA256_BYTES];

	sha256(bytes, len, sum);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

static void
test_known_sums(void **state)
{
	static const struct {
		const char *text, *sum;
	} cases[] = {
		{ "",
		    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc",
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};
	char hex[65];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		hex_of(cases[i].text, strlen(cases[i].text), hex);
		assert_string_equal(hex, cases[i].sum);
	}
}

/* The sum over the sums of 0 to 200 bytes of "a". */
static void
test_every_length(void **state)
{
	static const char expected[] =
	    "eb555248bd20c7831e511d4461b42c9b084e3a64b44d57b00051172f8afe03ff";
	static char text[201], sums[201 * 64 + 1];
	char hex[65];

	(void)state;
	memset(text, 'a', sizeof text);
	for (size_t len = 0; len <= 200; len++) {
		hex_of(text, len, hex);
		memcpy(sums + len * 64, hex, 64);
	}
	hex_of(sums, 201 * 64, hex);
	assert_string_equal(hex, expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_sums),
		cmocka_unit_test(test_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
