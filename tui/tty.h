/*
 * tty - the terminal device: found, re-opened for us alone, made raw, measured,
 * and given back on every way out (law 10, ux.md 5.6).
 *
 * There is one at a time. While it is open its handlers for SIGWINCH, SIGTSTP,
 * SIGCONT, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM and the fatal signals are
 * in place; what was there before comes back with tty_close(). The fatal ones
 * write one prepared string, restore the modes and die as they would have.
 */
#ifndef TUI_TTY_H
#define TUI_TTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

/* Finds and re-opens the terminal; nothing on it is changed yet. */
bool tty_open(struct error *err) MUST_CHECK;
int tty_fd(void); /* non-blocking, close-on-exec; -1: closed */
/* Clamped to 1..1000; 24x80 when the terminal does not know. */
void tty_size(int *rows, int *cols);

/* Takes the terminal: raw modes, signal handlers, standard error into a pipe when it is
 * this terminal. `leave` is copied: what puts the screen back, at most 512 bytes. */
void tty_take(const char *leave, size_t len);
/* Gives it back and takes it again around a stop (^Z). */
void tty_give(void);
void tty_retake(void);
/* Stops the process group as ^Z in a shell does; returns when it goes on. */
void tty_stop(void);
/* Gives it back for good. Fine when nothing was opened. */
void tty_close(void);

/* Signals as bytes (signal numbers), non-blocking; -1 when not taken. The second
 * ending signal, or one second without tty_close(), ends the process at once. */
int tty_signal_fd(void);
/* What libraries wrote to standard error meanwhile; -1: it is not captured. */
int tty_stderr_fd(void);
/* Writes what the terminal takes now; returns the bytes used, -1 when it is gone. */
long tty_write(const char *bytes, size_t len);

#endif
