#include "host/box_start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/box_program.h"
#include "host/box_root.h"
#include "host/init/layout.h"
#include "host/init/protocol.h"

/* What bubblewrap sees beside the supervisor's socket. */
enum { INFO_FD = INIT_SOCKET_FD + 1, GO_FD };

/* A fork bomb hits its own wall; groups have a better one. */
#define PROCESSES_MAX "4096"

/* ---- arguments */

static void
add(struct strlist *args, const char *a, const char *b, const char *c)
{
	const char *const words[] = { a, b, c };

	for (size_t i = 0; i < ARRAY_LEN(words) && words[i]; i++)
		strlist_add(args, words[i]);
}

static void
add_number(struct strlist *args, const char *option, int value)
{
	char text[16];

	snprintf(text, sizeof text, "%d", value);
	add(args, option, text, NULL);
}

/* ".../zoneinfo/Europe/Berlin" */
static bool
find_zone(char *out, size_t size)
{
	char target[256];
	ssize_t len = readlink("/etc/localtime", target, sizeof target - 1);

	target[len > 0 ? len : 0] = '\0';
	const char *at = strstr(target, "/zoneinfo/");

	return at && str_copy(out, size, at + strlen("/zoneinfo/"));
}

static void
add_supervisor(struct strlist *args, const struct box_options *o)
{
	char zone[128];
	bool plain = o->support->rung == BOX_RUNG_PLAIN;

	add(args, "--id", o->id, NULL);
	if (plain)
		add(args, "--plain", o->dir, NULL);
	if (!plain && o->support->internet) /* it may be allowed later */
		add(args, "--dns", NULL, NULL);
	if (!plain && find_zone(zone, sizeof zone))
		add(args, "--zone", zone, NULL);
	if (o->support->rung == BOX_RUNG_BWRAP_USERNS)
		add(args, "--processes", PROCESSES_MAX, NULL);
	if (plain || !o->support->system_writable)
		return;
	add(args, "--writable", NULL, NULL);
	if (o->support->rung == BOX_RUNG_BWRAP_USERNS && o->support->idmap.count == 0)
		add(args, "--demote", NULL, NULL);
}

/* With a range of ids the supervisor is root in there and keeps what it needs of
 * that; with one uid it is "user" and can do nothing special, once it has laid the
 * layers over the system. */
static void
add_users(struct strlist *args, const struct box_options *o)
{
	if (o->support->rung != BOX_RUNG_BWRAP_USERNS)
		return;
	add(args, "--unshare-user", NULL, NULL);
	if (o->support->idmap.count == 0 && !o->support->system_writable) {
		add_number(args, "--uid", LAYOUT_UID);
		add_number(args, "--gid", LAYOUT_GID);
		return;
	}
	add(args, "--uid", "0", NULL);
	add(args, "--gid", "0", NULL);
	add(args, "--cap-add", "ALL", NULL);
	if (o->support->idmap.count == 0)
		return;
	add_number(args, "--info-fd", INFO_FD);
	add_number(args, "--userns-block-fd", GO_FD);
}

