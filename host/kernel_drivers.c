#include "host/kernel_drivers.h"

#include <stdlib.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"

/*
 * In a block, so that no name of it is met by cells. The engine's parser reads imports;
 * ending what never yields leaves node's count of callbacks behind.
 */
#define NODE_ARGS                                                                        \
	"--expose-internals", "--no-force-async-hooks-checks", "-e",                     \
	    "{const fs=require('fs'),c=Buffer.alloc(1);let n='';"                        \
	    "while(fs.readSync(0,c,0,1,null)&&c[0]!==10)n+=c;"                           \
	    "const t=Buffer.alloc(+n);let d=0,k;"                                        \
	    "while(d<t.length&&(k=fs.readSync(0,t,d,t.length-d,null)))d+=k;"             \
	    "new Function('require','process',t)(require,process)}"

static const struct kernel_driver drivers[] = {
	{ .language = "python",
	    .program = "python3",
	    .args = { "-u", "-c",
		"import os;f=open(os.dup(0),'rb');exec(compile(f.read(int(f.readline())),"
		"'<kernel>','exec'),{'__name__':'<kernel>','frames':f})" },
	    .text = kernel_python_text,
	    .len = &kernel_python_len,
	    .dialect = KERNEL_LINES },
	{ .language = "javascript",
	    .program = "node",
	    .args = { NODE_ARGS },
	    .text = kernel_node_text,
	    .len = &kernel_node_len,
	    .dialect = KERNEL_LINES },
	{ .language = "typescript",
	    .program = "node",
	    .args = { NODE_ARGS, "typescript" },
	    .text = kernel_node_text,
	    .len = &kernel_node_len,
	    .dialect = KERNEL_LINES },
	{ .language = "bash",
	    .program = "bash",
	    .args = { "--norc", "-c",
		"IFS= read -r n&&LC_ALL=C IFS= read -r -d '' -N \"$n\" t&&eval \"$t\"" },
	    .text = kernel_bash_text,
	    .len = &kernel_bash_len,
	    .dialect = KERNEL_MARKS },
};

const struct kernel_driver *
kernel_driver_find(const char *language)
{
	char *copy = xstrdup(language);
	const char *name = str_trim(copy);
	const struct kernel_driver *found = NULL;

	if (strcasecmp(name, "js") == 0)
		name = "javascript";
	if (strcasecmp(name, "ts") == 0)
		name = "typescript";
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (strcasecmp(name, drivers[i].language) == 0)
			found = &drivers[i];
	free(copy);
	return found;
}
