/*
 * watcher - the child that watches. One inotify instance for all watches of the
 * sandbox; a directory may belong to several of them. envd.md 3.13.
 */
#include "host/init/file.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	BUCKETS = 4096,
	MASK = IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_DELETE | IN_DELETE_SELF |
	       IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK,
};

struct watch {
	struct watch *next; /* owned by the list */
	uint32_t id;
	bool recursive, entries;
	char *path;  /* owned */
	char *moved; /* owned; a directory that left and has not come back; NULL: none */
	uint32_t cookie; /* of that */
};

/* One watched directory of one watch. */
struct node {
	struct node *next; /* owned by its bucket */
	struct watch *watch;
	int wd;
	char *rel; /* owned; "" is the watched directory itself */
};

static struct watch *watches;
static struct node *nodes[BUCKETS];
static int inotify_fd;
static unsigned char pending[INIT_INLINE_MAX];
static size_t pending_len;

/* A child that cannot have memory ends; the supervisor says so. */
static void *
need(void *memory)
{
	if (!memory)
		_exit(1);
	return memory;
}

/* ---- events out */

static void
flush(void)
{
	const struct init_header header = {
		.type = INIT_WATCHED,
		.len = (uint32_t)pending_len,
	};

	if (pending_len > 0)
		message_send(&header, pending, NULL, 0);
	pending_len = 0;
}

static void
tell(uint32_t watch, enum init_change_kind kind, const char *name,
    const struct init_entry *entry)
{
	struct init_change change = {
		.watch = watch,
		.kind = kind,
		.name_len = (uint32_t)strlen(name) + 1,
		.entry_len = entry ? entry->len : 0,
	};
	size_t len = sizeof change + change.name_len + change.entry_len;

	if (len > sizeof pending) {
		len -= change.entry_len;
		change.entry_len = 0;
	}
	if (pending_len + len > sizeof pending)
		flush();
	unsigned char *at = pending + pending_len;

	memcpy(at, &change, sizeof change);
	memcpy(at + sizeof change, name, change.name_len);
	if (change.entry_len > 0)
		memcpy(at + sizeof change + change.name_len, entry, entry->len);
	pending_len += len;
}

static void
tell_change(const struct watch *w, enum init_change_kind kind, const char *name)
{
	const struct init_entry *entry = NULL;
	char path[PATH_MAX];

	if (w->entries &&
	    (kind == INIT_CREATED || kind == INIT_WRITTEN || kind == INIT_CHMODDED) &&
	    snprintf(path, sizeof path, "%s/%s", w->path, name) < (int)sizeof path)
		entry = file_entry(strcmp(name, ".") == 0 ? w->path : path);
	tell(w->id, kind, name, entry);
}

/* ---- nodes */

static bool
is_used(int wd)
{
	for (struct node *n = nodes[wd % BUCKETS]; n; n = n->next)
		if (n->wd == wd)
			return true;
	return false;
}

/* The directory `rel` of `w` and all below it, or, `rel` NULL, everything of it. */
static void
drop_nodes(const struct watch *w, const char *rel)
{
	size_t len = rel ? strlen(rel) : 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		struct node **at = &nodes[i];

		while (*at) {
			struct node *n = *at;

			if (n->watch != w ||
			    (rel && (strncmp(n->rel, rel, len) != 0 ||
					(n->rel[len] != '\0' && n->rel[len] != '/')))) {
				at = &n->next;
				continue;
			}
			int wd = n->wd;

			*at = n->next;
			free(n->rel);
			free(n);
			if (!is_used(wd))
				inotify_rm_watch(inotify_fd, wd);
		}
	}
}

