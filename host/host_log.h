/*
 * host_log - the file that a background host's messages go to, host.log in its
 * state directory: at most HOST_LOG_MAX bytes and one older file, host.log.1.
 * Failing to rotate is no reason not to serve: then the file just grows.
 */
#ifndef HOST_HOST_LOG_H
#define HOST_HOST_LOG_H

#define HOST_LOG_MAX (1024 * 1024)

/* Before a host starts: a file that is full becomes the older one. */
void host_log_rotate(const char *state_dir);
/* In the host, now and then: the same where stderr is that file, and stderr becomes
 * the new one. Does nothing where stderr is anything else. */
void host_log_rotate_own(const char *state_dir);

#endif
