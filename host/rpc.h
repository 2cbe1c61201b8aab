/* rpc - the Connect layer before a handler: content types, headers, the one message of a
 * stream; and errors in the shape its kind wants. envd.md 2. */
#ifndef HOST_RPC_H
#define HOST_RPC_H

#include "host/routes.h"
#include "wire/connect.h"

/* Who is named by Basic authentication; "user" when nobody. NULL: unknown, answered. */
const char *rpc_user(struct request *r);
/* Fills message and timeout of the call. false: answered. */
bool rpc_accept(struct call *c);
/* In the shape of the call's kind. */
void rpc_error(struct call *c, enum connect_code code, const char *message);
int rpc_keepalive_s(const struct request *r); /* clamped to at least 1 */

#endif
