#include "host/builder.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "host/box_file.h"
#include "host/catalogue.h"
#include "host/errand.h"
#include "host/journal.h"
#include "host/sandbox.h"

#define AT_ONCE 2
#define READY_MAX_S 120 /* until the ready command has to succeed */
#define READY_EVERY_MS 2000
#define START_GRACE_MS 3000 /* a start command without a ready command stays up so long */
#define STEP_MAX_MS (3600 * 1000)
#define COPY_TAR "/tmp/.sandtop-copy.tar"

struct work {
	struct work *next;	 /* owned by the builder's list */
	struct builder *builder; /* borrowed */
	struct build *build;	 /* borrowed */
	struct build *base;	 /* borrowed and held while its tree is copied */
	struct build_order order;
	struct outset outset;  /* as far as the steps went */
	struct box *box;       /* owned */
	struct box_copy *copy; /* owned */
	struct errand *errand,
	    *server;	     /* owned: a step or the ready command; the start command */
	struct timer *timer; /* owned: deadline of a step, then of being ready */
	struct timer *again; /* owned: the ready command once more */
	struct transfer *transfer; /* borrowed: frees itself */
	struct buf said;	   /* owned: standard output of the errand, in short */
	size_t step;		   /* the one that runs, from 0 */
	bool running, readying, ending;
	char *failure;	  /* owned; NULL: it is fine so far */
	uint64_t freeing; /* deferred call; 0: none */
};

/* A tar file on its way into the box. */
struct transfer {
	struct work *work; /* borrowed; NULL: nobody waits */
	int from, to;	   /* owned */
	int failure;	   /* errno */
};

struct builder {
	struct host *host;  /* borrowed */
	struct work *works; /* owned list, oldest first */
};

static void start_next(struct builder *b);
static void run_step(struct work *w);
static void begin_ready(struct work *w);

/* ---- small things */

static void
note(struct work *w, const char *level, const char *text)
{
	char step[24];
	const char *const fields[] = { "step", step, NULL };

	snprintf(step, sizeof step, "%zu", w->step + 1);
	journal_add(
	    w->builder->host->journal, w->build->id, "builder", level, text, fields);
}

static void
work_free(struct work *w)
{
	struct work **at = &w->builder->works;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (w->freeing)
		loop_defer_cancel(w->builder->host->loop, w->freeing);
	errand_free(w->errand, w->box);
	errand_free(w->server, w->box);
	box_copy_cancel(w->copy);
	if (w->base)
		catalogue_release(w->builder->host->catalogue, w->base);
	if (w->transfer)
		w->transfer->work = NULL;
	box_free(w->box);
	timer_free(w->timer);
	timer_free(w->again);
	build_order_clear(&w->order);
	outset_clear(&w->outset);
	buf_clear(&w->said);
	free(w->failure);
	free(w);
}

static void
free_later(void *ctx)
{
	struct work *w = ctx;
	struct builder *b = w->builder;

	w->freeing = 0;
	work_free(w);
	start_next(b);
}

/* Nothing runs any more: what is the build now? */
static void
settle(struct work *w)
{
	struct host *h = w->builder->host;
	char step[24];

	if (w->failure) {
		snprintf(step, sizeof step, "%zu", w->step + 1);
		note(w, "error", w->failure);
		registry_remove_dir(h->registry, w->build->tree);
		free(w->build->tree);
		w->build->tree = NULL;
		catalogue_set_status(h->catalogue, w->build, BUILD_ERROR, w->failure,
		    w->step >= w->order.step_count ? "finalize" : step);
	} else {
		outset_clear(&w->build->outset);
		outset_copy(&w->build->outset, &w->outset);
		note(w, "info", "Template is built");
		catalogue_set_status(h->catalogue, w->build, BUILD_READY, NULL, NULL);
	}
	w->freeing = loop_defer(h->loop, free_later, w);
}

/* Ends everything inside; settle() follows. `why` NULL: it is done. */
static void
finish(struct work *w, const char *why)
{
	if (w->ending)
		return;
	w->ending = true;
	if (why)
		w->failure = xstrdup(why);
	timer_stop(w->timer);
	timer_stop(w->again);
	if (w->box)
		box_kill(w->box);
	else
		settle(w);
}

