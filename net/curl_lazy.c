#define CURL_LAZY_TABLE_ITSELF
#include "net/curl_lazy.h"

#include <stddef.h>

#include "base/library.h"

struct curl_table curl_table;

void
curl_load(void)
{
#define CURL_SYMBOL(name) { #name, &curl_table.name },
	static const struct library_symbol symbols[] = { CURL_FUNCTIONS(CURL_SYMBOL){
	    NULL, NULL } };
#undef CURL_SYMBOL

	if (!curl_table.curl_global_init)
		library_load("libcurl.so.4", symbols);
}
