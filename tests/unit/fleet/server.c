/* The scripted server of net's tests, on this room's loop. */
#include "tests/unit/net/server.c"