static PRINTF_LIKE(2, 3) void fail(struct work *w, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, 4096);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	finish(w, text.data);
	buf_clear(&text);
}

/* "ended with status 3" */
static const char *
end_text(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "was ended by signal %d", WTERMSIG(status));
	else
		snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
	return out;
}

/* ---- errands */

static void
on_line(void *ctx, bool error, const char *line)
{
	struct work *w = ctx;

	if (!error)
		buf_addf(&w->said, "%s%s", w->said.len > 0 ? "\n" : "", line);
	note(w, error ? "warn" : "info", line);
}

static const struct build_step *
step_of(const struct work *w)
{
	return &w->order.steps[w->step];
}

static void
next_step(struct work *w)
{
	w->step++;
	if (w->step < w->order.step_count)
		run_step(w);
	else
		begin_ready(w);
}

/* Takes over what the step found out. */
static void
conclude_step(struct work *w)
{
	const struct build_step *s = step_of(w);

	if (str_eq(s->type, "WORKDIR")) {
		free(w->outset.workdir);
		w->outset.workdir = xstrdup(w->said.data);
	} else if (str_eq(s->type, "ENV")) {
		const char *at = w->said.data;

		/* One value a line, in the order of the arguments. */
		for (size_t i = 0; i + 1 < s->args.count; i += 2) {
			size_t len = strcspn(at, "\n");
			char *value = xstrndup(at, len);

			pairs_set(&w->outset.envs, s->args.items[i], value);
			free(value);
			at += len + (at[len] == '\n');
		}
	}
}

static void
on_step_ended(void *ctx, int status, const char *why)
{
	struct work *w = ctx;
	char text[64];

	errand_free(w->errand, w->box);
	w->errand = NULL;
	if (status < 0)
		fail(w, "the step could not be run: %s", why);
	else if (status != 0)
		fail(w, "%s %s", step_of(w)->type, end_text(status, text, sizeof text));
	else {
		conclude_step(w);
		next_step(w);
	}
}

static void
run_script(struct work *w, const char *script, const char *user, const char *cwd,
    const struct pairs *envs)
{
	static const struct errand_events events = { .line = on_line,
		.ended = on_step_ended };
	const struct errand_what what = {
		.script = script, .user = user, .cwd = cwd, .envs = envs
	};

	buf_reset(&w->said);
	timer_start(w->timer, STEP_MAX_MS, 0);
	w->errand = errand_new(w->builder->host->loop, w->box, &what, &events, w);
}

/* ---- steps */

static bool
is_known_user(const char *name)
{
	return str_eq(name, "user") || str_eq(name, "root");
}

static void
step_run(struct work *w, const struct build_step *s)
{
	const char *user =
	    s->args.count > 1 && *s->args.items[1] ? s->args.items[1] : w->outset.user;

	if (s->args.count == 0)
		fail(w, "RUN needs a command");
	else if (user && !is_known_user(user))
		fail(w, "RUN as '%s': the local host knows the users user and root only",
		    user);
	else
		run_script(w, s->args.items[0], user, w->outset.workdir, &w->outset.envs);
}

/* "$NAME" means a variable; nothing else is special. */
static void
add_quoted(struct buf *script, const char *value)
{
	buf_add_char(script, '"');
	for (const char *c = value; *c; c++) {
		if (strchr("\"\\`", *c) || (*c == '$' && c[1] == '('))
			buf_add_char(script, '\\');
		buf_add_char(script, *c == '\n' ? ' ' : *c);
	}
	buf_add_char(script, '"');
}

static void
step_env(struct work *w, const struct build_step *s)
{
	struct buf script;

	if (s->args.count == 0 || s->args.count % 2 != 0) {
		fail(w, "ENV needs names and values");
		return;
	}
	buf_init(&script, 4 * 1024 * 1024);
	for (size_t i = 0; i < s->args.count; i += 2) {
		buf_add_str(&script, "printf '%s\\n' ");
		add_quoted(&script, s->args.items[i + 1]);
		buf_add_char(&script, '\n');
	}
	run_script(w, script.data, "root", NULL, &w->outset.envs);
	buf_clear(&script);
}

