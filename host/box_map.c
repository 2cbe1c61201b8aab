#include "host/box_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/box_program.h"

enum {
	RANGE = 65535,		  /* ids beside 0 */
	ROOTS_FIRST = 1878982657, /* above what accounts and containers are given */
	INFO_MAX = 1024,
	FILE_MAX = 256 * 1024,
};

struct box_map {
	struct loop *loop;   /* borrowed */
	struct watch *watch; /* owned */
	struct box_idmap map;
	int info, go;	/* owned; -1 when done */
	int log;	/* owned; what the helpers say */
	int helpers[2]; /* pids that run */
	bool helper_failed;
	char text[INFO_MAX];
	size_t len;
	void (*failed)(void *ctx, const struct error *why);
	void *ctx; /* borrowed */
};

/* ---- what we may map */

static char *
read_text(const char *path)
{
	char *text = NULL;
	size_t len;

	return path_read_file(path, FILE_MAX, &text, &len, NULL) ? text : NULL;
}

/* "name:first:count", the name may be a number; ranges too small for us are skipped. */
static bool
find_range(const char *path, const char *name, uint32_t *first)
{
	char *text = read_text(path), *rest = text, *line, uid[32];
	int64_t start, count;
	bool found = false;

	snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
	while (!found && rest && (line = strsep(&rest, "\n"))) {
		char *who = strsep(&line, ":"), *from = strsep(&line, ":");

		if (!line || (!str_eq(who, name) && !str_eq(who, uid)))
			continue;
		found = parse_int(from, 1, UINT32_MAX, &start) &&
			parse_int(line, RANGE, UINT32_MAX, &count);
		if (found)
			*first = (uint32_t)start;
	}
	free(text);
	return found;
}

/* In a container root may not have all ids itself: "inside outside count" lines. */
static bool
own_map_has(const char *path, int64_t first, int64_t count)
{
	char *text = read_text(path), *rest = text, *line;
	bool has = false;

	while (!has && rest && (line = strsep(&rest, "\n"))) {
		int64_t numbers[3] = { -1, -1, -1 };
		size_t n = 0;
		char *word;

		while (n < 3 && (word = strsep(&line, " ")))
			if (*word && !parse_int(word, 0, UINT32_MAX, &numbers[n++]))
				break;
		has = n == 3 && numbers[0] <= first &&
		      first + count <= numbers[0] + numbers[2];
	}
	free(text);
	return has;
}

static bool
find_for_root(struct box_idmap *out)
{
	static const uint32_t candidates[] = { ROOTS_FIRST, 1 };

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++)
		if (own_map_has("/proc/self/uid_map", candidates[i], RANGE) &&
		    own_map_has("/proc/self/gid_map", candidates[i], RANGE)) {
			out->uid_first = out->gid_first = candidates[i];
			return true;
		}
	return false;
}

static bool
has_helpers(void)
{
	char *uid = box_program_find("newuidmap", NULL);
	char *gid = box_program_find("newgidmap", NULL);
	bool both = uid && gid;

	free(uid);
	free(gid);
	return both;
}

bool
box_map_find(struct box_idmap *out)
{
	const struct passwd *me = getpwuid(getuid());
	const char *name = me ? me->pw_name : "";
	struct box_idmap map = { .count = RANGE };
	bool found = geteuid() == 0
			 ? find_for_root(&map)
			 : has_helpers() &&
			       find_range("/etc/subuid", name, &map.uid_first) &&
			       find_range("/etc/subgid", name, &map.gid_first);

	*out = found ? map : (struct box_idmap){ .count = 0 };
	return found;
}

/* ---- mapping one namespace */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
fail(struct box_map *m, const struct error *why)
{
	close_fd(&m->go);
	m->failed(m->ctx, why);
}

static void
let_go(struct box_map *m)
{
	struct error err;

	if (write(m->go, "1", 1) == 1)
		close_fd(&m->go);
	else if (!error_system(&err, errno, "bubblewrap does not wait for its user map"))
		fail(m, &err);
}

static bool
write_map(int pid, const char *file, unsigned own, uint32_t first, uint32_t count,
    struct error *err)
{
	char *path = xasprintf("/proc/%d/%s", pid, file);
	char *text = xasprintf("0 %u 1\n1 %" PRIu32 " %" PRIu32 "\n", own, first, count);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!written)
		error_system(err, errno, "setting up uid map");
	if (fd >= 0)
		close(fd);
	free(text);
	free(path);
	return written;
}

