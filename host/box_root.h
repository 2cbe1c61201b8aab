/*
 * box_root - the directory that becomes a sandbox's root, seen from outside: the
 * names that are mounted over, and where its layer over the system lies.
 */
#ifndef HOST_BOX_ROOT_H
#define HOST_BOX_ROOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

/*
 * Below the root, under the mount of LAYOUT_OWN: hidden from the sandbox, and
 * copied and removed with the rest.
 */
#define BOX_ROOT_SYSTEM ".sandtop/system"

/* Makes what is missing in `dir`, which is made too; `writable`: the layers as well. */
bool box_root_prepare(const char *dir, bool writable, struct error *err) MUST_CHECK;

/* A directory of the machine's system (host/init/layout.h), by its top-level name. */
bool box_root_system_has(const char *name);
/* true when it is a link; its target. */
bool box_root_system_link(const char *name, char *target, size_t size);

#endif
