/* file_entry - one file as its entry: what stat says, where a link leads, who owns it, and
 * the metadata that envd keeps in extended attributes. envd.md 3.11. */
#include "host/init/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NAMES_MAX = 16, NAME_SIZE = 64, VALUES_MAX = 64 * 1024 };

static _Alignas(8) unsigned char record[FILE_ENTRY_MAX];
static size_t record_len;

/* ---- names of owners: a listing asks for the same few again and again */

struct names {
	unsigned ids[NAMES_MAX];
	char texts[NAMES_MAX][NAME_SIZE];
	size_t count;
};
static struct names users, groups;

void
file_forget_names(void)
{
	users.count = groups.count = 0;
}

static const char *
name_of(struct names *n, unsigned id, void (*find)(unsigned id, char *out, size_t size))
{
	for (size_t i = 0; i < n->count; i++)
		if (n->ids[i] == id)
			return n->texts[i];
	size_t at = n->count < NAMES_MAX ? n->count++ : NAMES_MAX - 1;

	n->ids[at] = id;
	find(id, n->texts[at], NAME_SIZE);
	return n->texts[at];
}

/* ---- the record */

static void
add_bytes(const char *bytes, size_t len)
{
	if (record_len + len + 1 > sizeof record)
		return;
	memcpy(record + record_len, bytes, len);
	record[record_len + len] = '\0';
	record_len += len + 1;
}

static void
add_string(const char *s)
{
	add_bytes(s, strlen(s));
}

/* Of what the link leads to. Attributes are at most 64 KiB, names and values each. */
static uint32_t
add_metadata(const char *path)
{
	static char names[VALUES_MAX], value[VALUES_MAX];
	ssize_t len = listxattr(path, names, sizeof names);
	uint32_t count = 0;

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		const char *name = names + at;

		if (strncmp(name, FILE_METADATA, sizeof FILE_METADATA - 1) != 0)
			continue;
		ssize_t size = getxattr(path, name, value, sizeof value);

		if (size < 0 || memchr(value, '\0', (size_t)size) ||
		    record_len + strlen(name) + (size_t)size + 2 > sizeof record)
			continue;
		add_string(name + sizeof FILE_METADATA - 1);
		add_bytes(value, (size_t)size);
		count++;
	}
	return count;
}

const struct init_entry *
file_entry(const char *path)
{
	struct init_entry head = { .size = 0 };
	struct stat own, target;
	char leads[PATH_MAX] = "";

	if (lstat(path, &own) != 0)
		return NULL;
	target = own;
	if (S_ISLNK(own.st_mode) &&
	    (stat(path, &target) != 0 || !realpath(path, leads))) {
		target.st_mode = 0;
		snprintf(leads, sizeof leads, "%s", path);
	}
	head.size = own.st_size;
	head.modified_s = own.st_mtim.tv_sec;
	head.modified_ns = (uint32_t)own.st_mtim.tv_nsec;
	head.mode = target.st_mode;
	head.own_mode = own.st_mode;
	record_len = sizeof head;
	add_string(path);
	add_string(name_of(&users, own.st_uid, account_name));
	add_string(name_of(&groups, own.st_gid, account_group_name));
	add_string(leads);
	if (S_ISREG(head.mode) || S_ISDIR(head.mode))
		head.metadata = add_metadata(path);
	head.len = (uint32_t)record_len;
	memcpy(record, &head, sizeof head);
	return (const struct init_entry *)(const void *)record;
}

/* A record with the longest path and the most metadata is larger than a datagram may be:
 * then the metadata stays behind. */
void
file_reply_entry(uint32_t id, const char *path, int fd)
{
	struct init_header header = { .type = INIT_REPLY, .id = id, .result = INIT_OK };
	const struct init_entry *entry;

	file_forget_names();
	entry = file_entry(path);
	if (!entry) {
		file_fail(id, errno == ENOENT ? INIT_NOT_FOUND : INIT_FAILED,
		    "file not found: lstat %s: %s", path, file_error(errno));
		return;
	}
	header.len = entry->len;
	if (header.len > INIT_INLINE_MAX) {
		reply_text(id, INIT_LIMIT, "its metadata is larger than 48 KiB");
		return;
	}
	message_send(&header, entry, &fd, fd >= 0 ? 1 : 0);
}
