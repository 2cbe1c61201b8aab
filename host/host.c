#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/random.h"
#include "host/answers.h"
#include "host/builder.h"
#include "host/core.h"
#include "host/host_log.h"
#include "host/journal.h"
#include "host/lock.h"
#include "host/ports.h"
#include "host/process.h"
#include "host/routes.h"
#include "host/sandbox.h"
#include "host/simulate.h"
#include "host/store.h"
#include "host/system_layer.h"
#include "host/team.h"

#define HOSTFILE_MAX 4096
#define LOG_LOOK_MS 60000
#define SHUTDOWN_MAX_MS 5000 /* for boxes that do not want to end */

/* ---- host.json */

static char *
hostfile_path(const char *state_dir)
{
	return path_join(state_dir, "host.json");
}

/* What an earlier host left: its port and key stay ours. A file that cannot be read is no
 * reason not to serve, but then exported variables change, and that is said. */
static void
read_hostfile(struct host *h)
{
	char *path = hostfile_path(h->state_dir);
	char *text = NULL;
	size_t len;
	struct error err = { 0 };

	if (access(path, F_OK) == 0 &&
	    (!path_read_file(path, HOSTFILE_MAX, &text, &len, &err) ||
		!hostfile_decode(text, len, &h->file, &err))) {
		log_warn("host", "%s: a new port and key are made", err.text);
		h->file = (struct hostfile){ 0 };
	}
	free(text);
	free(path);
}

static bool
write_hostfile(const struct host *h, struct error *err)
{
	char *path = hostfile_path(h->state_dir);
	struct buf text;
	bool ok;

	buf_init(&text, HOSTFILE_MAX);
	hostfile_encode(&text, &h->file);
	ok = path_write_private(path, text.data, text.len, err);
	buf_clear(&text);
	free(path);
	return ok;
}

/* From here on it is not this process that one would talk to. */
static void
forget_pid(struct host *h)
{
	struct error err = { 0 };

	h->file.pid = 0;
	if (!write_hostfile(h, &err))
		log_warn("host", "%s", err.text);
}

static void
make_key(char key[64])
{
	char digits[41];

	random_hex(digits, 40);
	snprintf(key, 64, "e2b_%s", digits);
}

/* ---- opening */

/* A directory that cannot be written is told as such, before anything else fails. */
static bool
make_directories(struct host *h, struct error *err)
{
	if (!path_make_dirs(h->data_dir, err)) {
		error_prefix(err, "the host needs a directory to write in "
				  "(XDG_STATE_HOME or SANDTOP_CONFIG_DIR name another)");
		return false;
	}
	/* The roots of sandboxes are open to all: what they lie in must not be. */
	if (access(h->state_dir, W_OK) == 0 && access(h->data_dir, W_OK) == 0 &&
	    chmod(h->data_dir, 0700) == 0)
		return true;
	return error_set(err, ERROR_SYSTEM,
	    "%s cannot be written (%s): the host keeps its state there; make it "
	    "writable, or "
	    "set XDG_STATE_HOME",
	    h->state_dir, strerror(errno));
}

static bool
take_lock(struct host *h, struct error *err)
{
	char *path = path_join(h->state_dir, "lock");
	bool taken;
	bool ok = lock_take(path, &h->lock_fd, &taken, err);

	if (!ok && taken) {
		read_hostfile(h);
		error_set(err, ERROR_CONFLICT,
		    "a host already runs on %s (pid %d): `sandtop host stop` ends it",
		    h->state_dir, h->file.pid);
	}
	free(path);
	return ok;
}

static const struct server_events server_events = {
	.head = routes_head,
	.ready = routes_ready,
	.too_long = routes_too_long,
};

/* The kept port; without one any, and that is then kept. */
static bool
open_server(struct host *h, int port, struct error *err)
{
	if (port == 0)
		port = h->file.port;
	h->server = server_new(h->loop, port, &server_events, h, err);
	if (!h->server)
		return false;
	h->file.port = server_port(h->server);
	h->file.pid = (int)getpid();
	if (!*h->file.key)
		make_key(h->file.key);
	str_copy(h->file.version, sizeof h->file.version, VERSION);
	log_hide_secret(h->file.key);
	return write_hostfile(h, err);
}