static void
step_workdir(struct work *w, const struct build_step *s)
{
	static const char script[] =
	    "case $S_DIR in /*) d=$S_DIR ;; *) d=$S_FROM/$S_DIR ;; esac\n"
	    "new= at=$d\n"
	    "while [ ! -d \"$at\" ]; do new=$at; at=$(dirname \"$at\"); done\n"
	    "mkdir -p \"$d\" || exit\n"
	    "[ -z \"$new\" ] || chown -R \"$S_USER:$S_USER\" \"$new\" 2>/dev/null\n"
	    "cd \"$d\" && pwd\n";
	struct pairs envs = { .count = 0 };

	if (s->args.count == 0) {
		fail(w, "WORKDIR needs a directory");
		return;
	}
	pairs_set(&envs, "S_DIR", s->args.items[0]);
	pairs_set(&envs, "S_FROM", w->outset.workdir ? w->outset.workdir : "");
	pairs_set(&envs, "S_USER", w->outset.user ? w->outset.user : "user");
	run_script(w, script, "root", NULL, &envs);
	pairs_clear(&envs);
}

static void
step_user(struct work *w, const struct build_step *s)
{
	const char *name = s->args.count > 0 ? s->args.items[0] : "";

	if (!is_known_user(name)) {
		fail(w, "USER '%s': the local host knows the users user and root only",
		    name);
		return;
	}
	free(w->outset.user);
	w->outset.user = xstrdup(name);
	next_step(w);
}

/* Up to the first part with a pattern: the client has matched it. */
static char *
plain_source(const char *path)
{
	size_t len = strcspn(path, "*?[{");

	if (path[len])
		while (len > 0 && path[len - 1] != '/')
			len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len > 0 ? xstrndup(path, len) : xstrdup(".");
}

static void
unpack(struct work *w)
{
	static const char script[] =
	    "set -e\n"
	    "top=/tmp/.sandtop-copy; rm -rf \"$top\"; mkdir -p \"$top\"\n"
	    "tar -xf \"$S_TAR\" -C \"$top\"; rm -f \"$S_TAR\"\n"
	    "src=$top/$S_SRC\n"
	    "case $S_DST in /*) dst=$S_DST ;; *) dst=$S_DIR/$S_DST ;; esac\n"
	    "[ -e \"$src\" ] || [ -L \"$src\" ] || "
	    "{ echo \"$S_SRC is not in the upload\" >&2; exit 1; }\n"
	    "chown -hR \"$S_OWNER\" \"$src\" 2>/dev/null || :\n"
	    "[ -z \"$S_MODE\" ] || [ -L \"$src\" ] || chmod -R \"$S_MODE\" \"$src\"\n"
	    "if [ -d \"$src\" ] && [ ! -L \"$src\" ]; then\n"
	    "  mkdir -p \"$dst\"\n"
	    "  tar -C \"$src\" -cf - . | "
	    "tar -C \"$dst\" -xf - --keep-directory-symlink --no-overwrite-dir\n"
	    "else\n"
	    "  case $dst in */) mkdir -p \"$dst\" ;; *) mkdir -p \"$(dirname \"$dst\")\" "
	    ";; esac\n"
	    "  mv -f \"$src\" \"$dst\"\n"
	    "fi\n"
	    "chmod -R u+rwX \"$top\"; rm -rf \"$top\"\n";
	const struct build_step *s = step_of(w);
	const char *user = w->outset.user ? w->outset.user : "user";
	const char *owner =
	    s->args.count > 2 && *s->args.items[2] ? s->args.items[2] : user;
	char *whole =
	    strchr(owner, ':') ? xstrdup(owner) : xasprintf("%s:%s", owner, owner);
	char *source = plain_source(s->args.items[0]);
	struct pairs envs = { .count = 0 };

	pairs_set(&envs, "S_TAR", COPY_TAR);
	pairs_set(&envs, "S_SRC", source);
	pairs_set(&envs, "S_DST", s->args.items[1]);
	pairs_set(&envs, "S_DIR",
	    w->outset.workdir	   ? w->outset.workdir
	    : str_eq(user, "root") ? "/root"
				   : "/home/user");
	pairs_set(&envs, "S_OWNER", whole);
	pairs_set(&envs, "S_MODE", s->args.count > 3 ? s->args.items[3] : "");
	run_script(w, script, "root", "/", &envs);
	pairs_clear(&envs);
	free(whole);
	free(source);
}

