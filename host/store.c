#include "host/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "host/store_internal.h"

#define LAZY_MS 500   /* samples and log entries may wait this long */
#define RETRY_MS 1000 /* what was promised, while the disk is full */
#define PRUNE_MS (15u * 60 * 1000)
#define LOG_ROWS_MAX 50000 /* of one sandbox */

struct store {
	struct loop *loop; /* borrowed */
	sqlite3 *db;	   /* owned; used by the pool while `working` */
	sqlite3_stmt *statements[STORE_STATEMENT_COUNT]; /* owned */
	struct timer *lazy, *prune;			 /* owned */
	struct job *first, **last;			 /* owned queue */
	struct job *batch;				 /* owned: in the pool */
	bool working, closing, failing;
	bool hurry;  /* something urgent is queued */
	size_t owed; /* promised jobs that are not written */
	int failure; /* SQLite's code of the newest failed write; in the pool */
};

static const char schema[] =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"
    "CREATE TABLE IF NOT EXISTS sandbox(id TEXT PRIMARY KEY, template TEXT, alias TEXT,"
    " paused INTEGER, started INTEGER, ends INTEGER, cpus INTEGER, memory INTEGER,"
    " disk INTEGER, metadata TEXT, token TEXT, internet INTEGER, resume INTEGER,"
    " pause INTEGER, envs TEXT, created INTEGER, timeout INTEGER, keep INTEGER)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS series(no INTEGER PRIMARY KEY, id TEXT UNIQUE,"
    " cpus INTEGER, memory INTEGER, disk INTEGER);"
    "CREATE TABLE IF NOT EXISTS sample(no INTEGER, at INTEGER, cpu REAL, used INTEGER,"
    " cache INTEGER, disk INTEGER, PRIMARY KEY(no, at)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS log(id TEXT, at INTEGER, level INTEGER, message TEXT,"
    " fields TEXT, PRIMARY KEY(id, at)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS answer(key TEXT PRIMARY KEY, d0 INTEGER, d1 INTEGER,"
    " at INTEGER, status INTEGER, body TEXT) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS team(at INTEGER PRIMARY KEY, running INTEGER,"
    " started INTEGER);"
    "CREATE TABLE IF NOT EXISTS template(id TEXT PRIMARY KEY, kind INTEGER, names TEXT,"
    " public INTEGER, interpreter INTEGER, created INTEGER, updated INTEGER,"
    " spawned INTEGER, spawns INTEGER, sandbox TEXT, base TEXT, tags TEXT) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS outset(id TEXT PRIMARY KEY, user TEXT, workdir TEXT,"
    " start TEXT, ready TEXT, token TEXT, mask TEXT, deny INTEGER) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS build(id TEXT PRIMARY KEY, template TEXT, status INTEGER,"
    " created INTEGER, updated INTEGER, finished INTEGER, cpus INTEGER, memory INTEGER,"
    " disk INTEGER, reason TEXT, step TEXT, tree TEXT, envs TEXT, user TEXT,"
    " workdir TEXT, start TEXT, ready TEXT) WITHOUT ROWID;";

