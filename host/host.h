/*
 * host - the local host: E2B's control plane and envd on loopback, with real
 * sandboxes behind them. A separate process of the same binary (design.md 7).
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

struct host_options {
	const char *state_dir; /* <state>/host: host.json, lock, data/; made if missing */
	const char *init_path; /* sandtop-init */
	int port;   /* 0: the kept one, or a new random one that is then kept */
	bool quiet; /* nothing on stderr but errors */
	/* Bytes of output kept of each process for replay, and what begins in the same
	 * chunk; 0: PROCESS_RING_BYTES, -1: as little as can be. */
	int64_t replay_ring;
	int simulate; /* so many sandboxes with nothing inside, 0 to 10,000; simulate.h */
};

/* Serves until SIGTERM or SIGINT; then ends what runs, keeps all files and returns true:
 * every sandbox comes back as paused. `ready_fd` >= 0 gets "+" when the port is open, or
 * "!" and the reason; then it is closed. A second host on the same state directory is an
 * error that names the pid. */
bool host_run(
    const struct host_options *options, int ready_fd, struct error *err) MUST_CHECK;

/* From a client's side. */
struct host_status {
	bool running;
	int pid, port;
	char key[64];
	char url[64]; /* http://127.0.0.1:PORT */
	char version[32];
};
/* Reads host.json and checks that its process holds the lock. A missing file is
 * "not running", not an error. */
bool host_status_read(
    const char *state_dir, struct host_status *out, struct error *err) MUST_CHECK;
/* Runs `exe host run --ready-fd N` detached (its own session, no terminal, errors into
 * <state_dir>/host.log) with the environment as it is, from which the child finds the
 * same state directory; waits until it serves or says why not. Already running is
 * success. Blocks at most 10 s: for start-up code and commands only. */
bool host_start(const char *state_dir, const char *exe, struct host_status *out,
    struct error *err) MUST_CHECK;
/* SIGTERM, then waits at most 10 s for the end. Not running is success (*was_running). */
bool host_stop(const char *state_dir, bool *was_running, struct error *err) MUST_CHECK;
/* What isolation and internet this machine allows, as lines for `doctor`; caller frees. */
char *host_describe_support(const char *init_path, const char *state_dir);

#endif
