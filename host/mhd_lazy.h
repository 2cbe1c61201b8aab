/* mhd_lazy - libmicrohttpd, loaded when a server starts: clients, which live in the same
 * executable, do not pay for it. Included instead of <microhttpd.h>. */
#ifndef HOST_MHD_LAZY_H
#define HOST_MHD_LAZY_H

#include <microhttpd.h>

#define MHD_FUNCTIONS(X)                                                                 \
	X(MHD_add_response_header)                                                       \
	X(MHD_create_response_from_buffer)                                               \
	X(MHD_create_response_from_callback)                                             \
	X(MHD_create_response_from_fd_at_offset64)                                       \
	X(MHD_destroy_response)                                                          \
	X(MHD_get_connection_info)                                                       \
	X(MHD_get_connection_values)                                                     \
	X(MHD_get_daemon_info)                                                           \
	X(MHD_get_reason_phrase_for)                                                     \
	X(MHD_get_timeout)                                                               \
	X(MHD_lookup_connection_value)                                                   \
	X(MHD_queue_response)                                                            \
	X(MHD_resume_connection)                                                         \
	X(MHD_run)                                                                       \
	X(MHD_start_daemon)                                                              \
	X(MHD_stop_daemon)                                                               \
	X(MHD_suspend_connection)

#define MHD_MEMBER(name) __typeof__(&name) name;
struct mhd_table {
	MHD_FUNCTIONS(MHD_MEMBER)
};
#undef MHD_MEMBER

extern struct mhd_table mhd_table;
void mhd_load(void); /* once; later calls do nothing */

#ifndef MHD_LAZY_TABLE_ITSELF
#define MHD_add_response_header mhd_table.MHD_add_response_header
#define MHD_create_response_from_buffer mhd_table.MHD_create_response_from_buffer
#define MHD_create_response_from_callback mhd_table.MHD_create_response_from_callback
#define MHD_create_response_from_fd_at_offset64                                          \
	mhd_table.MHD_create_response_from_fd_at_offset64
#define MHD_destroy_response mhd_table.MHD_destroy_response
#define MHD_get_connection_info mhd_table.MHD_get_connection_info
#define MHD_get_connection_values mhd_table.MHD_get_connection_values
#define MHD_get_daemon_info mhd_table.MHD_get_daemon_info
#define MHD_get_reason_phrase_for mhd_table.MHD_get_reason_phrase_for
#define MHD_get_timeout mhd_table.MHD_get_timeout
#define MHD_lookup_connection_value mhd_table.MHD_lookup_connection_value
#define MHD_queue_response mhd_table.MHD_queue_response
#define MHD_resume_connection mhd_table.MHD_resume_connection
#define MHD_run mhd_table.MHD_run
#define MHD_start_daemon mhd_table.MHD_start_daemon
#define MHD_stop_daemon mhd_table.MHD_stop_daemon
#define MHD_suspend_connection mhd_table.MHD_suspend_connection
#endif

#endif
