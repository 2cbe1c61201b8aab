/*
 * host_fixture - a whole host on a loopback port in this process, and a small
 * client that never blocks: it turns the host's loop until the answer is there.
 * Twenty seconds without it fail the test.
 */
#ifndef TESTS_HOST_FIXTURE_H
#define TESTS_HOST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "host/core.h"
#include "wire/process.h"

struct house_of {
	struct loop *loop; /* owned */
	struct host *host; /* owned */
	char *dir;	   /* owned: its state directory */
};

/* Group set-up and tear-down; the host all tests of a program share. */
extern struct house_of house;
int open_house(void **state);
int close_house(void **state);
/* Ends the host as SIGTERM does, or as SIGKILL would (nothing is told or saved), and
 * opens another on the same directory. */
void restart_house(bool gently);

/* ---- one HTTP exchange */
struct answer {
	int status;
	char *head;	 /* owned: status line and headers */
	struct buf body; /* chunks joined */
	bool closed;	 /* the connection ended with it */
};
void answer_clear(struct answer *a);
/* The value of a header, NULL: absent; valid until the next call. */
const char *answer_header(const struct answer *a, const char *name);
/* The first text member of that name in the body; none fails the test. */
void answer_member(const struct answer *a, const char *name, char *out, size_t size);

struct client {
	int fd;
	struct buf in;
	bool eof;
};
void client_open(struct client *c);
void client_close(struct client *c);
void client_send(struct client *c, const void *bytes, size_t len);
/* Method, path, header lines (each with its line end) and a body with its length. */
void client_ask(struct client *c, const char *method, const char *path,
    const char *headers, const void *body, size_t len);
/* The next whole answer. */
void client_answer(struct client *c, struct answer *out);
void client_expect(struct client *c, int status); /* that status; closes */
/* Until so many bytes, or text, have come. */
void client_wait(struct client *c, const char *text);

/* A connection of its own for one exchange. */
void ask(const char *method, const char *path, const char *headers, const void *body,
    size_t len, struct answer *out);
/* With the key, and a JSON body or NULL. Returns the status. */
int rest(const char *method, const char *path, const char *json, struct answer *out);

/* ---- sandboxes */
struct guest {
	char id[32], token[80];
	char headers[512]; /* routing and token */
};
/* json: members behind templateID, as ",\"timeout\":60"; NULL: those. */
void create_guest(const char *members, struct guest *out);
void kill_guest(const struct guest *g);
/* One envelope in, the events of the stream out. */
struct stream_end {
	struct buf events; /* "start data end ": each run of a kind once */
	struct buf out, err, pty;
	int pid, exit_code;
	char status[64];
	char code[32]; /* of the end-stream's error; "" */
	char message[200];
};
void stream_clear(struct stream_end *s);
void read_stream(const struct answer *a, struct stream_end *out);
/* Starts `sh -c script` and waits for its end. */
void run_script(const struct guest *g, const char *script, struct stream_end *out);
/* Sends Start or Connect with that message and leaves the stream open. */
void open_stream(struct client *c, const struct guest *g, const char *method,
    const char *json, const char *headers);
/* Turns until the stream on c has told its pid. */
int wait_pid(struct client *c);
/* Turns until the output on the open stream c holds the text. */
void wait_output(struct client *c, const char *text);
int unary(
    const struct guest *g, const char *method, const char *json, struct answer *out);

bool body_has(const struct answer *a, const char *text);
void turn_until(bool (*done)(void *ctx), void *ctx);
/* For turn_until(): how many connections the host has. */
struct awaited {
	size_t connections;
};
bool has_at_most(void *ctx);
bool has_at_least(void *ctx);
size_t count_descriptors(void); /* of this process */
size_t count_descriptors_of(int pid);

#endif