static bool
open_parts(struct host *h, struct error *err)
{
	char *path = path_join(h->data_dir, "host.db");

	h->store = store_open(h->loop, path, err);
	free(path);
	if (!h->store)
		return false;
	h->journal = journal_new(h->store);
	h->catalogue = catalogue_new(h, err);
	h->registry = registry_new(h);
	h->builder = builder_new(h);
	h->team = team_new(h->loop, h->registry, h->store);
	h->metrics = metrics_new(h->loop, h->registry, h->store);
	h->answers = answers_new(h->store, err);
	if (!h->catalogue || !h->answers || !registry_load(h->registry, err))
		return false;
	catalogue_sweep(h->catalogue);
	template_files_sweep(h);
	return true;
}

/* A sandbox takes about ten descriptors, a client one. */
static void
raise_limits(void)
{
	struct rlimit limit;

	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static size_t
ring_bytes(int64_t asked)
{
	if (asked == 0)
		return PROCESS_RING_BYTES;
	return asked > 0 ? (size_t)asked : 0;
}

/* What we start would inherit the ring with the person's keys. Failing is no hole: sandboxes
 * have no calls for keys, host/init/keys.c. */
static void
leave_session_keys(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		log_debug("host", "the session's keyring is kept: %s", strerror(errno));
}

/* Root needs none: in its sandboxes the machine's root is root too. */
static void
lay_system(struct host *h)
{
	struct error err;

	if (!h->support.system_writable || geteuid() == 0)
		return;
	h->system_layer = path_join(h->data_dir, "system");
	h->support.system_layer = h->system_layer;
	if (system_layer_make(h->system_layer, SYSTEM_LAYER_MAX, &err))
		return;
	h->support.system_writable = false;
	str_copy(h->support.system_reason, sizeof h->support.system_reason, err.text);
}

struct host *
host_open(struct loop *loop, const struct host_options *options, struct error *err)
{
	struct host *h = xcalloc(1, sizeof *h);

	h->loop = loop;
	h->state_dir = xstrdup(options->state_dir);
	h->data_dir = path_join(options->state_dir, "data");
	h->init_path = xstrdup(options->init_path);
	h->lock_fd = -1;
	h->replay_ring = ring_bytes(options->replay_ring);
	raise_limits();
	leave_session_keys();
	if (!make_directories(h, err) || !take_lock(h, err)) {
		host_close(h);
		return NULL;
	}
	h->ports = ports_new(loop);
	read_hostfile(h);
	box_probe(h->init_path, h->data_dir, &h->support);
	lay_system(h);
	if (open_server(h, options->port, err) && open_parts(h, err)) {
		simulate_fill(h->registry, CLAMP(options->simulate, 0, SIMULATE_MAX));
		return h;
	}
	host_close(h);
	return NULL;
}

/* ---- closing */

struct shutdown {
	struct host *host;	/* borrowed */
	struct timer *patience; /* owned */
	void (*done)(void *ctx);
	void *ctx; /* borrowed */
	bool flushing;
};

static void
on_flushed(void *ctx)
{
	struct shutdown *s = ctx;

	s->done(s->ctx);
	timer_free(s->patience);
	free(s);
}

static void
on_all_ended(void *ctx)
{
	struct shutdown *s = ctx;

	if (s->flushing)
		return;
	s->flushing = true;
	timer_stop(s->patience);
	store_flush(s->host->store, on_flushed, s);
}

static void
on_impatient(void *ctx)
{
	struct shutdown *s = ctx;

	log_warn("host", "some sandboxes did not end in time, or their files are many");
	s->host->hurried = true;
	on_all_ended(s);
}

void
host_shutdown(struct host *h, void (*done)(void *ctx), void *ctx)
{
	struct shutdown *s = xcalloc(1, sizeof *s);

	s->host = h;
	s->done = done;
	s->ctx = ctx;
	s->patience = timer_new(h->loop, on_impatient, s);
	timer_start(s->patience, SHUTDOWN_MAX_MS, 0);
	server_stop(h->server);
	forget_pid(h);
	builder_shutdown(h->builder);
	registry_shutdown(h->registry, on_all_ended, s);
}

void
host_close(struct host *h)
{
	if (!h)
		return;
	server_free(h->server);
	metrics_free(h->metrics);
	team_free(h->team);
	builder_free(h->builder);
	registry_free(h->registry);
	catalogue_free(h->catalogue);
	ports_free(h->ports);
	answers_free(h->answers);
	journal_free(h->journal);
	store_close(h->store);
	if (h->lock_fd >= 0) {
		if (h->server)
			forget_pid(h);
		lock_release(h->lock_fd);
	}
	free(h->state_dir);
	free(h->data_dir);
	free(h->init_path);
	free(h->system_layer);
	free(h);
}

/* ---- a process of its own */

struct run {
	struct host *host; /* borrowed */
	struct loop *loop; /* borrowed */
	bool quiet, ending;
};

static void
on_shut_down(void *ctx)
{
	struct run *run = ctx;

	loop_stop(run->loop);
}

static void
on_stop_signal(void *ctx, int signum)
{
	struct run *run = ctx;

	log_info("host", "signal %d: ending", signum);
	if (run->ending)
		return;
	run->ending = true;
	host_shutdown(run->host, on_shut_down, run);
}

/* One byte says "serving"; '!' and a text say why not. */
static void
tell_starter(int ready_fd, const char *text)
{
	ssize_t n;

	if (ready_fd < 0)
		return;
	n = write(ready_fd, text, strlen(text));
	if (n < 0)
		log_debug("host", "nobody waits for the start");
	close(ready_fd);
}

static void
announce(const struct host *h, int simulated)
{
	fprintf(stderr, "sandtop host: serving http://127.0.0.1:%d (pid %d)\n",
	    h->file.port, h->file.pid);
	fprintf(stderr, "isolation: %s%s%s\n", box_rung_name(h->support.rung),
	    *h->support.reason ? "; " : "", h->support.reason);
	if (!h->support.internet)
		fprintf(stderr, "sandboxes have no internet: %s\n",
		    h->support.internet_reason);
	if (!h->support.system_writable && h->support.rung != BOX_RUNG_PLAIN)
		fprintf(stderr, "/usr in sandboxes is read-only; %s\n",
		    h->support.system_reason);
	if (simulated > 0)
		fprintf(stderr,
		    "%d simulated sandboxes are listed besides; they end with this "
		    "host\n",
		    simulated);
}

static void
on_look_at_log(void *ctx)
{
	const struct run *run = ctx;

	host_log_rotate_own(run->host->state_dir);
}

static void
serve(struct loop *loop, struct host *h, const struct host_options *options, int ready_fd)
{
	struct run run = { .host = h, .loop = loop, .quiet = options->quiet };
	struct timer *log_timer;

	loop_on_signal(loop, SIGTERM, on_stop_signal, &run);
	loop_on_signal(loop, SIGINT, on_stop_signal, &run);
	/* The window's end is not the host's: it is stopped on purpose only. */
	signal(SIGHUP, SIG_IGN);
	if (!options->quiet)
		announce(h, options->simulate);
	tell_starter(ready_fd, "+");
	log_timer = timer_new(loop, on_look_at_log, &run);
	timer_start(log_timer, LOG_LOOK_MS, LOG_LOOK_MS);
	loop_run(loop);
	timer_free(log_timer);
	loop_on_signal(loop, SIGTERM, NULL, NULL);
	loop_on_signal(loop, SIGINT, NULL, NULL);
}

bool
host_run(const struct host_options *options, int ready_fd, struct error *err)
{
	struct loop *loop = loop_new();
	bool hurried = false;
	struct host *h;

	if (ready_fd >= 0)
		fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
	h = host_open(loop, options, err);
	if (h) {
		serve(loop, h, options, ready_fd);
		hurried = h->hurried;
		host_close(h);
	} else {
		char *why = xasprintf("!%s", err->text);

		tell_starter(ready_fd, why);
		free(why);
	}
	/* Files still on their way out are left to the next host's start. */
	if (!hurried)
		loop_free(loop);
	return h != NULL;
}
