/*
 * box_stray - processes that nothing ends any more. Those that a plain sandbox
 * left behind when its supervisor was killed: nothing holds them together but a
 * variable in their environment. And a child of bubblewrap whose parent was
 * killed before it had let it go on: it waits for its user map for ever.
 *
 * Both read all of /proc, so they belong in the pool, or to the start.
 */
#ifndef HOST_BOX_STRAY_H
#define HOST_BOX_STRAY_H

/* Kills all whose INIT_MARKER names this directory. Returns how many. */
int box_stray_kill(const char *dir);
/* Kills such children of bubblewrap, of whatever sandbox of ours. */
void box_stray_kill_waiting(void);

#endif
