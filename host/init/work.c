/* work - children of the supervisor for what takes long: a walk through a large tree
 * must not keep anybody from starting a process. */
#include "host/init/init.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_MAX = 64 };

static struct {
	pid_t pid;
	uint32_t id; /* of the request */
} workers[WORKERS_MAX];
static size_t worker_count;

void
work(const struct message *m, void (*run)(const struct message *m))
{
	pid_t supervisor = getpid();

	if (worker_count == WORKERS_MAX) {
		reply_text(m->header.id, INIT_LIMIT,
		    "%d listings and removals run in this sandbox already", WORKERS_MAX);
		return;
	}
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == supervisor)
			run(m);
		_exit(0);
	}
	if (pid < 0) {
		reply_text(m->header.id, INIT_LIMIT, "cannot fork in the sandbox: %s",
		    strerror(errno));
		return;
	}
	workers[worker_count].pid = pid;
	workers[worker_count++].id = m->header.id;
}

void
work_reaped(pid_t pid, int status)
{
	for (size_t i = 0; i < worker_count; i++) {
		if (workers[i].pid != pid)
			continue;
		if (status != 0)
			reply_text(workers[i].id, INIT_FAILED,
			    "something in the sandbox ended the operation");
		workers[i] = workers[--worker_count];
		return;
	}
}