/* In the pool. */
static void
transfer_bytes(void *ctx)
{
	struct transfer *t = ctx;
	char bytes[65536];
	ssize_t n;

	while (t->failure == 0 && (n = read(t->from, bytes, sizeof bytes)) != 0) {
		if (n < 0)
			t->failure = errno;
		for (ssize_t done = 0; done < n && t->failure == 0;) {
			ssize_t put = write(t->to, bytes + done, (size_t)(n - done));

			if (put < 0)
				t->failure = errno;
			else
				done += put;
		}
	}
}

static void
on_transferred(void *ctx)
{
	struct transfer *t = ctx;
	struct work *w = t->work;

	close(t->from);
	close(t->to);
	if (w)
		w->transfer = NULL;
	if (w && !w->ending && t->failure != 0)
		fail(w, "the uploaded files could not be copied: %s",
		    strerror(t->failure));
	else if (w && !w->ending)
		unpack(w);
	free(t);
}

static void
on_tar_opened(void *ctx, struct box_file_reply *reply)
{
	struct transfer *t = ctx;

	if (!t->work || t->work->ending || reply->result != INIT_OK) {
		if (t->work)
			t->work->transfer = NULL;
		if (t->work && !t->work->ending)
			fail(t->work, "the uploaded files could not be copied: %s",
			    reply->message);
		close(t->from);
		free(t);
		return;
	}
	t->to = reply->fd;
	reply->fd = -1;
	loop_work(t->work->builder->host->loop, transfer_bytes, on_transferred, t);
}

static void
step_copy(struct work *w, const struct build_step *s)
{
	const struct box_file file = { .type = INIT_OPEN,
		.user = "root",
		.path = COPY_TAR,
		.flags = INIT_FILE_WRITE };
	struct transfer *t;
	char *path;
	int fd;

	if (s->args.count < 2 || !s->files_hash ||
	    strlen(s->files_hash) != TEMPLATE_HASH_LEN ||
	    strspn(s->files_hash, "0123456789abcdef") != TEMPLATE_HASH_LEN) {
		fail(w, "COPY needs a source, a destination and the hash of its files");
		return;
	}
	path = template_file_path(w->builder->host, s->files_hash);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0) {
		fail(w, "the files of COPY %s were not uploaded", s->args.items[0]);
		return;
	}
	t = w->transfer = xcalloc(1, sizeof *t);
	t->work = w;
	t->from = fd;
	box_file(w->box, &file, on_tar_opened, t);
}

static const struct {
	const char *type;
	void (*run)(struct work *w, const struct build_step *s);
} steps[] = {
	{ "RUN", step_run },
	{ "COPY", step_copy },
	{ "ADD", step_copy },
	{ "ENV", step_env },
	{ "WORKDIR", step_workdir },
	{ "USER", step_user },
};

static void
note_step(struct work *w, const struct build_step *s)
{
	struct buf text, clean;

	buf_init(&text, 4096);
	buf_init(&clean, 65536);
	buf_addf(
	    &text, "[builder %zu/%zu] %s", w->step + 1, w->order.step_count, s->type);
	for (size_t i = 0; i < s->args.count && i < 2; i++)
		buf_addf(&text, " %.500s", s->args.items[i]);
	text_clean(&clean, text.data, text.len);
	note(w, "info", clean.data);
	buf_clear(&text);
	buf_clear(&clean);
}

static void
run_step(struct work *w)
{
	const struct build_step *s = step_of(w);

	note_step(w, s);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (str_eq(s->type, steps[i].type)) {
			steps[i].run(w, s);
			return;
		}
	fail(w, "a step of type '%s' is not known", s->type);
}

