/*
 * filesystem - messages of filesystem.Filesystem in JSON, both ways (envd.md
 * 3.9-3.14, 2.7). Encoders append a bare message unless they say "envelope".
 * Decoders accept what the protocol buffers' JSON mapping allows: numbers as
 * strings, enums by name or number, either spelling of a member, unknown
 * members. Names and paths come as they are: clean them before a screen.
 */
#ifndef WIRE_FILESYSTEM_H
#define WIRE_FILESYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

enum filesystem_type {
	FILESYSTEM_UNSPECIFIED, /* sockets, devices, links that lead nowhere */
	FILESYSTEM_FILE,
	FILESYSTEM_DIRECTORY,
	FILESYSTEM_SYMLINK,
};

struct filesystem_entry {
	char *name, *path;	   /* owned */
	enum filesystem_type type; /* of a link: its target's */
	int64_t size;
	uint32_t mode;	      /* permission bits */
	char permissions[16]; /* filesystem_permissions() */
	char *owner, *group;  /* owned */
	int64_t modified_ns;  /* since 1970; 0: not known */
	char *symlink_target; /* owned; NULL: not a link */
	bool is_symlink;
	struct pairs metadata;
};
void filesystem_entry_clear(struct filesystem_entry *e);
void filesystem_entry_add(struct buf *out, const struct filesystem_entry *e);
/* Go's notation of st_mode: "-rw-r--r--", "drwxr-xr-x", "dtrwxrwxrwx", "Lrwxrwxrwx". */
void filesystem_permissions(uint32_t st_mode, char out[16]);

/* {"entry":{...}}: Stat, MakeDir, Move. */
void filesystem_entry_encode(struct buf *out, const struct filesystem_entry *e);
bool filesystem_entry_decode(const char *json, size_t len, struct filesystem_entry *out,
    struct error *err) MUST_CHECK;

/* ListDir's reply. Written entry by entry: begin, add (each), end. */
void filesystem_entries_begin(struct buf *out);
void filesystem_entries_add(struct buf *out, const struct filesystem_entry *e);
void filesystem_entries_end(struct buf *out);
struct filesystem_entries {
	struct filesystem_entry *items; /* owned */
	size_t count;
};
void filesystem_entries_clear(struct filesystem_entries *l);
bool filesystem_entries_decode(const char *json, size_t len,
    struct filesystem_entries *out, struct error *err) MUST_CHECK;

/* One struct for all requests; each encoder takes what it needs. */
struct filesystem_call {
	char *path;	   /* owned; Move's source; NULL: not given */
	char *destination; /* owned; Move */
	char *watcher_id;  /* owned; GetWatcherEvents, RemoveWatcher */
	uint32_t depth;	   /* ListDir; 0 is 1 */
	bool recursive, include_entry, allow_network_mounts; /* watches */
};
void filesystem_call_clear(struct filesystem_call *c);
bool filesystem_call_decode(const char *json, size_t len, struct filesystem_call *out,
    struct error *err) MUST_CHECK;
void filesystem_path_encode(struct buf *out, const char *path); /* Stat MakeDir Remove */
void filesystem_list_encode(struct buf *out, const char *path, uint32_t depth);
void filesystem_move_encode(struct buf *out, const char *source, const char *destination);
void filesystem_watch_encode(struct buf *out, const struct filesystem_call *c);
/* GetWatcherEvents, RemoveWatcher; also CreateWatcher's reply. */
void filesystem_watcher_encode(struct buf *out, const char *watcher_id);

enum filesystem_change {
	FILESYSTEM_CHANGE_UNSPECIFIED,
	FILESYSTEM_CREATE,
	FILESYSTEM_WRITE,
	FILESYSTEM_REMOVE,
	FILESYSTEM_RENAME,
	FILESYSTEM_CHMOD,
};
struct filesystem_event {
	char *name; /* owned; relative to the watched directory, which is "." */
	enum filesystem_change change;
	bool has_entry;
	struct filesystem_entry entry;
};
void filesystem_event_clear(struct filesystem_event *e);
void filesystem_event_add(struct buf *out, const struct filesystem_event *e);

/* WatchDir's stream: whole envelopes. */
enum filesystem_watch_kind {
	FILESYSTEM_WATCH_START,
	FILESYSTEM_WATCH_EVENT,
	FILESYSTEM_WATCH_KEEPALIVE,
	FILESYSTEM_WATCH_OTHER, /* newer than we are: ignore */
};
void filesystem_add_start_event(struct buf *out);
void filesystem_add_watch_event(struct buf *out, const struct filesystem_event *e);
void filesystem_add_keepalive_event(struct buf *out);
/* `out` is filled for WATCH_EVENT only. */
bool filesystem_watch_decode(const char *json, size_t len,
    enum filesystem_watch_kind *kind, struct filesystem_event *out,
    struct error *err) MUST_CHECK;

/* GetWatcherEvents' reply: events already written by filesystem_event_add(), with
 * commas between; "" gives {}. */
void filesystem_events_encode(struct buf *out, const char *events, size_t len);
struct filesystem_events {
	struct filesystem_event *items; /* owned */
	size_t count;
};
void filesystem_events_clear(struct filesystem_events *l);
bool filesystem_events_decode(const char *json, size_t len, struct filesystem_events *out,
    struct error *err) MUST_CHECK;

#endif
