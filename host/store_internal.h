/* store_internal - the queue of store.c, for the files with the jobs. */
#ifndef HOST_STORE_INTERNAL_H
#define HOST_STORE_INTERNAL_H

#include <sqlite3.h>

#include "host/store.h"

#define STORE_KEEP_S (7 * 24 * 3600) /* samples and log entries */
#define STORE_KEEP_TEAM_S (90 * 24 * 3600)

enum store_statement {
	STORE_PUT_SANDBOX,
	STORE_DROP_SANDBOX,
	STORE_LIST_SANDBOXES,
	STORE_PUT_SERIES,
	STORE_ADD_SAMPLE,
	STORE_READ_SAMPLES,
	STORE_READ_BOUNDS,
	STORE_READ_LATEST,
	STORE_ADD_LOG,
	STORE_READ_LOGS,
	STORE_READ_LOGS_BACKWARD,
	STORE_PUT_ANSWER,
	STORE_LIST_ANSWERS,
	STORE_PUT_TEMPLATE,
	STORE_DROP_TEMPLATE,
	STORE_LIST_TEMPLATES,
	STORE_PUT_BUILD,
	STORE_DROP_BUILDS,
	STORE_LIST_BUILDS,
	STORE_PUT_OUTSET,
	STORE_DROP_OUTSET,
	STORE_LIST_OUTSETS,
	STORE_ADD_TEAM,
	STORE_READ_TEAM,
	STORE_STATEMENT_COUNT,
};

/* One thing to do with the database. The concrete job begins with this. */
struct job {
	struct job *next;			       /* owned by the queue */
	void (*run)(struct job *job, struct store *s); /* in the pool */
	/* On the loop, once: reports unless `dropped`, and frees the job. */
	void (*finish)(struct job *job, bool dropped);
	/* What the host has promised: run again, later, when it could not be written. */
	bool promised;
};

/* `urgent`: somebody waits, or it must survive a crash. */
void store_queue(struct store *s, struct job *job, bool urgent);

/* In the pool. A statement ready to be bound; reset it when done. */
sqlite3_stmt *store_statement(struct store *s, enum store_statement which);
void store_step(
    struct store *s, sqlite3_stmt *statement); /* steps once, resets, notes failure */
void store_bind_text(sqlite3_stmt *statement, int index, const char *text);
/* The column as new text; NULL for null. Caller frees. */
char *store_column_text(sqlite3_stmt *statement, int column);

#endif
