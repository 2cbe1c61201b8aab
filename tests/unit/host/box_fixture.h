/*
 * box_fixture - real sandboxes for tests: a loop, a directory, a box on a
 * given rung, and words for what tests do with them. Waiting is turning the
 * loop until something has come; ten seconds without it fail the test.
 */
#ifndef TESTS_BOX_FIXTURE_H
#define TESTS_BOX_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "host/box.h"

/* One way to run a sandbox on this machine; the ladder's rungs and their variations. */
struct variant {
	const char *name;
	struct box_support support;
};
enum { VARIANTS_MAX = 8 };
extern struct variant variants[VARIANTS_MAX];
extern size_t variant_count;

/* Group setup: probes, fills `variants`, the best first. */
int find_variants(void **state);
int drop_variants(void **state); /* group teardown */
const char *init_path(void);

struct house {
	struct loop *loop;	      /* owned */
	struct box *box;	      /* owned */
	const struct variant *how;    /* borrowed */
	char *dir, *outer;	      /* owned; the box's lies in one that is closed */
	bool ready, ended, was_asked; /* was_asked: ended came without a reason */
	char why[256];
	struct {
		int pid, status;
	} exits[64];
	size_t exit_count;
};

void house_open(struct house *h, const struct variant *how);
/* Another life of the same directory; the box must have ended. */
void house_start(
    struct house *h, const char *id, const struct pairs *envs, bool internet);
void house_stop(struct house *h);  /* box_kill and box_free */
void house_close(struct house *h); /* also removes the directory */

/* Turns until *mark; fails the test after ten seconds. */
void wait_for(struct house *h, const bool *mark);
/* waitpid's status of a process inside. */
int wait_exit(struct house *h, int pid);
struct box_process start(struct house *h, const struct box_spawn *spawn);
/* Appends what comes until it holds `text`, or until the end when NULL. */
void read_until(struct house *h, int fd, struct buf *out, const char *text);
/* Runs `sh -c script` as `user` (NULL: "user"), stdout and stderr into `out`; exit status. */
int run(struct house *h, const char *user, const char *script, struct buf *out);
/* The output of a script that must succeed, without the last line end; valid until the next. */
const char *said(struct house *h, const char *user, const char *script);
struct box_stats stats_of(struct house *h);
void close_process(struct box_process *p);

#endif
