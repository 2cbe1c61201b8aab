#include "cli/ladder.h"

#include "fleet/command.h"

/* As if a terminal were there and nothing had been confirmed. */
static enum ladder_step
full_step(const struct ladder_case *c)
{
	if (c->count == 0)
		return LADDER_GO;
	if (c->command == CMD_KILL && c->by_name)
		return LADDER_ASK_NAME;
	if (c->command == CMD_KILL)
		return c->count == 1 ? LADDER_ASK_YES : LADDER_ASK_COUNT;
	if (c->command == CMD_PAUSE && c->count > 1)
		return LADDER_ASK_YES;
	return LADDER_GO;
}

enum ladder_step
ladder_next(const struct ladder_case *c)
{
	enum ladder_step step = full_step(c);
	bool confirmed = c->confirmed && (step != LADDER_ASK_NAME || c->name_said);

	if (step == LADDER_GO || confirmed)
		return LADDER_GO;
	return c->may_ask ? step : LADDER_REFUSE;
}
