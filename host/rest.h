/*
 * rest - handlers of the control plane's API (control-plane.md 2). Each
 * answers its call once, now or later.
 */
#ifndef HOST_REST_H
#define HOST_REST_H

#include "host/routes.h"
#include "host/sandbox.h"

void rest_health(struct call *c);
void rest_list_v1(struct call *c);
void rest_list(struct call *c);
void rest_get(struct call *c);
void rest_create_sandbox(struct call *c);
void rest_kill(struct call *c);
void rest_pause(struct call *c);
void rest_resume(struct call *c);
void rest_connect(struct call *c);
void rest_timeout(struct call *c);
void rest_refreshes(struct call *c);
void rest_metrics(struct call *c);
void rest_metrics_batch(struct call *c);
void rest_logs(struct call *c);
void rest_templates(struct call *c);
void rest_template(struct call *c);
void rest_template_delete(struct call *c);
void rest_template_patch(struct call *c);
void rest_default_templates(struct call *c);
void rest_tags_count(struct call *c);
void rest_tags_exists(struct call *c);
void rest_tags_groups(struct call *c);
void rest_tags_assignments(struct call *c);
void rest_tags_set(struct call *c);
void rest_tags_remove(struct call *c);
void rest_template_request(struct call *c);
void rest_template_legacy(struct call *c);
void rest_template_file(struct call *c);
void rest_template_upload(struct call *c);
void rest_template_upload_begin(struct call *c);
void rest_build_start(struct call *c);
void rest_build_status(struct call *c);
void rest_build_logs(struct call *c);
void rest_template_alias(struct call *c);
void rest_template_tags(struct call *c);
void rest_snapshots(struct call *c);
void rest_snapshot(struct call *c);
void rest_fork(struct call *c);
void rest_network(struct call *c);
void rest_teams(struct call *c);
void rest_team_metrics(struct call *c);
void rest_team_metrics_max(struct call *c);

/* ---- for the handlers */
/* The sandbox of the path, or NULL after 400 or 404 was answered. */
struct sandbox *rest_find(struct call *c);
/* The template of the path by any of its names, or NULL after 404 was answered. */
struct template *rest_find_template(struct call *c);
struct rest_template_request;
/* The body; false after 400. */
bool rest_template_body(struct call *c, struct rest_template_request *out);
/* ,"name":"time", null for 0. */
void rest_add_time(struct buf *body, const char *name, int64_t at_ms);
/* An answer that waits for something; `request` is NULL once the client has left. */
struct pending {
	struct host *host;	 /* borrowed */
	struct request *request; /* borrowed */
	int status;		 /* for the good case */
	char id[32];
};
struct pending *rest_pending(struct call *c, const char *id, int status);
/* Frees it. Returns the request to answer, NULL when nobody waits. */
struct request *rest_pending_end(struct pending *p);
/* Create's, connect's and resume's object. */
void rest_add_created(struct buf *out, const struct sandbox *s);
void rest_reply_created(struct request *r, int status, const struct sandbox *s);
/* Status for what a sandbox operation said. */
int rest_status_of(const struct error *err);
/* The body as JSON, or NULL after 400 was answered. `required`: "" is refused. */
const char *rest_body(struct call *c, bool required, size_t *len);

#endif
