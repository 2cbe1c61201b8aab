/*
 * world - a fleet before a scripted server that is control plane and envd in
 * one, with a clock that stands still until a test moves it.
 */
#ifndef TESTS_UNIT_FLEET_WORLD_H
#define TESTS_UNIT_FLEET_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fleet/internal.h"
#include "tests/unit/fleet/fixture.h"
#include "tests/unit/net/server.h"

enum { KILLS = 1, PAUSES = 2, AUTO_RESUMES = 4 }; /* of a sandbox at its end */

struct world {
	struct loop *loop;
	struct server *server;
	struct fleet *fleet;
	struct model *model; /* borrowed */
	int changed;
};

struct world_options {
	bool local_host, read_only;
	int second_ms; /* 0: 1 */
};
struct world *world_new(const struct world_options *options);
void world_free(struct world *w);
int world_setup(void **state); /* for cmocka: the usual options */
int world_teardown(void **state);

void world_set_time(int64_t now_ms); /* NOW_MS at first */
/* Some turns, in which timers of many of our seconds run. */
void world_settle(struct world *w);

/* A row as a sweep would have brought it; left_s is behind now. */
struct sandbox *world_add(
    struct world *w, const char *id, enum sandbox_state state, int64_t left_s);

/* Answers. The objects are JSON, to be freed. */
char *world_object(const char *id, const char *state, int64_t end_ms, int lifecycle);
void world_answer_get(
    struct world *w, const char *id, const char *state, int64_t end_ms, int lifecycle);
void world_answer_list(struct world *w, const char *ids); /* "i1 i2:paused" */

/* To a request that has come and waits. */
void world_reply_to(struct world *w, size_t index, int status, const char *body);
void world_reply_rpc(struct world *w, size_t index, const char *body); /* as envd does */

/* The log from `from` on is exactly these lines, NULL behind the last. */
#define EXPECT_LOG(w, from, ...)                                                         \
	world_expect_log(w, from, (const char *const[]){ __VA_ARGS__, NULL }, __LINE__)
#define EXPECT_NO_MORE(w, from)                                                          \
	world_expect_log(w, from, (const char *const[]){ NULL }, __LINE__)
void world_expect_log(
    struct world *w, size_t from, const char *const *lines, int source_line);
const char *world_line(struct world *w, size_t index);
const char *world_body(struct world *w, size_t index);
/* Runs until so many requests have come. */
void world_wait(struct world *w, size_t requests);
bool world_has_message(const struct world *w, const char *part);

/* Streams, on the request with this index. */
void world_begin_stream(struct world *w, size_t index, const char *more_headers);
void world_send_started(struct world *w, size_t index, uint32_t pid);
void world_send_output(struct world *w, size_t index, const char *text);
void world_send_exit(struct world *w, size_t index, int wait_status);
void world_send_end(struct world *w, size_t index, const char *code, const char *text);
/* Answers one List: "7:tag 9:other"; a tag may be left out. */
void world_answer_processes(struct world *w, const char *processes);

#endif
