/* sandbox_internal - what registry.c and the files of sandbox share. */
#ifndef HOST_SANDBOX_INTERNAL_H
#define HOST_SANDBOX_INTERNAL_H

#include "base/map.h"
#include "host/sandbox.h"

/* Files on their way out; the pool does not hear that a registry has gone. */
struct removal {
	struct removal *next;	   /* owned by the list */
	struct registry *registry; /* borrowed; NULL: gone */
	char *dir;		   /* owned */
	struct timer *again;	   /* owned; NULL: it is not being waited for */
	int tries;		   /* that failed */
};

struct registry {
	struct host *host;	  /* borrowed */
	char *dir;		  /* owned: of all sandboxes */
	struct sandbox *first;	  /* owned list, newest first */
	struct map *by_id;	  /* values borrowed from the list */
	struct timer *expiry;	  /* owned: the next end of a sandbox */
	struct removal *removals; /* borrowed list: each frees itself */
	void (*shut_down)(void *ctx);
	void *shut_down_ctx; /* borrowed */
	bool closing;
};

/* Takes what is in `info` and `envs`. Not yet to be found. */
struct sandbox *registry_add(
    struct registry *r, struct rest_sandbox *info, struct pairs *envs);
/* Of `info` alone, with nothing on disk. It is found at once. */
struct sandbox *registry_add_simulated(
    struct registry *r, struct rest_sandbox *info, uint32_t number);
void registry_remove(struct registry *r, struct sandbox *s); /* frees it and its files */
void registry_schedule(struct registry *r);		     /* an end was changed */
void sandbox_save(const struct sandbox *s);
/* Whoever waits for it is told that nothing comes any more, with ERROR_CANCELLED. */
void sandbox_give_up(struct sandbox *s);
/* For a sandbox that has not started or has ended: no reports. */
void sandbox_free(struct sandbox *s);
void sandbox_expire(struct sandbox *s);
/* ---- between the files of sandbox */
/* done() at the end of the transition under way. */
void sandbox_wait_for(struct sandbox *s, sandbox_done *done, void *ctx);
void sandbox_start_box(struct sandbox *s);
/* One that was starting is removed, one that was resuming stays paused. */
void sandbox_fail_start(struct sandbox *s, const struct error *why);
/* Into its log; `fields` as journal_add() takes them. */
void sandbox_note(const struct sandbox *s, const char *level, const char *message,
    const char *const *fields);
/* Tells who waits for the copy; `err` NULL: it is made. Nothing without one. */
void sandbox_end_snapshot(struct sandbox *s, const struct error *err);
void sandbox_drop_snapshot(struct sandbox *s); /* untold */
const struct process_events *sandbox_process_events(void);

#endif
