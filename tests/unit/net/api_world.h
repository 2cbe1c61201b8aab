/* api_world - what the tests of the control plane's calls share: a scripted server, an
 * api on it that does not wait, and callbacks that note what was reported. */
#ifndef TESTS_UNIT_NET_API_WORLD_H
#define TESTS_UNIT_NET_API_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/api.h"
#include "tests/unit/net/server.h"

#define ID "iabcdefghij0123456789"
#define SANDBOX(state)                                                                   \
	"{\"sandboxID\":\"" ID "\",\"templateID\":\"base\",\"clientID\":\"6532622b\","   \
	"\"startedAt\":\"2026-01-01T00:00:00Z\",\"endAt\":\"2026-01-01T01:00:00Z\","     \
	"\"state\":\"" state "\",\"cpuCount\":2,\"memoryMB\":512,\"diskSizeMB\":1,"      \
	"\"envdVersion\":\"0.6.4\",\"envdAccessToken\":\"tok\"}"
#define CREATED                                                                          \
	"{\"sandboxID\":\"" ID "\",\"templateID\":\"base\",\"clientID\":\"6532622b\","   \
	"\"alias\":\"\",\"envdVersion\":\"0.6.4\",\"envdAccessToken\":\"tok\"}"
#define REFUSAL(code, text) "{\"code\":" #code ",\"message\":\"" text "\"}"

struct world {
	struct loop *loop;
	struct server *server;
	struct http *http;
	struct api *api;
	int done, pages;
	size_t rows;
	bool last, already;
	int64_t total;
	struct error err;
	char id[64], token[64], text[128];
	api_call cancel_in_page;
};

int api_setup(void **state);
int api_teardown(void **state);
void on_done(void *ctx, const struct error *err);
void on_page(
    void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running);
void on_sandbox(void *ctx, const struct rest_sandbox *sandbox, const struct error *err);
void on_created(void *ctx, const struct rest_created *created, const struct error *err);
void on_act(void *ctx, bool already, const struct error *err);
void on_metrics(void *ctx, const struct rest_metric_list *list, const struct error *err);
void on_map(void *ctx, const struct rest_metric_map *map, const struct error *err);
void on_logs(void *ctx, const struct rest_log_list *list, const struct error *err);
void on_marker(void *ctx, const char *id, const struct error *err);
void marker_of(struct world *w, size_t index, char *out);
api_call ask_create(struct world *w);

#define T(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)

#endif
