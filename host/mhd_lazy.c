#define MHD_LAZY_TABLE_ITSELF
#include "host/mhd_lazy.h"

#include <stddef.h>

#include "base/library.h"

struct mhd_table mhd_table;

void
mhd_load(void)
{
#define MHD_SYMBOL(name) { #name, &mhd_table.name },
	static const struct library_symbol symbols[] = { MHD_FUNCTIONS(MHD_SYMBOL){
	    NULL, NULL } };
#undef MHD_SYMBOL

	if (!mhd_table.MHD_start_daemon)
		library_load("libmicrohttpd.so.12", symbols);
}
