/* template - what a sandbox is made from: names, CPUs, memory. Two are built in. */
#ifndef HOST_TEMPLATE_H
#define HOST_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct template
{
	const char *id; /* 20 of [a-z0-9] */
	const char *alias;
	const char *build_id; /* a UUID */
	int cpu_count;
	int64_t memory_mb, disk_mb;
};

size_t template_count(void);
const struct template *template_at(size_t index);
/* By id or alias, as requests name it: blanks and case do not matter, "namespace/" and
 * the tag "default" are dropped. NULL: there is none. */
const struct template *template_find(const char *reference);
bool template_reference_has_tag(const char *reference);

#endif