/* ---- being ready */

static void
on_ready_ended(void *ctx, int status, const char *why)
{
	struct work *w = ctx;

	errand_free(w->errand, w->box);
	w->errand = NULL;
	if (status < 0)
		fail(w, "the ready command could not be run: %s", why);
	else if (status == 0)
		finish(w, NULL);
	else
		timer_start(w->again, READY_EVERY_MS, 0);
}

static void
ask_ready(struct work *w)
{
	static const struct errand_events events = { .line = on_line,
		.ended = on_ready_ended };
	const struct errand_what what = {
		.script = w->order.ready_cmd,
		.user = w->outset.user,
		.cwd = w->outset.workdir,
		.envs = &w->outset.envs,
	};

	if (w->ending || w->errand)
		return;
	w->errand = errand_new(w->builder->host->loop, w->box, &what, &events, w);
}

static void
on_again(void *ctx)
{
	struct work *w = ctx;

	if (w->order.ready_cmd)
		ask_ready(w);
	else
		finish(w, NULL); /* the start command is still there */
}

static void
on_server_ended(void *ctx, int status, const char *why)
{
	struct work *w = ctx;
	char text[64];

	errand_free(w->server, w->box);
	w->server = NULL;
	if (w->ending)
		return;
	if (status < 0)
		fail(w, "the start command could not be run: %s", why);
	else if (status != 0)
		fail(w, "the start command %s", end_text(status, text, sizeof text));
}

static void
start_server(struct work *w)
{
	static const struct errand_events events = { .line = on_line,
		.ended = on_server_ended };
	const struct errand_what what = {
		.script = w->order.start_cmd,
		.user = w->outset.user,
		.cwd = w->outset.workdir,
		.envs = &w->outset.envs,
	};

	note(w, "info", "Running the start command");
	w->outset.start_cmd = xstrdup(w->order.start_cmd);
	w->server = errand_new(w->builder->host->loop, w->box, &what, &events, w);
}

static void
begin_ready(struct work *w)
{
	w->readying = true;
	timer_start(w->timer, READY_MAX_S * 1000, 0);
	if (w->order.start_cmd)
		start_server(w);
	if (w->order.ready_cmd) {
		note(w, "info", "Waiting for the template to be ready");
		w->outset.ready_cmd = xstrdup(w->order.ready_cmd);
		ask_ready(w);
	} else if (w->order.start_cmd) {
		timer_start(w->again, START_GRACE_MS, 0);
	} else {
		finish(w, NULL);
	}
}

static void
on_late(void *ctx)
{
	struct work *w = ctx;

	if (w->readying)
		fail(w,
		    "the template was not ready within %d seconds: its ready command "
		    "never succeeded",
		    READY_MAX_S);
	else
		fail(w, "the step took more than an hour");
}

/* ---- the box */

static void
on_box_ready(void *ctx)
{
	struct work *w = ctx;

	if (w->order.step_count > 0)
		run_step(w);
	else
		begin_ready(w);
}

static void
on_box_ended(void *ctx, const struct error *why)
{
	struct work *w = ctx;

	if (!w->ending) {
		w->ending = true;
		w->failure = xasprintf(
		    "the build's container ended: %s", why ? why->text : "it was killed");
	}
	settle(w);
}

static void
on_box_exited(void *ctx, int pid, int status)
{
	struct work *w = ctx;

	if (w->errand && errand_exited(w->errand, pid, status))
		return;
	if (w->server)
		errand_exited(w->server, pid, status);
}

static void
start_box(struct work *w)
{
	static const struct box_events events = {
		.ready = on_box_ready,
		.ended = on_box_ended,
		.exited = on_box_exited,
	};
	struct host *h = w->builder->host;
	struct pairs envs = { .count = 0 };
	struct error err = { 0 };
	const struct box_options options = {
		.id = "build",
		.dir = w->build->tree,
		.init_path = h->init_path,
		.support = &h->support,
		.envs = &envs,
		.internet = true,
		.cpu_count = w->build->cpu_count,
		.memory_mb = w->build->memory_mb,
	};

	pairs_set(&envs, "E2B_TEMPLATE_ID", w->build->template->id);
	w->box = box_new(h->loop, &options, &events, w, &err);
	pairs_clear(&envs);
	if (!w->box)
		finish(w, err.text);
}

