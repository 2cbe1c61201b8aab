#include "tests/fuzz/house.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "host/box_start.h"
#include "host/init/protocol.h"
#include "host/sandbox.h"

enum { TURNS = 4, SIMULATED = 3, STARTS_MS = 10000, CONNECTS_MS = 5000 };

static struct house house = { .supervisor = -1 };
static int opener; /* the process that made the directory */

static void
give_up(const char *why)
{
	fprintf(stderr, "fuzz house: %s\n", why);
	abort();
}

/* ---- in place of box_probe.c */

void
box_probe(const char *init_path, const char *data_dir, struct box_support *out)
{
	(void)init_path;
	(void)data_dir;
	*out = (struct box_support){ .rung = BOX_RUNG_BWRAP_ROOT };
}

const char *
box_rung_name(enum box_rung rung)
{
	(void)rung;
	return "a house for fuzzing";
}

/* ---- in place of box_start.c */

/* A process that can be killed, and whose number the first message carries. */
static int
start_shadow(int socket)
{
	const struct {
		struct init_header header;
		struct init_ready body;
	} ready = {
		.header = { .type = INIT_READY, .len = sizeof ready.body },
		.body = { .protocol = INIT_PROTOCOL },
	};
	int pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (send(socket, &ready, sizeof ready, 0) < 0)
		_exit(1);
	close_range(0, ~0U, 0);
	for (;;)
		pause();
}

bool
box_start(const struct box_options *options, int socket, struct box_started *out,
    struct error *err)
{
	(void)options;
	if (house.supervisor >= 0)
		return error_set(err, ERROR_LIMIT, "the house has one guest");
	*out = (struct box_started){ .log = -1, .info = -1, .go = -1 };
	out->pid = start_shadow(socket);
	if (out->pid < 0)
		return error_system(err, errno, "no shadow");
	house.supervisor = fcntl(socket, F_DUPFD_CLOEXEC, 0);
	return house.supervisor >= 0;
}

bool
box_start_wipe(
    const struct box_options *options, struct box_started *out, struct error *err)
{
	(void)options;
	(void)out;
	return error_set(err, ERROR_SYSTEM, "nothing is wiped here");
}

bool
box_start_copy(const struct box_options *options, const char *to, struct box_started *out,
    struct error *err)
{
	(void)options;
	(void)to;
	(void)out;
	return error_set(err, ERROR_SYSTEM, "nothing is copied here");
}

/* ---- the host */

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	remove(path);
	return 0;
}

static void
remove_dir(void)
{
	if (opener == getpid())
		nftw(house.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
open_host(void)
{
	struct host_options options = { .init_path = "/nonexistent",
		.quiet = true,
		.simulate = SIMULATED,
		.replay_ring = -1 };
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct error err;

	house.dir = path_join(where, "sandtop-fuzz-XXXXXX");
	if (!mkdtemp(house.dir))
		give_up("no directory");
	opener = getpid();
	atexit(remove_dir);
	signal(SIGPIPE, SIG_IGN);
	options.state_dir = house.dir;
	house.loop = loop_new();
	house.host = host_open(house.loop, &options, &err);
	if (!house.host)
		give_up(err.text);
}

void
house_turn(struct house *h)
{
	for (int i = 0; i < TURNS; i++)
		loop_turn(h->loop, 0);
}

/* The kernel accepts for the host; who fuzzes sends signals meanwhile. */
static bool
wait_connected(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int tries = 0;

	while (poll(&p, 1, CONNECTS_MS) != 1)
		if (errno != EINTR || ++tries > 10)
			return false;
	return !(p.revents & (POLLERR | POLLHUP));
}

int
house_connect(const struct house *h)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)h->host->file.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const struct linger reset = { .l_onoff = 1 }; /* no port waits for two minutes */

	if (fd < 0)
		give_up(strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 &&
	    (errno != EINPROGRESS || !wait_connected(fd)))
		give_up("the host takes no connection");
	return fd;
}

bool
house_drain(int fd)
{
	char piece[16384];
	ssize_t n;

	while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
		continue;
	return n < 0 && errno == EAGAIN;
}

/* ---- the guest */

static struct sandbox *
find_guest(void)
{
	struct sandbox *s = registry_find(house.host->registry, house.id);

	return s && s->state == SANDBOX_RUNNING ? s : NULL;
}

static void
name_guest(void)
{
	for (struct sandbox *s = registry_first(house.host->registry); s; s = s->next) {
		if (s->simulated)
			continue;
		str_copy(house.id, sizeof house.id, s->info.id);
		str_copy(house.token, sizeof house.token, s->info.envd_token);
	}
}

static void
ask_for_guest(int fd)
{
	static const char body[] = "{\"templateID\":\"code-interpreter-v1\","
				   "\"timeout\":86400,\"secure\":true}";
	char *text = xasprintf("POST /v2/sandboxes HTTP/1.1\r\nHost: localhost\r\n"
			       "X-API-Key: %s\r\nContent-Type: application/json\r\n"
			       "Content-Length: %zu\r\n\r\n%s",
	    house.host->file.key, sizeof body - 1, body);

	if (send(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		give_up("a guest cannot be asked for");
	free(text);
}

static void
drop_guests(void)
{
	struct sandbox *next;

	for (struct sandbox *s = registry_first(house.host->registry); s; s = next) {
		next = s->next;
		if (!s->simulated && s->state != SANDBOX_ENDING)
			sandbox_kill(s, "over", NULL, NULL);
	}
	if (house.supervisor >= 0)
		close(house.supervisor);
	house.supervisor = -1;
	loop_turn(house.loop, 1);
}

struct house *
house_get(void)
{
	if (!house.host)
		open_host();
	if (*house.id && find_guest())
		return &house;
	drop_guests();

	int fd = house_connect(&house);

	ask_for_guest(fd);
	for (int i = 0; i < STARTS_MS && !(*house.id && find_guest()); i++) {
		loop_turn(house.loop, 1);
		name_guest();
	}
	if (!find_guest()) {
		char said[2000] = "";

		if (recv(fd, said, sizeof said - 1, 0) < 0)
			give_up("no guest has come, and no answer");
		give_up(said);
	}
	close(fd);
	house_turn(&house);
	return &house;
}
