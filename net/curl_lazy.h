/* curl_lazy - libcurl, loaded at the first request: every call below goes through a
 * table that curl_load() fills. Included instead of <curl/curl.h>. */
#ifndef NET_CURL_LAZY_H
#define NET_CURL_LAZY_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* libcurl's own macros only count arguments. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define CURL_FUNCTIONS(X)                                                                \
	X(curl_easy_cleanup)                                                             \
	X(curl_easy_getinfo)                                                             \
	X(curl_easy_init)                                                                \
	X(curl_easy_pause)                                                               \
	X(curl_easy_reset)                                                               \
	X(curl_easy_setopt)                                                              \
	X(curl_easy_strerror)                                                            \
	X(curl_global_cleanup)                                                           \
	X(curl_global_init)                                                              \
	X(curl_multi_add_handle)                                                         \
	X(curl_multi_assign)                                                             \
	X(curl_multi_cleanup)                                                            \
	X(curl_multi_info_read)                                                          \
	X(curl_multi_init)                                                               \
	X(curl_multi_remove_handle)                                                      \
	X(curl_multi_setopt)                                                             \
	X(curl_multi_socket_action)                                                      \
	X(curl_slist_append)                                                             \
	X(curl_slist_free_all)

#define CURL_MEMBER(name) __typeof__(&name) name;
struct curl_table {
	CURL_FUNCTIONS(CURL_MEMBER)
};
#undef CURL_MEMBER

extern struct curl_table curl_table;
void curl_load(void); /* once; later calls do nothing */

#ifndef CURL_LAZY_TABLE_ITSELF
#define curl_easy_cleanup curl_table.curl_easy_cleanup
#define curl_easy_getinfo curl_table.curl_easy_getinfo
#define curl_easy_init curl_table.curl_easy_init
#define curl_easy_pause curl_table.curl_easy_pause
#define curl_easy_reset curl_table.curl_easy_reset
#define curl_easy_setopt curl_table.curl_easy_setopt
#define curl_easy_strerror curl_table.curl_easy_strerror
#define curl_global_cleanup curl_table.curl_global_cleanup
#define curl_global_init curl_table.curl_global_init
#define curl_multi_add_handle curl_table.curl_multi_add_handle
#define curl_multi_assign curl_table.curl_multi_assign
#define curl_multi_cleanup curl_table.curl_multi_cleanup
#define curl_multi_info_read curl_table.curl_multi_info_read
#define curl_multi_init curl_table.curl_multi_init
#define curl_multi_remove_handle curl_table.curl_multi_remove_handle
#define curl_multi_setopt curl_table.curl_multi_setopt
#define curl_multi_socket_action curl_table.curl_multi_socket_action
#define curl_slist_append curl_table.curl_slist_append
#define curl_slist_free_all curl_table.curl_slist_free_all
#endif

#endif
