/*
 * watcher - who watches directories of one sandbox: streams (WatchDir) and those
 * that ask now and then (CreateWatcher). envd.md 3.13, 3.14.
 *
 * A stream ends with its client or its deadline; the others live until they are
 * removed or the sandbox's container ends. What is not fetched is kept up to a
 * limit; beyond it a watcher is broken, as events are never left out silently.
 */
#ifndef HOST_WATCHER_H
#define HOST_WATCHER_H

#include "host/box_file.h"
#include "host/routes.h"

struct watcher_table;

struct watcher_table *watcher_table_new(struct loop *loop);
void watcher_table_free(struct watcher_table *t); /* drops; NULL is fine */
/* A pause: streams end with `unavailable`, the others stay. */
void watcher_table_cut(struct watcher_table *t, const char *why);
/* The container is gone, and everybody's watch with it. */
void watcher_table_drop(struct watcher_table *t, const char *why);
/* What the box reported. */
void watcher_table_changed(struct watcher_table *t, const struct box_change *change);

/* Handlers. */
void serve_watch_dir(struct call *c);
void serve_create_watcher(struct call *c);
void serve_get_watcher_events(struct call *c);
void serve_remove_watcher(struct call *c);

#endif