/* bubblewrap makes what is missing on the way, but for nobody else to enter. */
static void
add_parents(struct strlist *args, const char *to)
{
	for (const char *slash = strchr(to + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		char *parent = xstrndup(to, (size_t)(slash - to));

		if (strlen(parent) > strlen(LAYOUT_OWN) && !strlist_has(args, parent))
			add(args, "--dir", parent, NULL);
		free(parent);
	}
}

static void
add_machine_etc(struct strlist *args)
{
	for (size_t i = 0; i < ARRAY_LEN(layout_machine_etc); i++) {
		char *from = path_join("/etc", layout_machine_etc[i]);
		char *to = path_join(LAYOUT_OWN "/etc", layout_machine_etc[i]);

		if (access(from, R_OK) == 0) {
			add_parents(args, to);
			add(args, "--ro-bind", from, to);
		}
		free(from);
		free(to);
	}
}

static void
add_system(struct strlist *args)
{
	char target[256];

	for (size_t i = 0; i < ARRAY_LEN(layout_system_dirs); i++) {
		const char *name = layout_system_dirs[i];

		if (!box_root_system_has(name) ||
		    box_root_system_link(name, target, sizeof target))
			continue;
		char *path = path_join("/", name);

		add(args, "--ro-bind", path, path);
		free(path);
	}
}

/*
 * /proc/sys once more, read-only: a process whose uid is the machine's root may
 * write there by ownership alone, in a user namespace too, and the name of the
 * core dump handler is a way out.
 */
static void
add_proc(struct strlist *args, const struct box_options *o)
{
	if (!o->support->proc_mount)
		return;
	add(args, "--proc", "/proc", NULL);
	add(args, "--ro-bind", "/proc/sys", "/proc/sys");
}

/* What the supervisor makes the system writable with, and hides then. */
static void
add_layers(struct strlist *args, const struct box_options *o)
{
	if (!o->support->system_writable)
		return;
	char *own = path_join(o->dir, BOX_ROOT_SYSTEM);

	add(args, "--bind", own, LAYOUT_SYSTEM);
	if (o->support->system_layer)
		add(args, "--ro-bind", o->support->system_layer, LAYOUT_LAYER);
	for (size_t i = 0; i < ARRAY_LEN(layout_overlays); i++) {
		char *to = path_join(LAYOUT_LOWER, layout_overlays[i].name);

		if (access(layout_overlays[i].path, X_OK) == 0)
			add(args, "--ro-bind", layout_overlays[i].path, to);
		free(to);
	}
	free(own);
}

static void
add_container(struct strlist *args, const struct box_options *o)
{
	static const char *const always[] = {
		"--unshare-pid",
		"--unshare-net",
		"--unshare-ipc",
		"--unshare-uts",
		"--die-with-parent",
		"--as-pid-1",
	};

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		strlist_add(args, always[i]);
	add_users(args, o);
	add(args, "--hostname", o->id, NULL);
	add(args, "--bind", o->dir, "/");
	add_system(args);
	add_proc(args, o);
	add(args, "--dev", "/dev", NULL);
	add(args, "--tmpfs", "/run", NULL);
	add(args, "--tmpfs", LAYOUT_OWN, NULL);
	add(args, "--ro-bind", o->init_path, LAYOUT_INIT);
	add_machine_etc(args);
	add_layers(args, o);
	add(args, "--remount-ro", LAYOUT_OWN, NULL);
	add(args, "--chdir", "/", NULL);
	add(args, "--", LAYOUT_INIT, NULL);
}

/* ---- starting */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool
run(const struct box_options *o, const struct strlist *args, int socket,
    struct box_started *out, struct error *err)
{
	bool plain = o->support->rung == BOX_RUNG_PLAIN;
	bool maps =
	    o->support->rung == BOX_RUNG_BWRAP_USERNS && o->support->idmap.count > 0;
	int info[2] = { -1, -1 }, go[2] = { -1, -1 };
	bool started = false;

	*out = (struct box_started){ .log = box_program_log_new(), .info = -1, .go = -1 };
	if (maps && (pipe2(info, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0)) {
		error_system(err, errno, "no pipe for bubblewrap");
	} else {
		struct box_program_start how = {
			.program = plain ? o->init_path : "bwrap",
			.override = plain ? NULL : "SANDTOP_BWRAP",
			.args = args,
			.log = out->log,
			.fds = { socket >= 0 ? socket : out->log, info[1], go[0] },
			.fd_count = maps ? 3 : 1,
		};

		started = box_program_run(&how, &out->pid, err);
	}
	close_fd(&info[1]);
	close_fd(&go[0]);
	if (!started) {
		close_fd(&info[0]);
		close_fd(&go[1]);
		close_fd(&out->log);
	}
	out->info = info[0];
	out->go = go[1];
	return started;
}

bool
box_start(const struct box_options *options, int socket, struct box_started *out,
    struct error *err)
{
	struct strlist args = { .count = 0 };
	bool plain = options->support->rung == BOX_RUNG_PLAIN;

	if (plain
		? !path_make_dirs(options->dir, err)
		: !box_root_prepare(options->dir, options->support->system_writable, err))
		return false;
	if (!plain)
		add_container(&args, options);
	add_supervisor(&args, options);
	bool started = run(options, &args, socket, out, err);

	strlist_clear(&args);
	return started;
}

/* ---- copying and wiping */

/* Where the two trees lie for that. */
#define TREE_FROM "/from"
#define TREE_TO BOX_START_TREE_TO

/* chmod without following links works through /proc/self, which is of one pid
 * namespace; where no other can be shown, the machine's must do: only `cp` sees it. */
static void
add_tender_proc(struct strlist *args, const struct box_options *o)
{
	if (o->support->proc_mount)
		add(args, "--unshare-pid", "--proc", "/proc");
	else
		add(args, "--bind", "/proc", "/proc");
}

/* With one uid that is shown as root: it has to read what it shut for itself. */
static void
add_tender_users(struct strlist *args, const struct box_options *o)
{
	if (o->support->idmap.count > 0) {
		add_users(args, o);
		return;
	}
	if (o->support->rung == BOX_RUNG_BWRAP_USERNS) {
		add(args, "--unshare-user", NULL, NULL);
		add(args, "--uid", "0", NULL);
		add(args, "--gid", "0", NULL);
	}
	add(args, "--cap-add", "ALL", NULL);
}

/* Its root is the machine's system, not the sandbox's: there the linker and its
 * /etc/ld.so.preload may be anything, and nothing frozen may run meanwhile. */
static void
add_tender(
    struct strlist *args, const struct box_options *o, const char *from, const char *to)
{
	char target[256];

	add(args, "--die-with-parent", "--unshare-net", "--unshare-ipc");
	add_tender_proc(args, o);
	add_tender_users(args, o);
	add_system(args);
	for (size_t i = 0; i < ARRAY_LEN(layout_system_dirs); i++) {
		const char *name = layout_system_dirs[i];
		char *path = path_join("/", name);

		if (box_root_system_has(name) &&
		    box_root_system_link(name, target, sizeof target))
			add(args, "--symlink", target, path);
		free(path);
	}
	if (from)
		add(args, "--ro-bind", from, TREE_FROM);
	add(args, "--bind", to, TREE_TO);
	add(args, "--ro-bind", o->init_path, BOX_START_TENDER);
	add(args, "--chdir", "/", NULL);
	add(args, "--", BOX_START_TENDER, NULL);
}

/* Inside also where we are root: a sandbox that outruns its freeze may put a link in the
 * place of a directory under cp's feet. */
bool
box_start_copy(const struct box_options *options, const char *to, struct box_started *out,
    struct error *err)
{
	struct box_support plain = { .rung = BOX_RUNG_PLAIN };
	struct box_options o = *options;
	struct strlist args = { .count = 0 };
	bool inside = o.support->rung != BOX_RUNG_PLAIN;

	if (!path_make_dirs(to, err))
		return false;
	if (inside)
		add_tender(&args, &o, o.dir, to);
	else
		o.support = &plain;
	add(&args, "--copy", inside ? TREE_FROM : o.dir, inside ? TREE_TO : to);
	bool started = run(&o, &args, -1, out, err);

	strlist_clear(&args);
	return started;
}

/* Files of mapped uids can be removed only from inside such a map; where our own
 * uid owns everything, or we are root, it is done outside. */
static bool
needs_map(const struct box_support *support)
{
	return geteuid() != 0 && support->rung == BOX_RUNG_BWRAP_USERNS &&
	       support->idmap.count > 0;
}

bool
box_start_wipe(
    const struct box_options *options, struct box_started *out, struct error *err)
{
	struct box_support plain = { .rung = BOX_RUNG_PLAIN };
	struct box_options o = *options;
	struct strlist args = { .count = 0 };
	bool inside = needs_map(o.support) && access(o.dir, F_OK) == 0;

	if (inside)
		add_tender(&args, &o, NULL, o.dir);
	else
		o.support = &plain;
	add(&args, "--wipe", inside ? TREE_TO : o.dir, NULL);
	bool started = run(&o, &args, -1, out, err);

	strlist_clear(&args);
	return started;
}