static void
on_helper(void *ctx, int pid, int status)
{
	struct box_map *m = ctx;
	struct error err;

	m->helper_failed |= status != 0;
	for (size_t i = 0; i < ARRAY_LEN(m->helpers); i++)
		if (m->helpers[i] == pid)
			m->helpers[i] = 0;
	if (m->helpers[0] || m->helpers[1])
		return;
	if (!m->helper_failed) {
		let_go(m);
		return;
	}
	char *said = box_program_log_first(m->log);

	error_set(&err, ERROR_SYSTEM, "setting up uid map: %s", said);
	free(said);
	fail(m, &err);
}

static bool
run_helper(struct box_map *m, int which, int pid, unsigned own, uint32_t first,
    struct error *err)
{
	static const char *const programs[] = { "newuidmap", "newgidmap" };
	struct strlist args = { .count = 0 };
	struct box_program_start how = {
		.program = programs[which],
		.args = &args,
		.log = m->log,
	};
	const uint32_t numbers[] = { (uint32_t)pid, 0, own, 1, 1, first, m->map.count };
	char text[16];

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		snprintf(text, sizeof text, "%" PRIu32, numbers[i]);
		strlist_add(&args, text);
	}
	bool started = box_program_run(&how, &m->helpers[which], err);

	if (started)
		loop_on_child(m->loop, m->helpers[which], on_helper, m);
	strlist_clear(&args);
	return started;
}

static void
map_process(struct box_map *m, int pid)
{
	const struct box_idmap *map = &m->map;
	struct error err;

	if (geteuid() == 0) {
		if (write_map(
			pid, "uid_map", geteuid(), map->uid_first, map->count, &err) &&
		    write_map(
			pid, "gid_map", getegid(), map->gid_first, map->count, &err))
			let_go(m);
		else
			fail(m, &err);
		return;
	}
	m->log = box_program_log_new();
	if (!run_helper(m, 0, pid, geteuid(), map->uid_first, &err) ||
	    !run_helper(m, 1, pid, getegid(), map->gid_first, &err))
		fail(m, &err);
}

/* {"child-pid": 4711, ...}; written at once, but that is nowhere promised. */
static bool
find_pid(const char *text, int *pid)
{
	static const char key[] = "\"child-pid\":";
	const char *at = strstr(text, key);
	int64_t value;

	if (!at || !strchr(at, '}'))
		return false;
	at += strlen(key);
	at += strspn(at, " ");
	char *digits = xstrndup(at, strspn(at, "0123456789"));
	bool found = parse_int(digits, 1, INT32_MAX, &value);

	free(digits);
	if (found)
		*pid = (int)value;
	return found;
}

/* An early end of the stream is bubblewrap's failure, which it explains itself. */
static void
on_info(void *ctx, int events)
{
	struct box_map *m = ctx;
	ssize_t got = read(m->info, m->text + m->len, sizeof m->text - 1 - m->len);
	int pid;

	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	m->len += got > 0 ? (size_t)got : 0;
	m->text[m->len] = '\0';
	bool found = find_pid(m->text, &pid);

	if (!found && got > 0 && m->len < sizeof m->text - 1)
		return;
	watch_free(m->watch);
	m->watch = NULL;
	close_fd(&m->info);
	if (found)
		map_process(m, pid);
}

struct box_map *
box_map_new(struct loop *loop, const struct box_idmap *map, int info, int go,
    void (*failed)(void *ctx, const struct error *why), void *ctx)
{
	struct box_map *m = xcalloc(1, sizeof *m);

	m->loop = loop;
	m->map = *map;
	m->info = info;
	m->go = go;
	m->log = -1;
	m->failed = failed;
	m->ctx = ctx;
	m->watch = watch_new(loop, info, on_info, m);
	watch_set(m->watch, WATCH_READ);
	return m;
}

void
box_map_free(struct box_map *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < ARRAY_LEN(m->helpers); i++)
		if (m->helpers[i] > 0)
			loop_forget_child(m->loop, m->helpers[i]);
	watch_free(m->watch);
	close_fd(&m->info);
	close_fd(&m->go);
	close_fd(&m->log);
	free(m);
}