static const char *const statement_texts[STORE_STATEMENT_COUNT] = {
	[STORE_PUT_SANDBOX] = "INSERT OR REPLACE INTO sandbox VALUES"
			      "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[STORE_DROP_SANDBOX] = "DELETE FROM sandbox WHERE id=?",
	[STORE_LIST_SANDBOXES] = "SELECT * FROM sandbox",
	[STORE_PUT_SERIES] =
	    "INSERT INTO series(id,cpus,memory,disk) VALUES(?1,?2,?3,?4) "
	    "ON CONFLICT(id) DO UPDATE SET cpus=?2,memory=?3,disk=?4 "
	    "WHERE cpus<>?2 OR memory<>?3 OR disk<>?4",
	[STORE_ADD_SAMPLE] = "INSERT OR REPLACE INTO sample "
			     "SELECT no,?2,?3,?4,?5,?6 FROM series WHERE id=?1",
	[STORE_READ_SAMPLES] = "SELECT at,cpu,used,cache,disk FROM sample WHERE "
			       "no=(SELECT no FROM series WHERE id=?1) "
			       "AND at BETWEEN ?2 AND ?3 ORDER BY at",
	[STORE_READ_BOUNDS] = "SELECT (SELECT min(at) FROM sample WHERE no=s.no),"
			      "(SELECT max(at) FROM sample WHERE no=s.no),"
			      "cpus,memory,disk FROM series s WHERE id=?1",
	[STORE_READ_LATEST] = "SELECT at,cpu,used,cache,x.disk,cpus,memory,s.disk "
			      "FROM series s JOIN sample x ON x.no=s.no WHERE s.id=?1 "
			      "ORDER BY at DESC LIMIT 1",
	[STORE_ADD_LOG] = "INSERT OR IGNORE INTO log VALUES(?,?,?,?,?)",
	[STORE_READ_LOGS] =
	    "SELECT at,level,message,fields FROM log WHERE id=?1 "
	    "AND at BETWEEN ?2 AND ?3 AND level>=?4 "
	    "AND (?5 IS NULL OR instr(message,?5)>0) ORDER BY at LIMIT ?6",
	[STORE_READ_LOGS_BACKWARD] =
	    "SELECT at,level,message,fields FROM log WHERE id=?1 "
	    "AND at BETWEEN ?2 AND ?3 AND level>=?4 "
	    "AND (?5 IS NULL OR instr(message,?5)>0) ORDER BY at DESC LIMIT ?6",
	[STORE_PUT_ANSWER] = "INSERT OR REPLACE INTO answer VALUES(?,?,?,?,?,?)",
	[STORE_ADD_TEAM] = "INSERT INTO team VALUES(?1,?2,?3) ON CONFLICT(at) DO UPDATE "
			   "SET running=max(running,?2),started=started+?3",
	[STORE_READ_TEAM] = "SELECT at/?3*?3 AS bucket,max(running),sum(started) "
			    "FROM team WHERE at BETWEEN ?1 AND ?2 "
			    "GROUP BY bucket ORDER BY bucket",
	[STORE_PUT_TEMPLATE] = "INSERT OR REPLACE INTO template VALUES"
			       "(?,?,?,?,?,?,?,?,?,?,?,?)",
	[STORE_DROP_TEMPLATE] = "DELETE FROM template WHERE id=?",
	[STORE_LIST_TEMPLATES] = "SELECT * FROM template ORDER BY created",
	[STORE_PUT_BUILD] = "INSERT OR REPLACE INTO build VALUES"
			    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[STORE_DROP_BUILDS] = "DELETE FROM build WHERE template=?",
	[STORE_LIST_BUILDS] = "SELECT * FROM build ORDER BY created",
	[STORE_PUT_OUTSET] = "INSERT OR REPLACE INTO outset VALUES(?,?,?,?,?,?,?,?)",
	[STORE_DROP_OUTSET] = "DELETE FROM outset WHERE id=?",
	[STORE_LIST_OUTSETS] = "SELECT * FROM outset",
	[STORE_LIST_ANSWERS] = "SELECT key,d0,d1,at,status,body FROM answer",
};

/* ---- in the pool */

sqlite3_stmt *
store_statement(struct store *s, enum store_statement which)
{
	return s->statements[which];
}

void
store_step(struct store *s, sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	if (result != SQLITE_DONE && result != SQLITE_ROW)
		s->failure = result;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

void
store_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, index);
}

char *
store_column_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text ? xstrndup((const char *)text,
			  (size_t)sqlite3_column_bytes(statement, column))
		    : NULL;
}

static void
run_batch(void *ctx)
{
	struct store *s = ctx;

	s->failure = 0;
	if (sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		s->failure = sqlite3_errcode(s->db);
	for (struct job *job = s->batch; job; job = job->next)
		job->run(job, s);
	if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
		s->failure = sqlite3_errcode(s->db);
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	}
}

/* ---- the queue */

/* Once per spell of failures, not per write. */
static void
note_failure(struct store *s)
{
	if (s->failure && !s->failing)
		log_error("store",
		    "the database cannot be written (%s): sandboxes and templates are "
		    "tried again, metrics and logs of this time are lost",
		    sqlite3_errstr(s->failure));
	if (!s->failure && s->failing)
		log_info("store", "the database is written again");
	s->failing = s->failure != 0;
}

/* A disk may get room again; what the database itself refuses it will refuse again. */
static bool
may_pass(int failure)
{
	static const int passing[] = { SQLITE_FULL, SQLITE_IOERR, SQLITE_BUSY,
		SQLITE_LOCKED, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_NOMEM };

	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if ((failure & 0xff) == passing[i])
			return true;
	return false;
}

/* Back to the head of the queue, in their order. */
static void
put_back(struct store *s, struct job *first, struct job **last)
{
	*last = s->first;
	if (!s->first)
		s->last = last;
	s->first = first;
}

static void
finish_batch(void *ctx)
{
	struct store *s = ctx;
	struct job *job = s->batch, *again = NULL, **last = &again;
	bool may = may_pass(s->failure);

	s->working = false;
	s->batch = NULL;
	note_failure(s);
	while (job) {
		struct job *next = job->next;

		if (may && job->promised) {
			*last = job;
			last = &job->next;
		} else {
			s->owed -= job->promised;
			job->finish(job, false);
		}
		job = next;
	}
	if (again)
		put_back(s, again, last);
	if (s->first)
		timer_start(s->lazy, s->hurry ? 0 : again ? RETRY_MS : LAZY_MS, 0);
}

static void
start_batch(struct store *s)
{
	if (s->working || !s->first)
		return;
	timer_stop(s->lazy);
	s->batch = s->first;
	s->first = NULL;
	s->last = &s->first;
	s->working = true;
	s->hurry = false;
	loop_work(s->loop, run_batch, finish_batch, s);
}

static void
on_lazy(void *ctx)
{
	start_batch(ctx);
}

