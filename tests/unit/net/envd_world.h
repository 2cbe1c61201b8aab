/* envd_world - what the tests of a sandbox's processes share: a scripted server, an envd
 * on it, two viewers that note their events, and the server's half of the protocol. */
#ifndef TESTS_UNIT_NET_ENVD_WORLD_H
#define TESTS_UNIT_NET_ENVD_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/envd.h"
#include "tests/unit/net/server.h"

#define STREAM_HEAD                                                                      \
	"HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\n"                  \
	"Transfer-Encoding: chunked\r\n\r\n"
#define UNARY_OK                                                                         \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "          \
	"2\r\n\r\n{}"

struct viewer {
	struct world *world;
	struct envd_stream *stream;
	int started, ended, lost, failed, pending_calls;
	bool refused;
	uint32_t pid;
	struct buf out, err;
	struct process_event end;
	struct connect_error ce;
	struct error error;
	int64_t replay_at;
	size_t pending;
	char free_in; /* the event from inside which the stream is freed */
};

struct world {
	struct loop *loop;
	struct server *server;
	struct http *http;
	struct envd *envd;
	struct viewer a, b;
	int done;
	bool alive;
	struct error err;
	struct connect_error ce;
	size_t count;
	double number;
};

extern const struct envd_stream_events viewer_events;
void open_envd(struct world *w, const struct envd_target *like);
int envd_setup(void **state);
int envd_teardown(void **state);
void send_chunk(struct world *w, size_t index, const void *bytes, size_t len);
void send_envelope(struct world *w, size_t index, int flags, const char *payload);
void send_start(struct world *w, size_t index, uint32_t pid);
void send_output(
    struct world *w, size_t index, enum process_stream stream, const char *text);
void start_stream(struct world *w, struct viewer *v, bool pty);
size_t running(struct world *w, struct viewer *v, bool pty);
void assert_input(struct world *w, size_t index, const char *text);
void type(struct viewer *v, const char *text);
void settle(struct world *w);

#define T(name) cmocka_unit_test_setup_teardown(name, envd_setup, envd_teardown)

#endif
