/*
 * process - messages of process.Process in JSON, both ways (envd.md 3.1-3.8,
 * 2.7). Encoders append a bare message; decoders accept what the protocol
 * buffers' JSON mapping allows (numbers as strings, either base64 alphabet,
 * unknown members). Data frames have a fast path (libraries.md 5).
 */
#ifndef WIRE_PROCESS_H
#define WIRE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct process_config {
	char *cmd; /* owned */
	struct strlist args;
	struct pairs envs;
	char *cwd; /* owned; NULL: not given */
};
void process_config_clear(struct process_config *c);
void process_config_copy(struct process_config *dst, const struct process_config *src);

struct process_start {
	struct process_config config;
	bool has_pty;
	uint32_t cols, rows;
	char *tag; /* owned; NULL: none */
	bool has_stdin, stdin_open;
};
void process_start_clear(struct process_start *s);
void process_start_encode(struct buf *out, const struct process_start *s);
bool process_start_decode(const char *json, size_t len, struct process_start *out,
    struct error *err) MUST_CHECK;

enum process_stream { PROCESS_STDOUT, PROCESS_STDERR, PROCESS_PTY };
enum process_event_kind {
	PROCESS_EVENT_START,
	PROCESS_EVENT_DATA,
	PROCESS_EVENT_END,
	PROCESS_EVENT_KEEPALIVE,
	PROCESS_EVENT_OTHER, /* newer than we are: ignore */
};
struct process_event {
	enum process_event_kind kind;
	uint32_t pid;		    /* START */
	enum process_stream stream; /* DATA */
	const char *data;	    /* DATA: borrowed from the decoder's scratch */
	size_t len;
	int exit_code;	 /* END: -1 by signal */
	bool exited;	 /* END: false by signal */
	char status[64]; /* END: "exit status 0", "signal: killed" */
	char error[64];	 /* END: "" when absent */
};
/* `scratch` holds decoded data until the next call. Data frames of the usual shape
 * never reach the JSON parser. */
bool process_event_decode(const char *json, size_t len, struct buf *scratch,
    struct process_event *out, struct error *err) MUST_CHECK;
/* Whole envelopes. */
void process_add_start_event(struct buf *out, uint32_t pid);
void process_add_data_event(
    struct buf *out, enum process_stream stream, const void *bytes, size_t len);
void process_add_keepalive_event(struct buf *out);
/* From waitpid's status: exit code, texts as envd writes them. */
void process_add_end_event(struct buf *out, int wait_status);
/* Fills an END event from waitpid's status. */
void process_event_from_status(int wait_status, struct process_event *out);

struct process_info {
	struct process_config config;
	uint32_t pid;
	char *tag; /* owned; NULL: none */
};
struct process_list {
	struct process_info *items; /* owned */
	size_t count;
};
void process_list_clear(struct process_list *l);
void process_list_encode(struct buf *out, const struct process_list *l);
bool process_list_decode(
    const char *json, size_t len, struct process_list *out, struct error *err) MUST_CHECK;

/* pid, or tag when pid is 0. Neither: `unimplemented` for a server. */
struct process_selector {
	uint32_t pid;
	char *tag; /* owned */
	bool has_pid, has_tag;
};
enum process_input_kind { PROCESS_INPUT_NONE, PROCESS_INPUT_STDIN, PROCESS_INPUT_PTY };

/* Connect, CloseStdin: selector only. Update: with size. SendInput: with input.
 * SendSignal: with signal. One struct, each encoder takes what it needs. */
struct process_call {
	struct process_selector process;
	bool has_pty;
	uint32_t cols, rows;
	enum process_input_kind input;
	char *bytes; /* owned, decoded */
	size_t bytes_len;
	int signal; /* 9, 15; 0 unspecified; -1: a name or number we do not know */
};
void process_call_clear(struct process_call *c);
bool process_call_decode(
    const char *json, size_t len, struct process_call *out, struct error *err) MUST_CHECK;
void process_connect_encode(struct buf *out, uint32_t pid);
void process_update_encode(struct buf *out, uint32_t pid, uint32_t cols, uint32_t rows);
void process_input_encode(struct buf *out, uint32_t pid, enum process_input_kind kind,
    const void *bytes, size_t len);
void process_signal_encode(struct buf *out, uint32_t pid, int signum);

/* StreamInput messages. */
enum process_stream_input {
	PROCESS_STREAM_START,
	PROCESS_STREAM_DATA,
	PROCESS_STREAM_KEEPALIVE,
	PROCESS_STREAM_NONE
};
/* Envelopes for a client. */
void process_add_stream_start(struct buf *out, uint32_t pid);
void process_add_stream_data(
    struct buf *out, enum process_input_kind kind, const void *bytes, size_t len);
void process_add_stream_keepalive(struct buf *out);
/* One payload, for a server; `out` gets selector or input. */
bool process_stream_input_decode(const char *json, size_t len,
    enum process_stream_input *kind, struct process_call *out,
    struct error *err) MUST_CHECK;

/* GET /metrics of envd (envd.md 4.5). */
struct envd_metrics {
	int64_t ts_s;
	int cpu_count;
	double cpu_used_pct;
	uint64_t mem_total, mem_used, mem_cache, disk_used, disk_total;
};
void envd_metrics_encode(struct buf *out, const struct envd_metrics *m);
bool envd_metrics_decode(
    const char *json, size_t len, struct envd_metrics *out, struct error *err) MUST_CHECK;

#endif
