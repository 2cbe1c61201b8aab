/*
 * protocol - what the host and sandtop-init, the supervisor inside each
 * sandbox, say to each other.
 *
 * One SOCK_SEQPACKET socket, inherited by the supervisor as descriptor
 * INIT_SOCKET_FD. One datagram is one message: struct init_header, then `len`
 * bytes of body; descriptors travel beside it (SCM_RIGHTS). Both programs come
 * from one build, so numbers are in the machine's own order and structs are
 * copied as they are; READY carries INIT_PROTOCOL, and a stranger is refused.
 *
 * Requests go host -> supervisor, each with an id that is not used twice. The
 * supervisor answers each with one REPLY of that id, in any order. READY,
 * EXITED and WATCHED are its own words and have id 0. A request it does not know is
 * answered INIT_UNKNOWN, so a request can be added without a new version.
 *
 * Adding one: a number, a struct for the fixed part of its body, a row in the
 * supervisor's table of handlers. What is larger than a datagram leaves as a
 * descriptor: a file is its own descriptor, a listing a memfd. Paths are resolved
 * inside, by the supervisor, never by the host. What may take long (a listing, a
 * tree to remove, files to join) is done by a child of it, so that a process can
 * be started meanwhile; so is watching, by one child for all watches.
 *
 * A body longer than INIT_INLINE_MAX travels in a memfd, the last descriptor of
 * the message, with INIT_BODY_IN_FD set; `len` is its length all the same.
 *
 * The socket's end is a command: when the host is gone, however it died, the
 * supervisor ends everything.
 */
#ifndef HOST_INIT_PROTOCOL_H
#define HOST_INIT_PROTOCOL_H

#include <stdint.h>

enum {
	INIT_PROTOCOL = 1,
	INIT_SOCKET_FD = 3,
	INIT_INLINE_MAX = 48 * 1024,
	INIT_DATAGRAM_MAX = 64 * 1024,
	INIT_BODY_MAX =
	    4 * 1024 * 1024, /* argv and environment beyond this: INIT_LIMIT */
	INIT_FDS_MAX = 4,
	INIT_PROCESSES_MAX = 4096, /* alive at once, started by the host */
	INIT_STRINGS_MAX = 16384,  /* arguments; the same number of variables */
};

/* Where nothing contains a process, this variable says whose it is. */
#define INIT_MARKER "SANDTOP_BOX"

enum init_type {
	/* from the supervisor */
	INIT_READY = 1, /* struct init_ready */
	INIT_REPLY,	/* result; on failure the body is a text */
	INIT_EXITED,	/* struct init_exited: a process of SPAWN was reaped */
	INIT_WATCHED,	/* any number of struct init_change */

	/* from the host: body -> body of the reply */
	INIT_GROUP =
	    16,	     /* one descriptor, a cgroup v2 directory: spawn into it. No reply */
	INIT_SPAWN,  /* struct init_spawn, strings -> struct init_spawned, descriptors */
	INIT_SIGNAL, /* struct init_signal -> nothing; INIT_GONE: not running */
	INIT_FREEZE, /* stop signals to everything -> nothing */
	INIT_THAW,   /* continues what FREEZE stopped -> nothing */
	INIT_STATS,  /* -> struct init_stats */
	INIT_SOCKET, /* one byte, 4 or 6 -> one descriptor, an unconnected TCP socket */
	INIT_QUIT,   /* ends everything inside, then itself. No reply */

	/* files: struct init_file and its strings -> struct init_entry unless said */
	INIT_STAT,
	INIT_LIST,    /* -> struct init_listing, a memfd full of entries */
	INIT_MKDIR,   /* with parents */
	INIT_MOVE,    /* to the first further string */
	INIT_REMOVE,  /* all that is below -> nothing */
	INIT_OPEN,    /* -> struct init_entry, the file. WRITE: created, emptied, given to
			 the user; further strings are its metadata, by twos */
	INIT_COMPOSE, /* the further strings, one behind the other, become the path */
	INIT_WATCH,   /* -> nothing; its id names the watch from then on */
	INIT_UNWATCH, /* struct init_unwatch. No reply */
	INIT_SEEN, /* struct init_file, empty -> nothing, behind all changes until then */
};

