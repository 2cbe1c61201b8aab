/*
 * Header blocks of services in sandboxes: where one ends must not depend on what follows,
 * and what a client is given of it is whole, ends once, and says that the connection
 * does.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/port_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *head, size_t len, const struct port_question *q)
{
	struct port_answer answer, again;
	struct buf client, twice;

	buf_init(&client, 4 * PORT_HEAD_MAX);
	buf_init(&twice, 4 * PORT_HEAD_MAX);
	if (port_answer_read(head, len, q, &answer, &client)) {
		if (client.overflow || answer.status < 100 || answer.length < -1 ||
		    port_head_size(client.data, client.len) != client.len)
			abort();
		if (answer.status >= 200 && !str_has_suffix(client.data + client.len - 21,
						"Connection: close\r\n\r\n"))
			abort();
		/* The client sees the body that the service meant. */
		if (!port_answer_read(client.data, client.len, q, &again, &twice) ||
		    again.status != answer.status || again.length != answer.length)
			abort();
	}
	buf_clear(&client);
	buf_clear(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct port_question questions[] = { { 0 }, { .head = true } };
	char *own;
	size_t len;

	if (size < 2 || size > PORT_HEAD_MAX)
		return 0;
	len = port_head_size((const char *)data + 1, size - 1);
	if (len == 0)
		return 0;
	own = xmalloc(len); /* so that reading past it is seen */
	memcpy(own, data + 1, len);
	if (port_head_size(own, len) != len || port_head_size(own, len - 1) != 0)
		abort();
	check(own, len, &questions[data[0] % 2]);
	free(own);
	return 0;
}
