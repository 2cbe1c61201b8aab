/*
 * client - the plainest HTTP/1.1 client of a benchmark: blocking sockets, nothing that
 * costs more than the server that is measured. Whatever goes wrong ends the benchmark
 * with what was said. Ports are on 127.0.0.1, times in microseconds.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "tests/support/world.h"

/* One kept connection to the local host. */
struct client {
	int fd;
	int port;
	const char *key; /* borrowed from the world */
	struct buf in;
};

/* A sandbox, as far as a client needs to know it. */
struct box {
	char *id, *token; /* owned */
};

int connect_port(int port);
void client_open(struct client *c, const struct world *w);
void client_close(struct client *c);
/* One exchange; fails unless the status is `want`. The body; caller frees. */
char *client_ask(
    struct client *c, int want, const char *method, const char *path, const char *body);
/* The same to a sandbox's envd, a Connect unary call or a plain path. */
char *client_ask_box(
    struct client *c, const struct box *b, const char *path, const char *body);
void client_create(struct client *c, struct box *out);
void client_kill(struct client *c, struct box *b); /* frees it too */
/* Starts a command of a PTY on a connection of its own and returns that when the first
 * event has come; *pid of it. */
int client_start_pty(
    struct client *c, const struct box *b, const char *command, int *pid);

void write_all(int fd, const char *bytes, size_t len);

/* Answers per second over `connections` kept connections, each asking again when its
 * answer is whole, for `ms`. All answers must begin with "HTTP/1.1 200". */
double load_rate(int port, const struct buf *request, int connections, int ms);
/* Seconds until the answer to a body of `len` bytes is there; `head` without lengths. */
double load_upload(int port, const char *head, uint64_t len);
/* Seconds until `len` bytes of body are there. */
double load_download(int port, const char *head, uint64_t len);

/* ---- numbers */

double median(double *values, size_t count);
/* "pass" or "MISS", and whether it is at least, or at most, what it should be. */
const char *at_least(double value, double reach);
const char *at_most(double value, double reach);
int world_host_pid(const struct world *w);
/* A figure of /proc/PID/FILE in KiB, by its key ("VmRSS:"); -1: not there. */
int64_t proc_kib(int pid, const char *file, const char *key);
/* User and system time of a process so far. */
double proc_cpu_s(int pid);

#endif