enum init_result {
	INIT_OK,
	INIT_UNKNOWN, /* no such request, or a body that makes no sense */
	INIT_NO_CWD,
	INIT_CWD_NOT_DIR, /* or the user may not enter it */
	INIT_NO_USER,
	INIT_GONE,
	INIT_LIMIT,
	INIT_FAILED,

	/* files; the body is envd's text */
	INIT_NOT_FOUND,
	INIT_EXISTS,
	INIT_INVALID,
	INIT_LOOP,
	INIT_NO_SPACE,
};

enum { INIT_BODY_IN_FD = 1 };

struct init_header {
	uint16_t type;
	uint16_t flags;
	uint32_t id;
	int32_t result;
	uint32_t len;
};

struct init_ready {
	uint32_t protocol;
	uint32_t has_proc; /* a /proc of its own can be read */
};

struct init_exited {
	int32_t pid;
	int32_t status; /* waitpid's */
};

enum { INIT_SPAWN_PTY = 1, INIT_SPAWN_STDIN = 2 };

/*
 * Followed by NUL-terminated strings: user, cwd, argc arguments (the first is
 * looked up in PATH), envc "NAME=value" pairs, later ones winning over earlier
 * ones and over PATH, HOME, USER and LOGNAME, which the supervisor sets.
 */
struct init_spawn {
	uint32_t flags;
	uint16_t cols, rows;
	uint32_t argc, envc;
};

/* Descriptors: PTY: the master. Else: stdin (if asked for), stdout, stderr. */
struct init_spawned {
	int32_t pid;
	uint32_t in_group; /* it was born in the cgroup of INIT_GROUP */
};

struct init_signal {
	int32_t pid; /* negative: its whole group, as kill() has it */
	int32_t signum;
};

struct init_stats {
	uint64_t cpu_us;      /* of all that runs and all that was reaped */
	uint64_t mem_bytes;   /* private resident memory of all processes */
	uint64_t cache_bytes; /* known with a memory cgroup only */
	uint64_t disk_used, disk_total;
	uint32_t processes;
};

enum {
	INIT_FILE_WRITE = 1,	 /* OPEN */
	INIT_FILE_RECURSIVE = 2, /* WATCH */
	INIT_FILE_ENTRY = 4,	 /* WATCH: entries beside the changes */
	INIT_FILE_NETWORK = 8,	 /* WATCH: also where others write unseen */
	INIT_LISTING_MAX = 256 * 1024 * 1024,
};

/* Followed by NUL-terminated strings: user, path, `count` further ones. Paths are as
 * the client gave them: relative to the user's home, with ~, or absolute. */
struct init_file {
	uint32_t flags;
	uint32_t depth; /* LIST */
	uint32_t count;
};

/* Followed by NUL-terminated strings: path, owner, group, where the link leads (""
 * unless it is one), then metadata by twos. */
struct init_entry {
	int64_t size, modified_s;
	uint32_t modified_ns;
	uint32_t mode;	   /* st_mode of what it leads to; 0: nowhere */
	uint32_t own_mode; /* st_mode of itself */
	uint32_t metadata; /* pairs */
	uint32_t len;	   /* of all, this struct included */
};

struct init_listing {
	uint64_t bytes; /* in the memfd */
	uint32_t count;
};

struct init_unwatch {
	uint32_t watch;
};

/* Numbers as in wire/filesystem.h; LOST: no more events will come, `watch` 0: to any. */
enum init_change_kind {
	INIT_CREATED = 1,
	INIT_WRITTEN,
	INIT_REMOVED,
	INIT_RENAMED,
	INIT_CHMODDED,
	INIT_WATCH_LOST,
};

/* Followed by the name, or a text when lost; then, if there is one, the entry. */
struct init_change {
	uint32_t watch;
	uint32_t kind;
	uint32_t name_len; /* with its NUL */
	uint32_t entry_len;
};

#endif
