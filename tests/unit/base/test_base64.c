#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/compiler.h"
#include "base/mem.h"

static const struct {
	const char *plain, *encoded;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xfe\xfb", "//77" },
	{ "\xfb\xef\xbe", "++++" },
};

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const char *plain = vectors[i].plain, *encoded = vectors[i].encoded;
		char text[16], bytes[16];
		size_t len = 99;

		assert_int_equal(
		    base64_encode(plain, strlen(plain), text), strlen(encoded));
		assert_memory_equal(text, encoded, strlen(encoded));
		assert_true(base64_decode(encoded, strlen(encoded), bytes, &len));
		assert_int_equal(len, strlen(plain));
		assert_memory_equal(bytes, plain, len);
	}
}

static void
test_padding_may_be_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const char *plain = vectors[i].plain;
		char bytes[16];
		size_t len = 99, bare = strcspn(vectors[i].encoded, "=");

		assert_true(base64_decode(vectors[i].encoded, bare, bytes, &len));
		assert_int_equal(len, strlen(plain));
		assert_memory_equal(bytes, plain, len);
	}
}

static void
test_url_alphabet(void **state)
{
	(void)state;
	char bytes[16];
	size_t len;

	assert_true(base64_decode("__77----", 8, bytes, &len));
	assert_int_equal(len, 6);
	assert_memory_equal(bytes, "\xff\xfe\xfb\xfb\xef\xbe", 6);
}

static void
test_bad_input(void **state)
{
	(void)state;
	static const char *const bad[] = { "A", "AAAAA", "=",
		"==", "====", "A===", "AA=", "AAA==", "AA==AA==", "Zm9v\n", "Zm 9",
		"Zm9*", "Zm\3779", "A=AA", "Zg=", "*AAAAAAA", "AAAAAAA*", "A*" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char bytes[32];
		size_t len = 4711;

		assert_false(base64_decode(bad[i], strlen(bad[i]), bytes, &len));
		assert_int_equal(len, 4711);
	}
	char bytes[8];
	size_t len;

	assert_false(base64_decode("AA\0A", 4, bytes, &len));
}

/* Every character that is foreign, at every place of a group. */
static void
test_all_bytes(void **state)
{
	(void)state;
	static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789+/-_";

	for (int byte = 0; byte < 256; byte++) {
		bool good = byte && strchr(known, byte);

		for (int at = 0; at < 4; at++) {
			char text[8] = "AAAAAAAA", bytes[BASE64_DECODED_MAX(8)];
			size_t len;

			text[at] = (char)byte;
			assert_int_equal(base64_decode(text, 8, bytes, &len), good);
		}
	}
}

/* Memory of exactly the promised size, so that the sanitizer sees a step too far. */
static void
test_all_lengths(void **state)
{
	(void)state;
	for (size_t len = 0; len < 300; len++) {
		unsigned char *plain = xmalloc(len);
		size_t encoded = BASE64_ENCODED_LEN(len), decoded;
		char *text = xmalloc(encoded),
		     *back = xmalloc(BASE64_DECODED_MAX(encoded));

		for (size_t i = 0; i < len; i++)
			plain[i] = (unsigned char)(i * 167 + len);
		assert_int_equal(base64_encode(plain, len, text), encoded);
		assert_true(base64_decode(text, encoded, back, &decoded));
		assert_int_equal(decoded, len);
		assert_memory_equal(back, plain, len);
		free(plain);
		free(text);
		free(back);
	}
}

static void
test_add(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 12);
	base64_add(&b, "foobar", 6);
	base64_add(&b, "", 0);
	assert_string_equal(b.data, "Zm9vYmFy");
	base64_add(&b, "toolong", 7);
	assert_true(b.overflow);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_padding_may_be_missing),
		cmocka_unit_test(test_url_alphabet),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_all_bytes),
		cmocka_unit_test(test_all_lengths),
		cmocka_unit_test(test_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
