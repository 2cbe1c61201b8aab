/* account - the passwd and group entries a process runs under. */
#include "host/init/init.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/init/layout.h"

enum { FILE_MAX = 64 * 1024 };
static char content[FILE_MAX];

/* The sandbox's own file: a static libc's getpwnam would load foreign modules for it. */
static bool
read_whole(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	size_t len = 0;
	ssize_t got;

	while (len < sizeof content - 1 &&
	       (got = read(fd, content + len, sizeof content - 1 - len)) > 0)
		len += (size_t)got;
	content[len] = '\0';
	close(fd);
	return true;
}

/* Cuts a line into its colon fields, in place; missing ones are "". */
static void
cut_fields(char *line, char **fields, int count)
{
	static char nothing[1];

	for (int i = 0; i < count; i++) {
		fields[i] = line ? strsep(&line, ":") : nothing;
		if (!fields[i])
			fields[i] = nothing;
	}
}

static bool
parse_id(const char *text, unsigned *out)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value >= 0xffffffffUL)
		return false;
	*out = (unsigned)value;
	return true;
}

static bool
find_in_passwd(const char *name, struct account *out)
{
	char *rest = content, *line, *fields[7];

	if (!read_whole("/etc/passwd"))
		return false;
	while ((line = strsep(&rest, "\n"))) {
		cut_fields(line, fields, 7);
		if (strcmp(fields[0], name) != 0)
			continue;
		if (!parse_id(fields[2], &out->uid) || !parse_id(fields[3], &out->gid))
			return false;
		snprintf(out->name, sizeof out->name, "%s", fields[0]);
		snprintf(out->home, sizeof out->home, "%s",
		    fields[5][0] == '/' ? fields[5] : "/");
		return true;
	}
	return false;
}

static bool
list_has(char *list, const char *name)
{
	char *item;

	while ((item = strsep(&list, ",")))
		if (strcmp(item, name) == 0)
			return true;
	return false;
}

static void
find_groups(struct account *a)
{
	char *rest = content, *line, *fields[4];
	unsigned gid;
	const int max = sizeof a->groups / sizeof a->groups[0];

	a->groups[0] = a->gid;
	a->group_count = 1;
	if (!read_whole("/etc/group"))
		return;
	while (a->group_count < max && (line = strsep(&rest, "\n"))) {
		cut_fields(line, fields, 4);
		if (parse_id(fields[2], &gid) && gid != a->gid &&
		    list_has(fields[3], a->name))
			a->groups[a->group_count++] = gid;
	}
}

/* The two that always are, whatever became of /etc/passwd. */
static bool
find_fixed(const char *name, struct account *out)
{
	bool root = strcmp(name, "root") == 0;

	if (!root && strcmp(name, "user") != 0)
		return false;
	out->uid = root ? 0 : LAYOUT_UID;
	out->gid = root ? 0 : LAYOUT_GID;
	snprintf(out->name, sizeof out->name, "%s", name);
	snprintf(out->home, sizeof out->home, "%s%s", options.home,
	    root ? "/root" : LAYOUT_HOME);
	return true;
}

bool
account_find(const char *name, struct account *out)
{
	*out = (struct account){ .uid = 0 };
	if (name[0] == '\0' || strlen(name) >= sizeof out->name)
		return false;
	if (options.plain || !find_in_passwd(name, out))
		if (!find_fixed(name, out))
			return false;
	if (!options.plain)
		find_groups(out);
	return true;
}

/* ---- numbers to names */

static bool
find_name(const char *file, unsigned id, char *out, size_t size)
{
	char *rest = content, *line, *fields[3];
	unsigned found;

	if (!read_whole(file))
		return false;
	while ((line = strsep(&rest, "\n"))) {
		cut_fields(line, fields, 3);
		if (!parse_id(fields[2], &found) || found != id)
			continue;
		snprintf(out, size, "%s", fields[0]);
		return true;
	}
	return false;
}

/* Outside of a container everything is the person's own, who is "user" here. */
static void
name_of(const char *file, unsigned id, unsigned own, char *out, size_t size)
{
	if (options.plain && id == own)
		snprintf(out, size, "user");
	else if (!find_name(file, id, out, size))
		snprintf(out, size, "%u", id);
}

void
account_name(uid_t uid, char *out, size_t size)
{
	name_of("/etc/passwd", uid, geteuid(), out, size);
}

void
account_group_name(gid_t gid, char *out, size_t size)
{
	name_of("/etc/group", gid, getegid(), out, size);
}
