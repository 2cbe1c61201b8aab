/*
 * interpreter - the code interpreter of one sandbox, as clients find it on
 * guest port 49999 (envd.md 9): contexts, each a kernel with a queue, and the
 * streams of events that are the answers. Kernels are started when their
 * context first runs a cell, and again after one has died.
 *
 * A client that leaves interrupts its cell. A pause ends streams; kernels and
 * what they hold are frozen with the rest and go on after a resume.
 */
#ifndef HOST_INTERPRETER_H
#define HOST_INTERPRETER_H

#include <stdbool.h>

#include "base/loop.h"
#include "host/box.h"
#include "host/routes.h"

#define INTERPRETER_PORT 49999

struct interpreter;

struct interpreter *interpreter_new(struct loop *loop);
void interpreter_free(struct interpreter *i); /* NULL is fine */
/* Streams end; contexts stay (a pause). */
void interpreter_cut(struct interpreter *i, const char *why);
/* The box is gone: streams break off, contexts are forgotten. */
void interpreter_drop(struct interpreter *i);
/* The box reported an exit. false: it was no kernel's. */
bool interpreter_exited(struct interpreter *i, int pid);

/* ---- routes */
void interpret_health(struct call *c);
void interpret_execute(struct call *c);
void interpret_list(struct call *c);
void interpret_create(struct call *c);
void interpret_restart(struct call *c);
void interpret_remove(struct call *c);

#endif
