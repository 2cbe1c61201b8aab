/* builder_steps - what the steps of a build do: RUN, COPY, ENV, WORKDIR, USER. */
#include "host/builder_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/text.h"
#include "host/box_file.h"

#define STEP_MAX_MS (3600 * 1000)
#define COPY_TAR "/tmp/.sandtop-copy.tar"
#define VALUE_MAX (256u * 1024) /* in base64; the kernel's own limit is 128 KiB */

/* ---- one after the other */

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
		builder_run_step(w);
	else
		builder_begin_ready(w);
}

/* One value a line, in the order of the arguments, in base64: it may hold anything. */
static void
take_variables(struct work *w, const struct build_step *s)
{
	const char *at = w->said.data;

	for (size_t i = 0; i + 1 < s->args.count; i += 2) {
		size_t line = strcspn(at, "\n"), len;
		char *value = xcalloc(1, BASE64_DECODED_MAX(line) + 1);

		if (base64_decode(at, line, value, &len)) {
			value[len] = '\0';
			pairs_set(&w->outset.envs, s->args.items[i], value);
		}
		free(value);
		at += line + (at[line] == '\n');
	}
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
		take_variables(w, s);
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
		builder_fail(w, "the step could not be run: %s", why);
	else if (status != 0)
		builder_fail(w, "%s %s", step_of(w)->type,
		    builder_end_text(status, text, sizeof text));
	else if (w->said.overflow && str_eq(step_of(w)->type, "ENV"))
		builder_fail(w, "ENV: the values are longer than 1 MiB");
	else {
		conclude_step(w);
		next_step(w);
	}
}

static void
run(struct work *w, const struct errand_what *what, const struct errand_events *events)
{
	buf_reset(&w->said);
	timer_start(w->timer, STEP_MAX_MS, 0);
	w->errand = errand_new(w->builder->host->loop, w->box, what, events, w);
}

static void
run_script(struct work *w, const char *script, const char *user, const char *cwd,
    const struct pairs *envs)
{
	static const struct errand_events events = { .line = builder_on_line,
		.ended = on_step_ended };
	const struct errand_what what = {
		.script = script, .user = user, .cwd = cwd, .envs = envs
	};

	run(w, &what, &events);
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
		builder_fail(w, "RUN needs a command");
	else if (user && !is_known_user(user))
		builder_fail(w,
		    "failed to run command '%.500s': command failed: unauthenticated: "
		    "invalid username: '%s' (the local host knows the users user and "
		    "root only)",
		    s->args.items[0], user);
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
		buf_add_char(script, *c);
	}
	buf_add_char(script, '"');
}

/* Values are for us, not for the log. */
static void
on_value(void *ctx, bool error, const char *line)
{
	struct work *w = ctx;

	if (error)
		builder_on_line(ctx, error, line);
	else
		buf_addf(&w->said, "%s\n", line);
}

static void
step_env(struct work *w, const struct build_step *s)
{
	static const struct errand_events events = { .line = on_value,
		.ended = on_step_ended };
	struct errand_what what = {
		.user = "root", .envs = &w->outset.envs, .line_max = VALUE_MAX
	};
	struct buf script;

	if (s->args.count == 0 || s->args.count % 2 != 0) {
		builder_fail(w, "ENV needs names and values");
		return;
	}
	buf_init(&script, 4 * 1024 * 1024);
	for (size_t i = 0; i < s->args.count; i += 2) {
		buf_add_str(&script, "printf %s ");
		add_quoted(&script, s->args.items[i + 1]);
		buf_add_str(&script, " | base64 -w 0; echo\n");
	}
	what.script = script.data;
	run(w, &what, &events);
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
		builder_fail(w, "WORKDIR needs a directory");
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
		builder_fail(w,
		    "USER '%s': the local host knows the users user and root only", name);
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
		builder_fail(w, "the uploaded files could not be copied: %s",
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
			builder_fail(t->work,
			    "the uploaded files could not be copied: %s", reply->message);
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
		builder_fail(
		    w, "COPY needs a source, a destination and the hash of its files");
		return;
	}
	path = template_file_path(w->builder->host, s->files_hash);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0) {
		builder_fail(
		    w, "the files of COPY %s were not uploaded", s->args.items[0]);
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
	builder_note(w, "info", clean.data);
	buf_clear(&text);
	buf_clear(&clean);
}

void
builder_run_step(struct work *w)
{
	const struct build_step *s = step_of(w);

	note_step(w, s);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (str_eq(s->type, steps[i].type)) {
			steps[i].run(w, s);
			return;
		}
	builder_fail(w, "a step of type '%s' is not known", s->type);
}
