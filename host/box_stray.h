/*
 * box_stray - processes that a plain sandbox left behind when its supervisor
 * was killed: nothing holds them together but a variable in their environment.
 */
#ifndef HOST_BOX_STRAY_H
#define HOST_BOX_STRAY_H

/* Kills all whose INIT_MARKER names this directory; reads all of /proc, so it
 * belongs in the pool. Returns how many. */
int box_stray_kill(const char *dir);

#endif
