/*
 * init - the parts of sandtop-init. libc only, static, one thread, no heap:
 * it is PID 1 of every sandbox, so it must be small and must not fail. Its
 * children for long work may use the heap.
 */
#ifndef HOST_INIT_INIT_H
#define HOST_INIT_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/init/protocol.h"

struct init_options {
	const char *id; /* hostname */
	const char
	    *home; /* where /home/user and /root lie: "" or, when plain, a directory */
	const char *zone; /* "Europe/Berlin"; NULL: not known */
	bool plain;	  /* no container: a process beside the host's */
	bool writable;	  /* the system is to be written over */
	bool demote;	  /* root here stands for one uid only: become "user" */
	bool dns;	  /* internet will come: name the resolver */
};
extern struct init_options options;

/* ---- channel.c: messages */

struct message {
	struct init_header header;
	const unsigned char *body; /* borrowed until message_clear */
	int fds[INIT_FDS_MAX];	   /* owned by the message; -1 when taken */
	int fd_count;
	void *mapping; /* owned; the body came in a descriptor */
};
/* false: nothing there. Ends the sandbox when the host is gone. */
bool message_receive(struct message *m);
void message_clear(struct message *m);
/* Waits until the host has room: it always reads. */
void message_send(
    const struct init_header *header, const void *body, const int *fds, int fd_count);
void reply(uint32_t id, enum init_result result, const void *body, size_t len);
void reply_text(uint32_t id, enum init_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- account.c: who is who */

struct account {
	char name[64], home[256];
	uid_t uid;
	gid_t gid;
	gid_t groups[32];
	int group_count;
};
bool account_find(const char *name, struct account *out);
/* The name of a number in /etc/passwd or /etc/group; without one, the number. */
void account_name(uid_t uid, char *out, size_t size);
void account_group_name(gid_t gid, char *out, size_t size);

/* ---- keys.c: the person's kernel keyrings stay outside, for everything started later */
bool keys_leave(void);

/* ---- system.c: what needs the rights of the start; both need errno read on failure */
/* Puts a layer of the sandbox's own over each directory of the machine's system. */
bool system_overlay(void);
/* Gives this start a boot_id of its own, by which programs see that the machine is not the
 * one they began on; without the right to, the machine's stays. */
void system_boot(void);
/* Becomes LAYOUT_UID in a user namespace of its own, without any capability. */
bool system_demote(void);

/* ---- outfit.c: files every sandbox has; existing ones are left alone. false: no room for
 * them, errno says so */
bool outfit(void);

/* ---- spawn.c */
void spawn(const struct message *m);
bool spawn_is_ours(pid_t pid); /* started by the host, not yet reaped */
void spawn_forget(pid_t pid);
/* While everything is frozen a child could not report. */
void spawn_refuse(bool refuse);

/* ---- sudo.c: the supervisor's side of host/init/sudo.h */
enum { SUDO_CALLERS_MAX = 64 };
struct pollfd;
void sudo_listen(void);
/* Fills what is to be polled, at most SUDO_CALLERS_MAX + 1; how many. */
size_t sudo_poll(struct pollfd *out);
void sudo_ready(const struct pollfd *fds, size_t polled);
void sudo_reaped(pid_t pid, int status);

/* ---- work.c: children for what takes long */
/* Runs run(m) in a child, which replies; a child that dies silently is answered for. */
void work(const struct message *m, void (*run)(const struct message *m));
void work_reaped(pid_t pid, int status);

/* ---- file.c, file_open.c, file_list.c, file_compose.c: requests about files */
void file_stat(struct message *m);
void file_list(struct message *m);
void file_mkdir(struct message *m);
void file_move(struct message *m);
void file_remove(struct message *m);
void file_open(struct message *m);
void file_compose(struct message *m);

/* ---- watch.c: passes requests on to the child that watches */
void watch_request(struct message *m);
void watch_reaped(pid_t pid);
/* ---- watcher.c: that child; `requests` is its end of a SOCK_SEQPACKET pair */
_Noreturn void watcher_run(int requests, int inotify);

/* ---- group.c: the cgroup that the host may give us */
void group_set(int directory); /* takes the descriptor */
int group_directory(void);     /* -1: none */
void group_missed_one(void);   /* a process was born outside of it */
bool group_has_all(void);
bool group_freeze(bool frozen); /* false: not possible here */
void group_stats(struct init_stats *stats);
void group_kill(void);

/* ---- census.c: everything that runs in here but ourselves */
bool census_has_proc(void);
/* false: some still ran; to be called `again` until they do not. */
bool census_freeze(bool again);
void census_thaw(void);
void census_stats(struct init_stats *out);
void census_kill_all(void); /* returns when no child is left */

/* ---- wipe.c: removes what is below a directory of a sandbox that has ended */
int wipe(const char *directory);
/* ---- copy.c: does not return unless it fails */
int copy(const char *from, const char *to);

/* ---- main.c */
_Noreturn void finish(void); /* ends everything inside, then the supervisor */

#endif
