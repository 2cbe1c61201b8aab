/* Finds the cases in the files of a directory. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "script.h"

enum { FILE_MAX = 1 << 20 };

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static struct strlist
list_tests(const char *dir)
{
	struct strlist names = { 0 };
	DIR *d = opendir(dir);
	const struct dirent *entry;

	if (!d) {
		perror(dir);
		exit(1);
	}
	while ((entry = readdir(d)))
		if (str_has_suffix(entry->d_name, ".test"))
			strlist_add(&names, entry->d_name);
	closedir(d);
	if (names.count == 0) {
		fprintf(stderr, "%s holds no tests\n", dir);
		exit(1);
	}
	qsort(names.items, names.count, sizeof *names.items, by_name);
	return names;
}

static char *
read_file(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "rb");
	char *text = xcalloc(1, FILE_MAX);

	if (!f || fread(text, 1, FILE_MAX - 1, f) == 0) {
		perror(path);
		exit(1);
	}
	fclose(f);
	free(path);
	return text;
}

struct script *
script_load(const char *dir, size_t *count)
{
	struct strlist names = list_tests(dir);
	struct script *scripts = NULL;

	*count = 0;
	for (size_t i = 0; i < names.count; i++) {
		char *text = read_file(dir, names.items[i]);
		int line = 1;

		for (char *at = text, *next; at; at = next, line++) {
			next = strchr(at, '\n');
			if (next)
				*next++ = '\0';
			if (*at == '!') {
				scripts =
				    xreallocarray(scripts, *count + 1, sizeof *scripts);
				scripts[(*count)++] = (struct script){
					.name =
					    xasprintf("%s:%s", names.items[i], at + 1),
					.text = xstrdup(""),
					.line = line,
				};
			} else if (*count > 0) {
				struct script *s = &scripts[*count - 1];
				char *longer = xasprintf("%s\n%s", s->text, at);

				free(s->text);
				s->text = longer;
			}
		}
		free(text);
	}
	strlist_clear(&names);
	return scripts;
}

void
script_free(struct script *scripts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(scripts[i].name);
		free(scripts[i].text);
	}
	free(scripts);
}
