#include "base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void
give_up(const char *file)
{
	log_error("library", "%s: %s", file, dlerror());
	fprintf(stderr, "sandtop: %s cannot be used; is its package installed?\n", file);
	abort();
}

void
library_load(const char *file, const struct library_symbol *symbols)
{
	void *handle = dlopen(file, RTLD_LAZY | RTLD_LOCAL);

	if (!handle)
		give_up(file);
	for (; symbols->name; symbols++) {
		void *found = dlsym(handle, symbols->name);
		if (!found)
			give_up(file);
		memcpy(symbols->slot, &found, sizeof found);
	}
}
