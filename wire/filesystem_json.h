/* filesystem_json - what the files of filesystem share; for this room only. */
#ifndef WIRE_FILESYSTEM_JSON_H
#define WIRE_FILESYSTEM_JSON_H

#include "wire/filesystem.h"
#include "wire/json.h"

#define FILESYSTEM_REPLY(name)                                                           \
	{                                                                                \
		.what = name, .kind = JSON_REPLY | JSON_PROTO, .err = err                \
	}

void filesystem_entry_read(
    struct json_in *in, const json_t *obj, struct filesystem_entry *out);
/* By name or number; 0 when absent or newer than we are. */
int filesystem_enum(struct json_in *in, const json_t *obj, const char *name,
    const char *const *names, int count);

#endif
