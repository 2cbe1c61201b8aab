/* fixture - small fleets for tests. */
#ifndef TESTS_FLEET_FIXTURE_H
#define TESTS_FLEET_FIXTURE_H

#include "fleet/model.h"

#define NOW_MS INT64_C(1764072295000) /* 2025-11-25T12:04:55Z */

struct sandbox *fixture_add(struct model *m, const char *id, const char *name,
    enum sandbox_state state, float cpu);

#endif