void
store_queue(struct store *s, struct job *job, bool urgent)
{
	assert(!s->closing);
	*s->last = job;
	s->last = &job->next;
	s->hurry |= urgent;
	s->owed += job->promised;
	if (s->working)
		return; /* the end of the batch looks again */
	if (urgent || !timer_is_active(s->lazy))
		timer_start(s->lazy, urgent ? 0 : LAZY_MS, 0);
}

/* ---- old rows */

static void
run_prune(struct job *job, struct store *s)
{
	int64_t now_s = clock_wall_ms() / 1000;
	char *sql = xasprintf(
	    "DELETE FROM sample WHERE at<%lld;"
	    "DELETE FROM series WHERE no NOT IN (SELECT DISTINCT no FROM sample)"
	    " AND id NOT IN (SELECT id FROM sandbox);"
	    "DELETE FROM log WHERE at<%lld;"
	    "DELETE FROM log WHERE (id,at) IN (SELECT id,at FROM (SELECT "
	    "id,at,row_number()"
	    " OVER (PARTITION BY id ORDER BY at DESC) AS n FROM log) WHERE n>%d);"
	    "DELETE FROM answer WHERE at<%lld;DELETE FROM team WHERE at<%lld;",
	    (long long)(now_s - STORE_KEEP_S),
	    (long long)(now_s - STORE_KEEP_S) * 1000000000, LOG_ROWS_MAX,
	    (long long)(now_s - 24 * 3600) * 1000,
	    (long long)(now_s - STORE_KEEP_TEAM_S));

	(void)job;
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		s->failure = sqlite3_errcode(s->db);
	free(sql);
}

static void
finish_silently(struct job *job, bool dropped)
{
	(void)dropped;
	free(job);
}

static void
on_prune(void *ctx)
{
	struct job *job = xcalloc(1, sizeof *job);

	job->run = run_prune;
	job->finish = finish_silently;
	store_queue(ctx, job, false);
}

/* ---- flush */

struct flush_job {
	struct job job;
	void (*done)(void *ctx);
	void *ctx; /* borrowed */
	bool always;
};

static void
run_nothing(struct job *job, struct store *s)
{
	(void)job;
	(void)s;
}

static void
finish_flush(struct job *job, bool dropped)
{
	struct flush_job *flush = (struct flush_job *)job;

	if (!dropped || flush->always)
		flush->done(flush->ctx);
	free(flush);
}

static void
queue_flush(struct store *s, void (*done)(void *ctx), void *ctx, bool always)
{
	struct flush_job *flush = xcalloc(1, sizeof *flush);

	flush->job.run = run_nothing;
	flush->job.finish = finish_flush;
	flush->done = done;
	flush->ctx = ctx;
	flush->always = always;
	store_queue(s, &flush->job, true);
}

void
store_flush(struct store *s, void (*done)(void *ctx), void *ctx)
{
	queue_flush(s, done, ctx, false);
}

bool
store_owes(const struct store *s)
{
	return s->owed > 0;
}

void
store_when_written(struct store *s, void (*done)(void *ctx), void *ctx)
{
	queue_flush(s, done, ctx, true);
}

/* ---- life */

static bool
prepare(struct store *s, struct error *err)
{
	for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
		if (sqlite3_prepare_v2(s->db, statement_texts[i], -1, &s->statements[i],
			NULL) != SQLITE_OK)
			return error_set(err, ERROR_SYSTEM, "the host's database: %s",
			    sqlite3_errmsg(s->db));
	return true;
}

static void
close_db(struct store *s)
{
	for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
}

struct store *
store_open(struct loop *loop, const char *path, struct error *err)
{
	struct store *s = xcalloc(1, sizeof *s);
	mode_t before = umask(077);
	int result = sqlite3_open(path, &s->db);

	umask(before);
	if (result == SQLITE_OK)
		result = sqlite3_exec(s->db, schema, NULL, NULL, NULL);
	if (result != SQLITE_OK || !prepare(s, err)) {
		error_set(err, ERROR_SYSTEM,
		    "opening %s: %s; if the file is damaged, move it away", path,
		    sqlite3_errmsg(s->db));
		close_db(s);
		free(s);
		return NULL;
	}
	s->loop = loop;
	s->last = &s->first;
	s->lazy = timer_new(loop, on_lazy, s);
	s->prune = timer_new(loop, on_prune, s);
	timer_start(s->prune, 1000, PRUNE_MS);
	return s;
}

/* The pool may still be at work: its last batch is waited for on the loop. */
void
store_close(struct store *s)
{
	if (!s)
		return;
	while (s->working)
		loop_turn(s->loop, -1);
	timer_free(s->lazy);
	timer_free(s->prune);
	s->closing = true;
	s->batch = s->first;
	if (s->batch)
		run_batch(s);
	while (s->batch) {
		struct job *next = s->batch->next;

		s->batch->finish(s->batch, true);
		s->batch = next;
	}
	close_db(s);
	free(s);
}
