/*
 * loop - the one event loop of the process: descriptors, timers, signals,
 * deferred calls, a pool for what can only block. libuv underneath.
 *
 * Callbacks change state and set marks. They never draw, never free the
 * object that called them (timer_free and watch_free are allowed from inside
 * their own callback: the memory goes later), never run the loop again.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct loop;
struct timer;
struct watch;

struct loop *loop_new(void);
/* All timers and watches must be freed before; asserts that nothing is left.
 * Calls still deferred run, work still in the pool is waited for. */
void loop_free(struct loop *l);
/* Until loop_stop(). Asserts that it is not entered twice. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* One turn, waiting at most `wait_ms` (-1: until something happens). For tests. */
void loop_turn(struct loop *l, int wait_ms);
/* Monotonic milliseconds, as of the beginning of this turn. */
uint64_t loop_now_ms(const struct loop *l);
struct uv_loop_s *loop_uv(struct loop *l); /* for libraries that join the loop */

/* Timers: created stopped. repeat_ms 0: once. */
struct timer *timer_new(struct loop *l, void (*fire)(void *ctx), void *ctx);
void timer_start(struct timer *t, uint64_t delay_ms, uint64_t repeat_ms);
void timer_stop(struct timer *t);
bool timer_is_active(const struct timer *t);
void timer_free(struct timer *t); /* NULL is fine */

/* Descriptors: the watch does not own the descriptor and makes it non-blocking.
 * watch_new() gives NULL for what cannot be waited for (a regular file, /dev/null):
 * such a descriptor is always ready. What is ready is reported every turn until it
 * is used up or no longer asked for. An error is reported as all that was asked for. */
enum { WATCH_READ = 1, WATCH_WRITE = 2, WATCH_HANGUP = 4 };
struct watch *watch_new(
    struct loop *l, int fd, void (*ready)(void *ctx, int events), void *ctx);
void watch_set(struct watch *w, int events); /* 0: none */
void watch_free(struct watch *w); /* before the descriptor is closed; NULL is fine */

/* Runs once at the end of this turn, after all callbacks; calls added meanwhile
 * run too. Returns an id that is never reused. */
uint64_t loop_defer(struct loop *l, void (*call)(void *ctx), void *ctx);
void loop_defer_cancel(struct loop *l, uint64_t id);
/* At the end of every turn, after deferred calls and before waiting: drawing. */
void loop_on_turn_end(struct loop *l, void (*call)(void *ctx), void *ctx);
void loop_off_turn_end(struct loop *l, void (*call)(void *ctx), void *ctx);

/* Signals arrive as ordinary events. One handler per signal; NULL removes it. */
void loop_on_signal(
    struct loop *l, int signum, void (*call)(void *ctx, int signum), void *ctx);

/* A child we forked: reported once with waitpid's status, then forgotten. */
void loop_on_child(
    struct loop *l, int pid, void (*call)(void *ctx, int pid, int status), void *ctx);
void loop_forget_child(struct loop *l, int pid); /* still reaped, not reported */

/* `work` runs in the pool and may block; `done` runs on the loop. */
void loop_work(
    struct loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);

#endif
