/* What any program of a sandbox may send to its first process to become root. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "host/init/sudo.c" /* its parser is its own */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

pid_t
spawn_start(const struct plan *p, struct report *report)
{
	(void)p;
	report->errnum = EAGAIN;
	return -1;
}

bool
account_find(const char *name, struct account *out)
{
	(void)name;
	(void)out;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan p = { .cwd = NULL };
	char user[SUDO_USER_MAX];
	size_t len = size < sizeof request ? size : sizeof request;

	memcpy(request, data, len);
	if (!parse(len, &p, user))
		return 0;
	const char *at = p.first, *end = request + len;

	for (uint32_t i = 0; i < p.head.argc + p.head.envc; i++)
		at += strlen(at) + 1;
	if (at != end || strlen(user) >= sizeof user)
		abort();
	return 0;
}
