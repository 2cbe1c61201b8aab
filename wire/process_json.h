/* process_json - what the files of process share; for this room only. */
#ifndef WIRE_PROCESS_JSON_H
#define WIRE_PROCESS_JSON_H

#include "wire/json.h"

/* "pty":{"size":{"cols","rows"}} of `obj`; false when absent, then 0 x 0. */
bool process_pty_decode(
    struct json_in *in, const json_t *obj, uint32_t *cols, uint32_t *rows);

#endif