static void
on_copied(void *ctx, const struct error *err)
{
	struct work *w = ctx;

	w->copy = NULL;
	catalogue_release(w->builder->host->catalogue, w->base);
	w->base = NULL;
	if (err)
		finish(w, err->text);
	else
		start_box(w);
}

/* The build it starts from; NULL: it has failed. */
static struct build *
find_base(struct work *w)
{
	static const struct {
		const char *image, *template;
	} images[] = {
		{ "e2bdev/base", "base" },
		{ "e2bdev/code-interpreter", "code-interpreter-v1" },
	};
	const struct catalogue *c = w->builder->host->catalogue;
	const char *image = w->order.from_image, *name = w->order.from_template;
	size_t len = image ? strcspn(image, ":@") : 0;
	struct build *b = NULL;

	for (size_t i = 0; image && !name && i < ARRAY_LEN(images); i++)
		if (len == strlen(images[i].image) &&
		    memcmp(image, images[i].image, len) == 0)
			name = images[i].template;
	if (!image && !name)
		name = "base";
	if (name)
		b = catalogue_find_build(c, name);
	if (!name)
		fail(w,
		    "there are no images on the local host, so not '%s' either: "
		    "templates "
		    "start from fromTemplate('base') or fromBaseImage(), with this "
		    "machine's "
		    "own programs",
		    image);
	else if (!b)
		fail(w, "there is no template '%s' to start from, or it is not ready",
		    name);
	return b;
}

static void
start_work(struct work *w)
{
	struct host *h = w->builder->host;
	struct build *base;

	w->running = true;
	catalogue_set_status(h->catalogue, w->build, BUILD_BUILDING, NULL, NULL);
	w->build->tree = catalogue_tree_path(h->catalogue, w->build->id);
	base = find_base(w);
	if (!base)
		return;
	w->build->template->interpreter = base->template->interpreter;
	catalogue_save(h->catalogue, w->build->template);
	outset_copy(&w->outset, &base->outset);
	free(w->outset.start_cmd);
	free(w->outset.ready_cmd);
	w->outset.start_cmd = w->outset.ready_cmd = NULL;
	if (!base->tree) {
		start_box(w);
		return;
	}
	build_hold(base);
	w->base = base;
	w->copy = box_copy_dir(
	    h->loop, base->tree, w->build->tree, h->init_path, &h->support, on_copied, w);
}

static void
start_next(struct builder *b)
{
	size_t running = 0;

	for (struct work *w = b->works; w; w = w->next)
		running += w->running;
	for (struct work *w = b->works; w && running < AT_ONCE; w = w->next)
		if (!w->running) {
			running++;
			start_work(w);
		}
}

/* ---- the builder */

struct builder *
builder_new(struct host *host)
{
	struct builder *b = xcalloc(1, sizeof *b);

	b->host = host;
	return b;
}

void
builder_free(struct builder *b)
{
	while (b && b->works)
		work_free(b->works);
	free(b);
}

void
builder_begin(struct builder *b, struct build *build, struct build_order *order)
{
	struct work *w = xcalloc(1, sizeof *w);
	struct work **at = &b->works;

	w->builder = b;
	w->build = build;
	w->order = *order;
	*order = (struct build_order){ 0 };
	build->ordered = true;
	buf_init(&w->said, 1024 * 1024);
	w->timer = timer_new(b->host->loop, on_late, w);
	w->again = timer_new(b->host->loop, on_again, w);
	while (*at)
		at = &(*at)->next;
	*at = w;
	start_next(b);
}

void
builder_cancel(struct builder *b, const struct template *t)
{
	struct work *next;

	for (struct work *w = b->works; w; w = next) {
		next = w->next;
		if (w->build->template == t)
			work_free(w);
	}
	start_next(b);
}
