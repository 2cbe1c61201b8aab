#include "host/box_file.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"

static const char *
take_string(const char **at, const char *end)
{
	const char *s = *at;
	const char *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return s;
}

static enum filesystem_type
type_of(uint32_t mode)
{
	if (S_ISREG(mode))
		return FILESYSTEM_FILE;
	return S_ISDIR(mode) ? FILESYSTEM_DIRECTORY : FILESYSTEM_UNSPECIFIED;
}

/* What 64 bits of nanoseconds cannot hold is as good as unknown. */
static int64_t
time_of(const struct init_entry *head)
{
	if (head->modified_s < 0 || head->modified_s > INT64_MAX / 1000000000 - 1 ||
	    head->modified_ns >= 1000000000)
		return 0;
	return head->modified_s * 1000000000 + head->modified_ns;
}

static char *
last_name(const char *path)
{
	const char *end = path + strlen(path), *begin;

	while (end > path + 1 && end[-1] == '/')
		end--;
	begin = end;
	while (begin > path && begin[-1] != '/')
		begin--;
	return begin == end ? xstrdup("/") : xstrndup(begin, (size_t)(end - begin));
}

static void
fill(
    struct filesystem_entry *out, const struct init_entry *head, const char *const *texts)
{
	*out = (struct filesystem_entry){
		.name = last_name(texts[0]),
		.path = xstrdup(texts[0]),
		.type = type_of(head->mode),
		.size = head->size,
		.mode = head->mode & 0777,
		.owner = xstrdup(texts[1]),
		.group = xstrdup(texts[2]),
		.modified_ns = time_of(head),
		.is_symlink = S_ISLNK(head->own_mode),
	};
	if (out->is_symlink)
		out->symlink_target = xstrdup(texts[3]);
	filesystem_permissions(head->own_mode, out->permissions);
}

size_t
box_file_entry(const void *bytes, size_t len, struct filesystem_entry *out)
{
	struct init_entry head;
	const char *at = bytes, *end, *texts[4];

	if (len < sizeof head)
		return 0;
	memcpy(&head, bytes, sizeof head);
	if (head.len > len || head.len < sizeof head || head.size < 0)
		return 0;
	end = at + head.len;
	at += sizeof head;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!(texts[i] = take_string(&at, end)))
			return 0;
	fill(out, &head, texts);
	for (uint32_t i = 0; i < head.metadata; i++) {
		const char *key = take_string(&at, end);
		const char *value = key ? take_string(&at, end) : NULL;

		if (!value)
			break;
		if (utf8_is_valid(key, strlen(key)) &&
		    utf8_is_valid(value, strlen(value)))
			pairs_set(&out->metadata, key, value);
	}
	return head.len;
}
