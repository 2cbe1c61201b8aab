/*
 * system_layer - the directories of the machine's system once more, empty and ours.
 *
 * To the root of an ordinary user's sandbox the machine's files belong to nobody,
 * and a directory of nobody's cannot be written in, an overlay's neither. Laid
 * between the system and a sandbox's own layer, these give the directories an
 * owner whom the sandbox knows. What lies in them can then be added to, removed
 * and replaced; files of the machine still cannot be changed in place.
 */
#ifndef HOST_SYSTEM_LAYER_H
#define HOST_SYSTEM_LAYER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

/* A directory costs a block on most file systems. */
enum { SYSTEM_LAYER_MAX = 4096 };

/*
 * Makes what is missing below `dir`, one directory per top-level name of the
 * system, and in each the directories nearest to it, `max` in all, half of them
 * for /usr/local; deeper ones stay read-only. Blocks: for the start of the host.
 * Of layout_overlays what is written in place is copied, when it has changed.
 */
bool system_layer_make(const char *dir, size_t max, struct error *err) MUST_CHECK;

/*
 * The first mount below a directory of the system, NULL: none; caller frees. An
 * overlay shows one file system only, so what another holds would be missing.
 * `mounts` is the text of /proc/self/mountinfo.
 */
char *system_layer_obstacle(const char *mounts);

#endif
