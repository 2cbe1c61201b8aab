/*
 * rest_template - bodies of requests about templates, builds, tags, snapshots
 * and forks, as the host reads them (control-plane.md 2.11, 2.12, 2.17). Names
 * that are not there are NULL, numbers -1. An empty body has nothing in it.
 */
#ifndef WIRE_REST_TEMPLATE_H
#define WIRE_REST_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"
#include "wire/rest.h"

/* POST .../fork, POST .../snapshots, POST /v3/templates, PATCH, POST and DELETE of tags: the
 * members that each of them knows. */
struct rest_template_request {
	int64_t timeout_s, count;     /* fork */
	int64_t cpu_count, memory_mb; /* template */
	char *name, *alias, *target;  /* owned */
	struct strlist tags;
	enum rest_flag is_public, memory;
};
bool rest_template_request_decode(const char *json, size_t len,
    struct rest_template_request *out, struct error *err) MUST_CHECK;
void rest_template_request_clear(struct rest_template_request *r);

/* POST /v2/templates/{id}/builds/{build}: what a build is made of. */
struct build_step {
	char *type; /* owned: RUN, COPY, ENV, WORKDIR, USER */
	struct strlist args;
	char *files_hash; /* owned; NULL: none */
};
struct build_order {
	char *from_image, *from_template; /* owned; NULL: not named */
	bool from_registry;		  /* credentials of a registry were given */
	struct build_step *steps;	  /* owned */
	size_t step_count;
	char *start_cmd, *ready_cmd; /* owned; NULL: none */
};
bool build_order_decode(
    const char *json, size_t len, struct build_order *out, struct error *err) MUST_CHECK;
void build_order_clear(struct build_order *o);

#endif
