/*
 * kernel_drivers - the programs that run cells of code inside sandboxes, as
 * they are compiled in from host/kernels/, and how each is started. What they
 * say and hear: host/kernel.h.
 */
#ifndef HOST_KERNEL_DRIVERS_H
#define HOST_KERNEL_DRIVERS_H

#include <stddef.h>

extern const char kernel_python_text[], kernel_node_text[], kernel_bash_text[];
extern const size_t kernel_python_len, kernel_node_len, kernel_bash_len;

enum kernel_dialect {
	KERNEL_LINES, /* requests and events are JSON */
	KERNEL_MARKS, /* plain text, its end is marked */
};

struct kernel_driver {
	const char *language; /* as requests name it */
	const char *program;  /* looked up in the sandbox's PATH */
	const char *args[6];  /* read the first frame and run it; end in NULL */
	const char *text;
	const size_t *len;
	enum kernel_dialect dialect;
};

/* NULL: no such language. "js" is javascript, "ts" typescript; case and blanks do not count. */
const struct kernel_driver *kernel_driver_find(const char *language);

#endif
