/*
 * backoff - how long to wait before trying again: doubling, with jitter, so
 * that many clients do not come back at the same moment.
 */
#ifndef NET_BACKOFF_H
#define NET_BACKOFF_H

/* Milliseconds before repeat `attempt` (the first is 1): base_ms doubled each time, at
 * most 100 times the base, of that 50 to 100 % at random. At least 1. */
int backoff_ms(int base_ms, int attempt);

#endif
