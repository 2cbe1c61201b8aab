/*
 * builder - makes the files of templates: each build is a container of its own
 * in which the steps run one after the other (RUN, COPY, ENV, WORKDIR, USER),
 * then the start command and the ready command; what is left on disk is the
 * tree that sandboxes begin with. There are no images here: a build starts
 * from a template. control-plane.md 2.17.
 *
 * Lines that commands write, and what the builder does, go to the log of the
 * build's id; the end to its status. At most two builds run at once, others
 * wait.
 */
#ifndef HOST_BUILDER_H
#define HOST_BUILDER_H

#include "host/core.h"
#include "wire/rest_template.h"

struct builder;
struct template;
struct build;

struct builder *builder_new(struct host *host);
void builder_free(struct builder *b); /* ends all; NULL is fine */
/* All builds fail; registry_settle() follows, when nothing of theirs runs any more. */
void builder_shutdown(struct builder *b);
bool builder_is_idle(const struct builder *b); /* NULL is idle */
/* Takes what is in the order. The build is waiting. */
void builder_begin(struct builder *b, struct build *build, struct build_order *order);
/* Before a template is removed: its builds end, unreported. */
void builder_cancel(struct builder *b, const struct template *t);

/* ---- files for COPY, as clients upload them. template_files.c */
#define TEMPLATE_HASH_LEN 64					  /* hexadecimal digits */
char *template_file_path(const struct host *h, const char *hash); /* caller frees */
/* What a URL for the upload must hold, so that nobody else writes here. */
void template_file_capability(
    const struct host *h, const char *hash, char out[TEMPLATE_HASH_LEN + 1]);
/* At start: what a host that was killed did not finish. */
void template_files_sweep(const struct host *h);

#endif
