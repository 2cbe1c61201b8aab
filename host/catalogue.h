/*
 * catalogue - the templates: what sandboxes are made from. Two are built in;
 * builds add more, and the snapshot of a sandbox is one too. control-plane.md
 * 2.12, 2.17, 3.7.
 *
 * A template has builds, newest first, and tags that each name one of them; the
 * tag "default" is what a reference without a tag means. What a sandbox begins
 * with is the build's: a tree of files whose copy becomes its root, and an
 * outset, the environment, user, directory and commands it starts with.
 */
#ifndef HOST_CATALOGUE_H
#define HOST_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define CATALOGUE_ID_SIZE 24   /* 20 of [a-z0-9] */
#define CATALOGUE_UUID_SIZE 40 /* a UUID */

struct host;
struct catalogue;

/* How a sandbox of a build starts. Zeroed: as the user "user" in its home, no commands. */
struct outset {
	struct pairs envs; /* owned */
	char *user;	   /* owned, as the rest; NULL: "user" */
	char *workdir;	   /* absolute; NULL: the user's home */
	char *start_cmd;   /* runs as long as the sandbox does; NULL: none */
	char *ready_cmd;   /* the sandbox is ready when it ends with 0; NULL: at once */
};
void outset_clear(struct outset *o);
void outset_copy(struct outset *dst, const struct outset *src); /* dst was zeroed */

enum build_status { BUILD_WAITING, BUILD_BUILDING, BUILD_READY, BUILD_ERROR };
const char *build_status_name(enum build_status status); /* as the API writes it */

struct build {
	struct build *next;	   /* owned by the template's list, newest first */
	struct template *template; /* borrowed */
	char id[CATALOGUE_UUID_SIZE];
	enum build_status status;
	int64_t created_ms, updated_ms, finished_ms; /* finished 0: not yet */
	int cpu_count;
	int64_t memory_mb, disk_mb;
	char *reason,
	    *reason_step; /* owned; why it failed, in which step; NULL: it did not */
	char *tree; /* owned; a directory below data/trees; NULL: sandboxes begin empty */
	struct outset outset;	    /* owned */
	struct strlist wanted_tags; /* owned: what it is tagged with once it is ready */
	bool ordered;		    /* its steps are known */
	unsigned users; /* copies of the tree that are being made: it must stay */
	bool doomed;	/* its template was removed; goes with the last user */
};

/* A tag was given to a build. */
struct assignment {
	struct assignment *next; /* owned by the tag's list */
	char id[CATALOGUE_UUID_SIZE];
	struct build *build; /* borrowed */
	int64_t at_ms;	     /* no two of a tag are the same */
};

/* Of one name: the build it names now, and those it named before. template_tags.h */
struct template_tag {
	struct template_tag *next; /* owned by the template's list */
	char *name;		   /* owned */
	struct assignment *latest; /* owned list, newest first; never NULL */
};

enum template_kind { TEMPLATE_BUILT_IN, TEMPLATE_OWN, TEMPLATE_SNAPSHOT };

struct template
{
	struct template
	    *next; /* owned by the catalogue, newest first, built-in ones last */
	enum template_kind kind;
	char id[CATALOGUE_ID_SIZE];
	struct strlist names; /* aliases; a snapshot without a name has none */
	bool is_public;
	bool interpreter; /* its sandboxes answer on port 49999 */
	int64_t created_ms, updated_ms;
	int64_t spawned_ms; /* of the last sandbox made from it; 0: none */
	int64_t spawn_count;
	char sandbox_id[32]; /* SNAPSHOT: of which */
	char base_id
	    [CATALOGUE_ID_SIZE]; /* SNAPSHOT: template of that sandbox, shown as its sandboxes' */
	struct build *builds;	   /* owned list */
	struct template_tag *tags; /* owned list, the newest assignment first */
};

/* Reads what is kept; blocks, at start only. */
struct catalogue *catalogue_new(struct host *host, struct error *err) MUST_CHECK;
void catalogue_free(struct catalogue *c); /* NULL is fine */
/* Removes what a crash left: half a copy, or a tree whose template is gone. Once, when there
 * is a registry. */
void catalogue_sweep(struct catalogue *c);

struct template *catalogue_first(const struct catalogue *c); /* then ->next */
/* By id or alias, as requests name it: blanks and case do not matter, "namespace/" and a
 * tag are dropped. NULL: there is none. */
struct template *catalogue_find(const struct catalogue *c, const char *reference);
/* The build that a sandbox of that reference is made from: the tag's, else the newest
 * ready one. NULL: no such template, tag, or no ready build. */
struct build *catalogue_find_build(const struct catalogue *c, const char *reference);
struct build *template_find_build(const struct template *t, const char *build_id);
bool template_reference_has_tag(const char *reference);
const char *template_alias(const struct template *t); /* the first name, "" without one */

/* ---- changes; all are kept on disk */
/* `name` NULL: it has none. It is not to be found before. */
struct template *catalogue_add(
    struct catalogue *c, enum template_kind kind, const char *name);
/* A new build, waiting, of the size of `like`. */
struct build *catalogue_add_build(
    struct catalogue *c, struct template *t, const struct build *like);
/* `why` and `step` for BUILD_ERROR, else NULL. What is ready gets a tag "default" unless it
 * has others. */
void catalogue_set_status(struct catalogue *c, struct build *b, enum build_status status,
    const char *why, const char *step);
void catalogue_set_tag(struct catalogue *c, struct template *t, const char *name,
    struct build *b);					      /* NULL: the tag goes */
void catalogue_save(struct catalogue *c, struct template *t); /* another member changed */
/* With builds, tags and trees, these when nobody copies them any more. */
void catalogue_remove(struct catalogue *c, struct template *t);
/* A directory for the tree of a build, not yet there. Caller frees. */
char *catalogue_tree_path(const struct catalogue *c, const char *build_id);
/* A tree without a template, held once: it goes with its last user. */
struct build *catalogue_add_loose(struct catalogue *c);
/* While its tree is being copied. */
void build_hold(struct build *b);
void catalogue_release(struct catalogue *c, struct build *b);
/* A new random UUID. */
void catalogue_new_uuid(char out[CATALOGUE_UUID_SIZE]);

#endif