/* false: errno */
static bool
add_node(struct watch *w, const char *rel, const char *path)
{
	int wd = inotify_add_watch(inotify_fd, path, MASK | (*rel ? IN_DONT_FOLLOW : 0));

	if (wd < 0)
		return false;
	struct node *n = nodes[wd % BUCKETS];

	while (n && (n->wd != wd || n->watch != w))
		n = n->next;
	if (n) { /* known by a former name */
		free(n->rel);
	} else {
		n = need(calloc(1, sizeof *n));
		n->watch = w;
		n->wd = wd;
		n->next = nodes[wd % BUCKETS];
		nodes[wd % BUCKETS] = n;
	}
	n->rel = need(strdup(rel));
	return true;
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A walk that arms. One path for all of it: a frame for each level must be small, as a tree
 * may be as deep as a path is long. */
struct arming {
	struct watch *watch;
	bool news; /* whatever lies in it already is told as created */
	size_t base;
	char path[PATH_MAX]; /* where the walk is; from `base` on as it is told */
};

static int
is_named(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* The directory at the first `len` bytes of the path. false: errno. */
static bool
arm_from(struct arming *a, size_t len)
{
	const char *rel = len > a->base ? a->path + a->base : "";
	struct dirent **names = NULL;
	bool armed = add_node(a->watch, rel, a->path);

	if (!armed)
		return *rel && (errno == ENOENT || errno == ENOTDIR);
	int count = a->watch->recursive ? scandir(a->path, &names, is_named, NULL) : 0;

	for (int i = 0; i < count; i++) {
		int added = snprintf(a->path + len, sizeof a->path - len, "%s%s",
		    a->path[len - 1] == '/' ? "" : "/", names[i]->d_name);

		free(names[i]);
		if (armed && len + (size_t)added < sizeof a->path) {
			if (a->news)
				tell_change(a->watch, INIT_CREATED, a->path + a->base);
			if (is_directory(a->path))
				armed = arm_from(a, len + (size_t)added);
		}
		a->path[len] = '\0';
	}
	int errnum = errno;

	free(names);
	errno = errnum;
	return armed;
}

/*
 * Arms a directory and, where asked for, all below. What vanishes meanwhile is no
 * failure. `news`: it is new, so whatever lies in it already is told as created.
 * false: errno.
 */
static bool
arm(struct watch *w, const char *rel, bool news)
{
	static struct arming a;
	bool slash = w->path[strlen(w->path) - 1] == '/';
	int len = snprintf(
	    a.path, sizeof a.path, "%s%s%s", w->path, *rel && !slash ? "/" : "", rel);

	if (len >= (int)sizeof a.path)
		return true;
	a.watch = w;
	a.news = news;
	a.base = strlen(w->path) + !slash;
	return arm_from(&a, (size_t)len);
}

/* ---- events in */

static const struct {
	uint32_t bits;
	enum init_change_kind kind;
} kinds[] = {
	{ IN_CREATE | IN_MOVED_TO, INIT_CREATED },
	{ IN_MOVED_FROM | IN_MOVE_SELF, INIT_RENAMED },
	{ IN_ATTRIB, INIT_CHMODDED },
	{ IN_MODIFY, INIT_WRITTEN },
	{ IN_DELETE | IN_DELETE_SELF, INIT_REMOVED },
};

static void
lose(struct watch *w, int errnum)
{
	tell(w->id, INIT_WATCH_LOST,
	    errnum == ENOSPC ? "no watch is left on this machine "
			       "(fs.inotify.max_user_watches)"
			     : strerror(errnum),
	    NULL);
}

static void
drop_moved(struct watch *w)
{
	if (!w->moved)
		return;
	drop_nodes(w, w->moved);
	free(w->moved);
	w->moved = NULL;
}

/* A directory that is renamed comes back with the next event, and its watches with it:
 * whatever happened in it since is in the queue. If it does not, it has left. */
static void
settle_move(struct watch *w, const struct inotify_event *e)
{
	if (!(e->mask & IN_MOVED_TO) || e->cookie != w->cookie)
		drop_moved(w);
}

static void
follow(struct watch *w, const struct inotify_event *e, const char *name)
{
	if (!w->recursive || !(e->mask & IN_ISDIR))
		return;
	if (e->mask & IN_MOVED_FROM) {
		w->moved = need(strdup(name));
		w->cookie = e->cookie;
	} else if (e->mask & (IN_CREATE | IN_MOVED_TO)) {
		if (!arm(w, name, (e->mask & IN_CREATE) != 0))
			lose(w, errno);
		drop_moved(w); /* what the walk did not meet under the new name */
	}
}

/* A directory below tells of itself what its parent tells as well. */
static void
take_event(struct watch *w, const char *rel, const struct inotify_event *e)
{
	char name[PATH_MAX];

	if (e->len == 0 && *rel)
		return;
	if (snprintf(name, sizeof name, "%s%s%s", rel, *rel ? "/" : "",
		e->len > 0 ? e->name : ".") >= (int)sizeof name)
		return;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (e->mask & kinds[i].bits)
			tell_change(w, kinds[i].kind, name);
	if (e->len > 0)
		follow(w, e, name);
}

/* The kernel has dropped this watch: the directory is gone. */
static void
forget_wd(int wd)
{
	struct node **at = &nodes[wd % BUCKETS];

	while (*at) {
		struct node *n = *at;

		if (n->wd != wd) {
			at = &n->next;
			continue;
		}
		*at = n->next;
		free(n->rel);
		free(n);
	}
}

/* Following one event may change the nodes, so whom it concerns is noted first. */
static void
spread(const struct inotify_event *e)
{
	enum { TOLD_MAX = 64 };
	struct watch *told[TOLD_MAX];
	size_t count = 0;

	if (e->mask & IN_IGNORED) {
		forget_wd(e->wd);
		return;
	}
	for (struct node *n = nodes[e->wd % BUCKETS]; n && count < TOLD_MAX; n = n->next)
		if (n->wd == e->wd)
			told[count++] = n->watch;
	for (size_t i = 0; i < count; i++) {
		struct node *n;
		char rel[PATH_MAX];

		settle_move(told[i], e);
		n = nodes[e->wd % BUCKETS];
		while (n && (n->wd != e->wd || n->watch != told[i]))
			n = n->next;
		if (!n)
			continue;
		snprintf(rel, sizeof rel, "%s", n->rel);
		take_event(told[i], rel, e);
	}
}

/* The bytes that were there. */
static ssize_t
read_events(void)
{
	static _Alignas(struct inotify_event) char bytes[32 * 1024];
	ssize_t len = read(inotify_fd, bytes, sizeof bytes);

	file_forget_names();
	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *e =
		    (const struct inotify_event *)(const void *)(bytes + at);

		at += (ssize_t)(sizeof *e + e->len);
		if (e->mask & IN_Q_OVERFLOW)
			tell(0, INIT_WATCH_LOST, "fsnotify: queue or buffer overflow",
			    NULL);
		else if (e->wd >= 0)
			spread(e);
	}
	flush();
	return len;
}

/* ---- requests */

/* What happened before it was asked is told first; what happens meanwhile may wait. */
static void
tell_seen(uint32_t id)
{
	int left;

	if (ioctl(inotify_fd, FIONREAD, &left) != 0)
		left = 0;
	while (left > 0) {
		ssize_t len = read_events();

		if (len <= 0)
			break;
		left -= (int)len;
	}
	reply(id, INIT_OK, NULL, 0);
}

static void
remove_watch(uint32_t id)
{
	struct watch **at = &watches;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	struct watch *w = *at;

	if (!w)
		return;
	*at = w->next;
	drop_nodes(w, NULL);
	free(w->moved);
	free(w->path);
	free(w);
}

static bool
is_network(const char *path)
{
	static const unsigned types[] = { NFS_SUPER_MAGIC, 0xff534d42 /* CIFS */,
		SMB_SUPER_MAGIC, 0xfe534d42 /* SMB2 */, 0x65735546 /* FUSE */ };
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if ((unsigned)fs.f_type == types[i])
			return true;
	return false;
}

static void
add_watch(const struct file_request *r)
{
	struct watch *w = need(calloc(1, sizeof *w));

	w->id = r->id;
	w->recursive = r->head.flags & INIT_FILE_RECURSIVE;
	w->entries = r->head.flags & INIT_FILE_ENTRY;
	w->path = need(strdup(r->path));
	w->next = watches;
	watches = w;
	if (arm(w, "", false)) {
		reply(r->id, INIT_OK, NULL, 0);
		return;
	}
	int errnum = errno;

	remove_watch(r->id);
	file_fail(r->id, errnum == ENOSPC ? INIT_LIMIT : INIT_FAILED,
	    "error adding path %s to watcher: %s", r->path,
	    errnum == ENOSPC ? "no watch is left on this machine "
			       "(fs.inotify.max_user_watches)"
			     : file_error(errnum));
}

static void
take_watch(const struct message *m)
{
	static struct file_request r;
	struct stat st;

	if (!file_request_read(m, &r))
		return;
	if (stat(r.path, &st) != 0)
		file_fail(r.id, errno == ENOENT ? INIT_NOT_FOUND : INIT_FAILED,
		    "path %s not found: stat %s: %s", r.path, r.path, file_error(errno));
	else if (!S_ISDIR(st.st_mode))
		file_fail(r.id, INIT_INVALID, "path %s not a directory", r.path);
	else if (!(r.head.flags & INIT_FILE_NETWORK) && is_network(r.path))
		file_fail(r.id, INIT_INVALID,
		    "cannot watch path on network filesystem: %s", r.path);
	else
		add_watch(&r);
}

static void
take_request(int requests)
{
	static _Alignas(8) unsigned char bytes[INIT_DATAGRAM_MAX];
	ssize_t len = recv(requests, bytes, sizeof bytes, MSG_DONTWAIT);
	struct message m = { .body = bytes + sizeof m.header };
	struct init_unwatch unwatch;

	if (len == 0)
		_exit(0);
	if (len < (ssize_t)sizeof m.header)
		return;
	memcpy(&m.header, bytes, sizeof m.header);
	if (m.header.type == INIT_WATCH) {
		take_watch(&m);
		return;
	}
	if (m.header.type == INIT_SEEN) {
		tell_seen(m.header.id);
		return;
	}
	memcpy(&unwatch, m.body, sizeof unwatch);
	remove_watch(unwatch.watch);
}

void
watcher_run(int requests, int inotify)
{
	struct pollfd fds[] = {
		{ .fd = inotify, .events = POLLIN },
		{ .fd = requests, .events = POLLIN },
	};

	inotify_fd = inotify;
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			_exit(1);
		if (fds[0].revents)
			read_events();
		if (fds[1].revents)
			take_request(requests);
	}
}
