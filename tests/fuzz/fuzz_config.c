/* The files of a person and of the official command line: config.ini, keys.ini,
 * ~/.e2b/config.json, and addresses. The first byte says which. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/address.h"
#include "config/clean.h"
#include "config/cli_file.h"
#include "config/config.h"
#include "config/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_ini(const char *text, size_t len, bool keys)
{
	struct ini_source source = { .path = "fuzz.ini", .text = text, .len = len };
	struct strlist warnings = { 0 };
	struct config *c;
	struct error err;

	if (config_parse(
		keys ? NULL : &source, keys ? &source : NULL, &c, &warnings, &err))
		config_free(c);
	strlist_clear(&warnings);
}

static void
try_cli_file(const char *text, size_t len)
{
	struct cli_file f;
	struct error err;

	if (cli_file_parse(text, len, &f, &err))
		cli_file_clear(&f);
}

static void
try_addresses(const char *text, size_t len)
{
	char *copy = xstrndup(text, len);
	struct strlist list = { 0 };
	struct error err;
	char *out;

	if (domain_parse(copy, &out, &err))
		free(out);
	if (origin_parse(copy, &out, &err))
		free(out);
	if (!domains_parse(copy, &list, &err))
		error_clean(&err);
	strlist_clear(&list);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;

	const char *text = (const char *)data + 1;

	if (data[0] == 'c' || data[0] == 'k')
		try_ini(text, size - 1, data[0] == 'k');
	else if (data[0] == 'j')
		try_cli_file(text, size - 1);
	else
		try_addresses(text, size - 1);
	return 0;
}
