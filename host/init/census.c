/* census - who runs inside and what they use, from the sandbox's own /proc. */
#include "host/init/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * In a container everything in /proc but ourselves is the sandbox's. Beside a
 * plain host it is what descends from us, and as we are the subreaper nothing
 * gets away from that tree.
 */

struct process {
	pid_t pid, parent;
	char state;
	bool ours;
	unsigned long long ticks, started, pages;
};

enum { PROCESSES_MAX = 32768, ROUNDS_MAX = 100, BLIND_ROUNDS = 10 };
static struct process processes[PROCESSES_MAX];
static size_t count;

/* What a person had stopped already must not be continued by a thaw. */
static struct {
	pid_t pid;
	unsigned long long started;
} stopped_before[1024];
static size_t stopped_count;

static int
proc_directory(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

bool
census_has_proc(void)
{
	return proc_directory() >= 0 && access("/proc/self/stat", R_OK) == 0;
}

static bool
read_file(const char *path, char *text, size_t size)
{
	int fd = openat(proc_directory(), path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* The n-th blank separated number after the state letter; the letter is field 3. */
static unsigned long long
stat_field(const char *state, int field)
{
	for (int i = 3; i < field && state; i++)
		state = strchr(state + 1, ' ');
	return state ? strtoull(state, NULL, 10) : 0;
}

static void
read_process(const char *name)
{
	char path[64], text[1024];
	struct process *p = &processes[count];

	snprintf(path, sizeof path, "%s/stat", name);
	if (count == PROCESSES_MAX || !read_file(path, text, sizeof text))
		return;
	const char *after_name = strrchr(text, ')'); /* a name may hold anything */

	if (!after_name || after_name[1] == '\0')
		return;
	const char *state = after_name + 2;

	*p = (struct process){
		.pid = (pid_t)strtol(name, NULL, 10),
		.state = *state,
		.parent = (pid_t)stat_field(state, 4),
		.started = stat_field(state, 22),
		.ticks = stat_field(state, 14) + stat_field(state, 15) +
			 stat_field(state, 16) + stat_field(state, 17),
	};
	p->ours = !options.plain;
	if (p->pid != getpid())
		count++;
}

/* Shared pages are programs and libraries, which the machine holds once. */
static unsigned long long
private_pages(pid_t pid)
{
	char path[64], text[128], *end;

	snprintf(path, sizeof path, "%d/statm", (int)pid);
	if (!read_file(path, text, sizeof text))
		return 0;
	strtoull(text, &end, 10);
	unsigned long long resident = strtoull(end, &end, 10);
	unsigned long long shared = strtoull(end, NULL, 10);

	return resident > shared ? resident - shared : 0;
}

/* Parents may stand behind their children: repeat until nothing is added. */
static void
mark_descendants(void)
{
	bool added = options.plain;

	while (added) {
		added = false;
		for (size_t i = 0; i < count; i++) {
			bool child = processes[i].parent == getpid();

			for (size_t k = 0; k < count && !child && !processes[i].ours; k++)
				child = processes[k].ours &&
					processes[k].pid == processes[i].parent;
			added |= child && !processes[i].ours;
			processes[i].ours |= child;
		}
	}
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (processes[i].ours)
			processes[kept++] = processes[i];
	count = kept;
}

static void
take_census(void)
{
	static _Alignas(struct dirent64) char entries[16 * 1024];
	int fd = proc_directory();
	long got;

	count = 0;
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return;
	while ((got = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
		for (long at = 0; at < got;) {
			struct dirent64 *e = (struct dirent64 *)(void *)(entries + at);

			if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
				read_process(e->d_name);
			at += e->d_reclen;
		}
	}
	mark_descendants();
}

static bool
is_running(const struct process *p)
{
	return p->state == 'R' || p->state == 'S';
}

static void
signal_all(int signum)
{
	if (!options.plain) {
		kill(-1, signum); /* all of the pid namespace but its first process */
		return;
	}
	for (size_t i = 0; i < count; i++)
		kill(processes[i].pid, signum);
}

/*
 * What is being forked while a signal goes round may miss it, or take it after
 * the next one: rounds go on until a census finds nothing to do. Without /proc
 * there is none, and a few rounds have to do.
 */
static void
settle(int signum)
{
	for (int i = 0; i < BLIND_ROUNDS && !options.plain; i++) {
		kill(-1, signum);
		poll(NULL, 0, 1);
	}
}

static void
remember_stopped(void)
{
	const size_t max = sizeof stopped_before / sizeof *stopped_before;

	stopped_count = 0;
	for (size_t i = 0; i < count && stopped_count < max; i++)
		if (processes[i].state == 'T') {
			stopped_before[stopped_count].pid = processes[i].pid;
			stopped_before[stopped_count++].started = processes[i].started;
		}
}

/* Rounds until nothing runs any more; what forks faster than that is gone on with later. */
static bool
stop_all(void)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		bool running = false;

		signal_all(SIGSTOP);
		take_census();
		for (size_t i = 0; i < count; i++)
			running |= is_running(&processes[i]);
		if (!running)
			return true;
		sched_yield();
	}
	return false;
}

bool
census_freeze(bool again)
{
	if (!census_has_proc()) {
		settle(SIGSTOP);
		return true;
	}
	if (!again) {
		take_census();
		remember_stopped();
	}
	return stop_all();
}

static bool
was_stopped_before(const struct process *p)
{
	for (size_t i = 0; i < stopped_count; i++)
		if (stopped_before[i].pid == p->pid &&
		    stopped_before[i].started == p->started)
			return true;
	return false;
}

/* Youngest first: a shell that woke before its child would see it stopped and say so. */
static int
by_age(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	if (x->started != y->started)
		return x->started < y->started ? 1 : -1;
	return y->pid - x->pid;
}

/* A stop that has not been taken yet is called off by SIGCONT as well, so the first
 * time all get it. */
static bool
continue_stopped(bool all)
{
	bool any = all;

	take_census();
	qsort(processes, count, sizeof *processes, by_age);
	for (size_t i = 0; i < count; i++)
		if ((all || processes[i].state == 'T') &&
		    !was_stopped_before(&processes[i]))
			any |= kill(processes[i].pid, SIGCONT) == 0;
	return any;
}

void
census_thaw(void)
{
	if (!census_has_proc()) {
		settle(SIGCONT);
		return;
	}
	for (int round = 0; round < ROUNDS_MAX && continue_stopped(round == 0); round++)
		sched_yield();
	stopped_count = 0;
}

static uint64_t
reaped_us(void)
{
	struct rusage r;

	if (getrusage(RUSAGE_CHILDREN, &r) != 0)
		return 0;
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

void
census_stats(struct init_stats *out)
{
	const uint64_t tick_us = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct statvfs disk;

	*out = (struct init_stats){ .cpu_us = reaped_us() };
	take_census();
	for (size_t i = 0; i < count; i++) {
		out->cpu_us += processes[i].ticks * tick_us;
		out->mem_bytes += private_pages(processes[i].pid) * page;
		out->processes += processes[i].state != 'Z';
	}
	if (statvfs(options.plain ? options.home : "/", &disk) == 0) {
		out->disk_total = (uint64_t)disk.f_blocks * disk.f_frsize;
		out->disk_used =
		    (uint64_t)(disk.f_blocks - disk.f_bavail) * disk.f_frsize;
	}
}

void
census_kill_all(void)
{
	/* As long as it takes; without /proc there is nothing to go by. */
	for (int round = 0; census_has_proc() || round < BLIND_ROUNDS; round++) {
		group_kill();
		take_census();
		signal_all(SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return;
		poll(NULL, 0, 1);
	}
}
