/*
 * peer_mhd - the least that libmicrohttpd can do: one thread, epoll, nothing else.
 *
 *   GET /tiny      the text given, as JSON
 *   PUT /NAME      a file in the folder
 *   GET /NAME      the same back, by sendfile
 *
 * usage: peer_mhd FOLDER TEXT     prints its port, then serves until stdin ends
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <microhttpd.h>

struct peer {
	int folder;
	const char *text; /* borrowed */
};

struct exchange {
	int fd; /* of an upload; -1: none */
	bool failed;
};

static enum MHD_Result
answer(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
	enum MHD_Result result = MHD_queue_response(c, status, r);

	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
answer_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	struct MHD_Response *r;
	char *copy = strdup(text);

	/* on the heap, as an answer that was made for this request is */
	r = MHD_create_response_from_buffer(strlen(text), copy, MHD_RESPMEM_MUST_FREE);
	MHD_add_response_header(r, "Content-Type", "application/json");
	return answer(c, status, r);
}

static enum MHD_Result
answer_file(const struct peer *p, struct MHD_Connection *c, const char *name)
{
	int fd = openat(p->folder, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return answer_text(c, 404, "{}");
	return answer(c, 200, MHD_create_response_from_fd64((uint64_t)st.st_size, fd));
}

static void
take(struct exchange *e, const char *bytes, size_t len)
{
	while (len > 0 && !e->failed) {
		ssize_t n = write(e->fd, bytes, len);

		e->failed = n <= 0;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static enum MHD_Result
on_access(void *cls, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *bytes, size_t *len, void **context)
{
	const struct peer *p = cls;
	struct exchange *e = *context;

	(void)version;
	if (!e) {
		*context = e = calloc(1, sizeof *e);
		e->fd = -1;
		if (strcmp(method, "PUT") == 0)
			e->fd = openat(p->folder, url + 1,
			    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		return MHD_YES;
	}
	if (*len > 0) {
		take(e, bytes, *len);
		*len = 0;
		return MHD_YES;
	}
	if (e->fd >= 0)
		return answer_text(c, e->failed ? 500 : 201, "{}");
	if (strcmp(url, "/tiny") == 0)
		return answer_text(c, 200, p->text);
	return answer_file(p, c, url + 1);
}

static void
on_completed(void *cls, struct MHD_Connection *c, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct exchange *e = *context;

	(void)cls;
	(void)c;
	(void)code;
	if (e && e->fd >= 0)
		close(e->fd);
	free(e);
	*context = NULL;
}

int
main(int argc, char **argv)
{
	struct peer p = { .folder = -1 };
	struct MHD_Daemon *daemon;
	char byte;

	if (argc != 3 || (p.folder = open(argv[1], O_DIRECTORY | O_RDONLY)) < 0) {
		fprintf(stderr, "usage: peer_mhd FOLDER TEXT\n");
		return 2;
	}
	p.text = argv[2];
	daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_access,
	    &p, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (!daemon)
		return 1;
	printf("%d\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	MHD_stop_daemon(daemon);
	return 0;
}
