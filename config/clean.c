#include "config/clean.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/str.h"
#include "base/text.h"

void
error_clean(struct error *err)
{
	char *clean = text_clean_dup(err->text);

	(void)str_copy(err->text, sizeof err->text, clean);
	free(clean);
}

bool
file_read(const char *path, size_t max, struct file_text *out, struct error *err)
{
	struct file_text f = { 0 };
	struct stat st;

	if (stat(path, &st) < 0) {
		f.missing = errno == ENOENT || errno == ENOTDIR;
		*out = f;
		return f.missing || error_system(err, errno, "reading %s", path);
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INPUT, "%s is not a regular file", path);
	if ((uintmax_t)st.st_size > max)
		return error_set(err, ERROR_INPUT,
		    "%s has %jd bytes; more than %zu are refused", path,
		    (intmax_t)st.st_size, max);
	if (!path_read_file(path, max, &f.text, &f.len, err))
		return false;
	f.mode = st.st_mode & 07777;
	f.owner = st.st_uid;
	*out = f;
	return true;
}

void
file_text_clear(struct file_text *f)
{
	if (f->text)
		explicit_bzero(f->text, f->len);
	free(f->text);
	*f = (struct file_text){ 0 };
}

void
secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}
