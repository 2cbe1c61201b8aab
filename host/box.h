/*
 * box - one sandbox as real Linux processes: a container whose PID 1 is our
 * supervisor, sandtop-init.
 *
 * The host never opens a path of a sandbox itself: a link in there could lead
 * into the person's home. The supervisor does what touches the sandbox,
 * inside it, and passes descriptors out over a SOCK_SEQPACKET (host/init/
 * protocol.h). design.md 7, libraries.md 8.
 */
#ifndef HOST_BOX_H
#define HOST_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"

/* The rung of the isolation ladder this machine allows, found by doing it once. */
enum box_rung {
	BOX_RUNG_BWRAP_USERNS, /* bubblewrap in user namespaces */
	BOX_RUNG_BWRAP_ROOT,   /* bubblewrap as root, no user namespace */
	BOX_RUNG_PLAIN,	       /* a process group: NOT isolated */
};

/* Other uids and gids a sandbox may have beside our own; count 0: none, then one
 * uid answers to both "user" and "root". */
struct box_idmap {
	uint32_t uid_first, gid_first, count;
};

struct box_support {
	enum box_rung rung;
	bool proc_mount; /* a private /proc works */
	bool internet;	 /* slirp4netns is there and runs */
	bool cgroup;	 /* we may freeze and account through cgroup v2 */
	bool limits;	 /* and hold a sandbox to its CPUs and memory */
	bool
	    system_writable; /* each sandbox may write over /usr, in a layer of its own */
	const char *system_layer; /* borrowed; see host/system_layer.h; NULL: none */
	struct box_idmap idmap;	  /* used on the first rung */
	char group_base[256];	  /* where groups are made, when cgroup */
	char reason[240]; /* why a better rung is not there, what to do; "" when best */
	char internet_reason[240];
	char system_reason[240];
};

/* Probes; runs programs and waits for them, so only at start, in `host` and
 * `doctor`. `init_path` is the sandtop-init executable; `data_dir` is where sandboxes
 * will lie, for file systems differ; without one (NULL, or not made yet) a temporary
 * directory is taken. */
void box_probe(const char *init_path, const char *data_dir, struct box_support *out);
const char *box_rung_name(
    enum box_rung rung); /* "bubblewrap", "bubblewrap (root)", "not isolated" */

struct box;
struct box_change;

struct box_options {
	const char *id; /* sandbox id; also its hostname */
	/* The sandbox's own root: home/, tmp/, etc/ ... live below and are kept. Made if
	 * missing; nothing else may lie in it, and only box_remove_dir() removes it. It
	 * is open to all (it is their "/"), so what it lies in must be closed, 0700. */
	const char *dir;
	const char *init_path;
	const struct box_support *support;
	const struct pairs
	    *envs; /* defaults of every process: E2B_SANDBOX=true, ids, envVars */
	bool internet;
	int cpu_count;	   /* RLIMIT-free hint and cgroup cpu.max where it may */
	int64_t memory_mb; /* limit where the rung allows */
};

/* From the loop; must not free the box. */
struct box_events {
	void (*ready)(void *ctx); /* the supervisor answers */
	/* Everything inside is gone; why is NULL when box_kill() asked for it. */
	void (*ended)(void *ctx, const struct error *why);
	/* A process ended: waitpid's status. Output descriptors may still hold data. */
	void (*exited)(void *ctx, int pid, int status);
	/* A watch saw something (host/box_file.h); NULL: nobody watches. */
	void (*changed)(void *ctx, const struct box_change *change);
};

/* Starts the container; events->ready or events->ended follows. */
struct box *box_new(struct loop *loop, const struct box_options *options,
    const struct box_events *events, void *ctx, struct error *err) MUST_CHECK;
/* Kills everything inside, daemons too; ended is reported when it is done. */
void box_kill(struct box *b);
/* What was asked is answered now, as by a box that has ended. */
void box_give_up(struct box *b);
void box_free(struct box *b); /* kills what still runs; no reports any more */
/* Removes the directory of a box that has ended, with all that is in it; off the
 * loop. err is NULL on success. */
void box_remove_dir(struct loop *loop, const char *dir, const char *init_path,
    const struct box_support *support, void (*done)(void *ctx, const struct error *err),
    void *ctx);

/* Copies the directory of a box that has ended or is frozen, with owners, modes, times and
 * links as they are, into `to`, which is made; off the loop. err is NULL on success; else
 * what was copied is still there. Reports once, unless cancelled before. */
struct box_copy;
struct box_copy *box_copy_dir(struct loop *loop, const char *from, const char *to,
    const char *init_path, const struct box_support *support,
    void (*done)(void *ctx, const struct error *err), void *ctx);
/* Nothing of it runs any more when this returns. NULL is fine. */
void box_copy_cancel(struct box_copy *c);

/* Freezes or thaws all processes inside (cgroup.freeze, else stop signals). The
 * supervisor stays reachable. */
bool box_freeze(struct box *b, struct error *err) MUST_CHECK;
bool box_thaw(struct box *b, struct error *err) MUST_CHECK;

struct box_spawn {
	const char *cmd;
	const struct strlist *args;
	const struct pairs *envs; /* over the defaults */
	const char *cwd;	  /* NULL or "": the user's home; relative to home; ~ */
	const char *user;	  /* "user" or "root"; NULL: "user" */
	bool pty;
	int cols, rows;
	bool stdin_pipe; /* without pty: else /dev/null */
};

enum box_spawn_error {
	BOX_SPAWN_OK,
	BOX_SPAWN_NO_CWD,
	BOX_SPAWN_CWD_NOT_DIR,
	BOX_SPAWN_NO_USER,
	BOX_SPAWN_LIMIT,
	BOX_SPAWN_FAILED
};

/* Descriptors now belong to the receiver; -1 where there is none. With a pty, `pty` is
 * the master (read and write). pid is the number envd clients see: the pid inside. */
struct box_process {
	enum box_spawn_error result;
	char message[200]; /* when it failed */
	int pid;
	int pty, in, out, err;
};
typedef void box_spawned(void *ctx, const struct box_process *process);

/* Reports once from the loop, also when the box ends first (BOX_SPAWN_FAILED).
 * Subscribed before the child can write: the descriptors arrive before exec. */
void box_spawn(
    struct box *b, const struct box_spawn *spawn, box_spawned *done, void *ctx);
/* A negative pid is its whole group. false: no such process any more. `done` may be NULL. */
void box_signal(struct box *b, int pid, int signum,
    void (*done)(void *ctx, bool delivered), void *ctx);

/* Sum over all processes inside; memory in bytes, cpu in microseconds since start. */
struct box_stats {
	uint64_t cpu_us;
	uint64_t mem_bytes, cache_bytes;
	uint64_t disk_used, disk_total;
	int processes;
};
/* NULL when the box ended first. */
void box_stats(
    struct box *b, void (*done)(void *ctx, const struct box_stats *stats), void *ctx);

/* An unconnected TCP socket made in the sandbox's own network, -1 on failure; the
 * receiver owns it. For the proxy to guest ports. */
void box_socket(struct box *b, void (*done)(void *ctx, int fd), void *ctx);
/* The same for IPv6, which a machine may not have. */
void box_socket6(struct box *b, void (*done)(void *ctx, int fd), void *ctx);
/* Cuts it off, or lets it have it again, as it runs. false: on this rung it cannot be cut. */
bool box_set_internet(struct box *b, bool wanted, struct error *err) MUST_CHECK;
/* true when internet was asked for and is up (or the rung shares the machine's). */
bool box_has_internet(const struct box *b);
int box_pid(const struct box *b); /* of PID 1, as the host sees it */

#endif
