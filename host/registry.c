/* registry - all sandboxes of the host: ids, time-outs, what survives a restart. */
#include "host/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "host/builder.h"
#include "host/interpreter.h"
#include "host/journal.h"
#include "host/sandbox_internal.h"
#include "host/store.h"

#define ID_LENGTH 21
#define TRIES 5 /* to remove a directory once more */
#define TRY_AGAIN_MS 200
#define EXPIRY_MAX_MS 5000 /* a sleeping machine's clock jumps: look now and then */

/* ---- ids */

static bool
is_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
sandbox_id_parse(const char *text, char out[32])
{
	size_t len = 0;

	while (is_id_char(text[len]))
		len++;
	if (len == 0 || len > 31)
		return false;
	if (text[len] == '-') {
		const char *suffix = text + len + 1;

		if (!*suffix)
			return false;
		while (is_id_char(*suffix))
			suffix++;
		if (*suffix)
			return false;
	} else if (text[len]) {
		return false;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

/* ---- expiry */

static void
on_expiry(void *ctx)
{
	struct registry *r = ctx;
	int64_t now_ms = clock_wall_ms();
	struct sandbox *next;

	for (struct sandbox *s = r->first; s; s = next) {
		next = s->next;
		if (s->state == SANDBOX_RUNNING && !s->snapshot &&
		    s->info.end_ms <= now_ms)
			sandbox_expire(s);
	}
	registry_schedule(r);
}

void
registry_schedule(struct registry *r)
{
	int64_t now_ms = clock_wall_ms(), wait_ms = INT64_MAX;

	for (const struct sandbox *s = r->first; s; s = s->next)
		if (s->state == SANDBOX_RUNNING && !s->snapshot)
			wait_ms = MIN(wait_ms, s->info.end_ms - now_ms);
	if (wait_ms == INT64_MAX || r->closing)
		timer_stop(r->expiry);
	else
		timer_start(r->expiry, (uint64_t)CLAMP(wait_ms, 1, EXPIRY_MAX_MS), 0);
}

/* ---- the list */

static struct sandbox *
add_bare(struct registry *r, struct rest_sandbox *info)
{
	struct sandbox *s = xcalloc(1, sizeof *s);

	s->registry = r;
	s->info = *info;
	*info = (struct rest_sandbox){ 0 };
	s->info.domain = xasprintf("localhost:%d", r->host->file.port);
	s->next = r->first;
	r->first = s;
	map_set(r->by_id, s->info.id, s);
	return s;
}

struct sandbox *
registry_add(struct registry *r, struct rest_sandbox *info, struct pairs *envs)
{
	struct sandbox *s = add_bare(r, info);

	s->envs = *envs;
	*envs = (struct pairs){ 0 };
	s->dir = path_join(r->dir, s->info.id);
	s->processes = process_table_new(
	    r->host->loop, r->host->replay_ring, sandbox_process_events(), s);
	s->watchers = watcher_table_new(r->host->loop);
	s->interpreter = interpreter_new(r->host->loop);
	return s;
}

struct sandbox *
registry_add_simulated(struct registry *r, struct rest_sandbox *info, uint32_t number)
{
	struct sandbox *s = add_bare(r, info);

	s->simulated = number;
	return s;
}

static void begin_removal(void *ctx);

static void
removal_free(struct removal *removal)
{
	timer_free(removal->again);
	free(removal->dir);
	free(removal);
}

static void
on_again(void *ctx)
{
	struct removal *removal = ctx;

	timer_free(removal->again);
	removal->again = NULL;
	begin_removal(removal);
}

/* What was killed a moment ago may have written something behind the wiper's back. */
static void
on_removed(void *ctx, const struct error *err)
{
	struct removal *removal = ctx;
	struct registry *r = removal->registry;

	if (r && err && removal->tries++ < TRIES) {
		removal->again = timer_new(r->host->loop, on_again, removal);
		timer_start(removal->again, TRY_AGAIN_MS, 0);
		return;
	}
	if (err)
		log_warn("registry", "%s", err->text);
	if (r) {
		struct removal **at = &r->removals;

		while (*at != removal)
			at = &(*at)->next;
		*at = removal->next;
		registry_settle(r);
	}
	removal_free(removal);
}

/* Left to the next start when the host is gone. */
static void
begin_removal(void *ctx)
{
	struct removal *removal = ctx;
	const struct registry *r = removal->registry;

	if (r)
		box_remove_dir(r->host->loop, removal->dir, r->host->init_path,
		    &r->host->support, on_removed, removal);
	else
		on_removed(removal, NULL);
}

/* Whose it was is forgotten first: half of it must not come back with a host that is killed
 * meanwhile. */
void
registry_remove_dir(struct registry *r, const char *dir)
{
	struct removal *removal = xcalloc(1, sizeof *removal);

	removal->registry = r;
	removal->dir = xstrdup(dir);
	removal->next = r->removals;
	r->removals = removal;
	if (store_owes(r->host->store))
		store_when_written(r->host->store, begin_removal, removal);
	else
		begin_removal(removal);
}

void
registry_remove(struct registry *r, struct sandbox *s)
{
	struct sandbox **at = &r->first;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	map_remove(r->by_id, s->info.id);
	if (!s->simulated)
		registry_remove_dir(r, s->dir);
	sandbox_free(s);
	registry_schedule(r);
}

struct sandbox *
registry_first(const struct registry *r)
{
	return r->first;
}

struct sandbox *
registry_find(const struct registry *r, const char *id)
{
	char name[32];
	struct sandbox *s;

	if (!sandbox_id_parse(id, name))
		return NULL;
	s = map_get(r->by_id, name);
	if (!s || s->state == SANDBOX_STARTING || s->state == SANDBOX_ENDING)
		return NULL;
	return s;
}

struct sandbox *
registry_find_real(const struct registry *r, const char *id)
{
	struct sandbox *s = registry_find(r, id);

	return s && !s->simulated ? s : NULL;
}

size_t
registry_count(const struct registry *r, enum sandbox_state state)
{
	size_t count = 0;

	for (const struct sandbox *s = r->first; s; s = s->next)
		count += s->state == state;
	return count;
}

/* ---- life */

struct registry *
registry_new(struct host *host)
{
	struct registry *r = xcalloc(1, sizeof *r);

	r->host = host;
	r->dir = path_join(host->data_dir, "sandboxes");
	r->by_id = map_new();
	r->expiry = timer_new(host->loop, on_expiry, r);
	return r;
}

void
registry_free(struct registry *r)
{
	if (!r)
		return;
	r->closing = true;
	/* Before any is freed: they may look for others. */
	for (struct sandbox *s = r->first; s; s = s->next)
		sandbox_give_up(s);
	while (r->first) {
		struct sandbox *s = r->first;

		r->first = s->next;
		sandbox_free(s);
	}
	while (r->removals) {
		struct removal *removal = r->removals;

		r->removals = removal->next;
		removal->registry = NULL;
		if (removal->again) /* nobody else knows of it now */
			removal_free(removal);
	}
	map_free(r->by_id, NULL);
	timer_free(r->expiry);
	free(r->dir);
	free(r);
}

/* What ran is not running any more, and that is what is told. */
static void
restore(void *ctx, struct store_sandbox *row)
{
	struct registry *r = ctx;
	bool ran = row->info.state == REST_STATE_RUNNING;
	struct sandbox *s;

	if (ran) {
		row->info.state = REST_STATE_PAUSED;
		row->info.end_ms = MIN(row->info.end_ms, clock_wall_ms());
	}
	row->info.envd_version = xstrdup(HOST_ENVD_VERSION);
	s = registry_add(r, &row->info, &row->envs);
	s->state = SANDBOX_PAUSED;
	s->created_ms = row->created_ms;
	s->timeout_s = row->timeout_s;
	s->pause_memory = row->pause_memory;
	s->series.first_s = 1;
	if (!ran)
		return;
	sandbox_save(s);
	journal_add(r->host->journal, s->info.id, "host", "warn",
	    "The host ended without pausing this sandbox: its processes are gone, its "
	    "files "
	    "are kept; resume starts it afresh",
	    NULL);
}

static void
restore_outset(void *ctx, const struct strlist *columns)
{
	struct registry *r = ctx;
	struct sandbox *s = map_get(r->by_id, columns->items[0]);
	struct sandbox none = { 0 }, *to = s ? s : &none;
	char **const members[] = { &to->outset.user, &to->outset.workdir,
		&to->outset.start_cmd, &to->outset.ready_cmd, &to->info.traffic_token,
		&to->info.network.mask_host };

	if (!s)
		return;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (*columns->items[i + 1])
			*members[i] = xstrdup(columns->items[i + 1]);
	s->info.network.is_closed = s->info.traffic_token != NULL;
	s->info.network.denies_all = *columns->items[7] != '\0';
}

/* Directories that no row speaks of: a create that a crash interrupted. */
static void
remove_strays(struct registry *r)
{
	DIR *dir = opendir(r->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char *path;

		if (entry->d_name[0] == '.' || map_get(r->by_id, entry->d_name))
			continue;
		path = path_join(r->dir, entry->d_name);
		registry_remove_dir(r, path);
		free(path);
	}
	if (dir)
		closedir(dir);
}

/* Sandboxes have nothing to do with one another: ext4 then gives each a place of its own on
 * the disk. Else they all come from one place, and where there is no journal every new file
 * searches past those that were deleted in the last minute. Other file systems do not care. */
static void
spread(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), flags;

	if (fd < 0)
		return;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && !(flags & FS_TOPDIR_FL)) {
		flags |= FS_TOPDIR_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	close(fd);
}

bool
registry_load(struct registry *r, struct error *err)
{
	if (!path_make_dirs(r->dir, err))
		return false;
	spread(r->dir);
	if (!store_each_sandbox(r->host->store, restore, r, err))
		return false;
	if (!store_each_outset(r->host->store, restore_outset, r, err))
		return false;
	remove_strays(r);
	return true;
}

void
registry_settle(struct registry *r)
{
	void (*done)(void *ctx) = r->shut_down;

	if (r->removals || !builder_is_idle(r->host->builder))
		return;
	for (const struct sandbox *s = r->first; s; s = s->next)
		if (s->box)
			return;
	r->shut_down = NULL;
	if (done)
		done(r->shut_down_ctx);
}

static void
end_for_shutdown(struct sandbox *s)
{
	struct registry *r = s->registry;

	if (s->state == SANDBOX_RUNNING || s->box) {
		s->info.state = REST_STATE_PAUSED;
		if (s->state == SANDBOX_RUNNING)
			s->info.end_ms = clock_wall_ms();
		s->state = SANDBOX_PAUSED;
		sandbox_save(s);
		journal_add(r->host->journal, s->info.id, "host", "info",
		    "The host stopped: processes ended, files kept; resume starts the "
		    "sandbox "
		    "afresh",
		    NULL);
	}
	process_table_drop(s->processes, "the local host stopped");
	if (s->box && !s->box_ending) {
		s->box_ending = true;
		box_kill(s->box);
	}
}

static void
on_nothing_left(void *ctx)
{
	registry_settle(ctx);
}

void
registry_shutdown(struct registry *r, void (*done)(void *ctx), void *ctx)
{
	r->closing = true;
	r->shut_down = done;
	r->shut_down_ctx = ctx;
	timer_stop(r->expiry);
	for (struct sandbox *s = r->first; s; s = s->next)
		if (s->simulated)
			; /* it just goes */
		else if (s->state != SANDBOX_STARTING && s->state != SANDBOX_ENDING)
			end_for_shutdown(s);
		else if (s->box && !s->box_ending) {
			s->box_ending = true;
			box_kill(s->box);
		}
	loop_defer(r->host->loop, on_nothing_left, r);
}
