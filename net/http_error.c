/* What libcurl says, as a person needs it: what failed, why, what to do. */
#include "net/http_private.h"

#include <string.h>

#include "base/text.h"

#define HOST_MAX 80

/* The host stands between the two halves. */
static const struct {
	CURLcode result;
	enum error_code code;
	const char *before, *after;
} causes[] = {
	{ CURLE_URL_MALFORMAT, ERROR_INPUT, "", " is not an address: check the URL" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERROR_REMOTE, "",
	    " does not speak HTTP: check the URL" },
	{ CURLE_COULDNT_RESOLVE_PROXY, ERROR_OFFLINE, "the proxy for ",
	    " has no address: check HTTPS_PROXY and HTTP_PROXY" },
	{ CURLE_COULDNT_RESOLVE_HOST, ERROR_OFFLINE, "",
	    " has no address: check the network and the domain" },
	{ CURLE_COULDNT_CONNECT, ERROR_OFFLINE, "no connection to ",
	    ": check that it runs and that the network reaches it" },
	{ CURLE_WEIRD_SERVER_REPLY, ERROR_REMOTE, "",
	    " does not speak HTTP: check the URL" },
	{ CURLE_PARTIAL_FILE, ERROR_OFFLINE, "", " cut its answer short" },
	{ CURLE_GOT_NOTHING, ERROR_OFFLINE, "",
	    " closed the connection without an answer" },
	{ CURLE_SEND_ERROR, ERROR_OFFLINE, "the connection to ", " broke" },
	{ CURLE_RECV_ERROR, ERROR_OFFLINE, "the connection to ", " broke" },
	{ CURLE_ABORTED_BY_CALLBACK, ERROR_OFFLINE, "",
	    " closed the connection without an answer" },
	{ CURLE_HTTP2, ERROR_OFFLINE, "the connection to ", " broke" },
	{ CURLE_HTTP2_STREAM, ERROR_OFFLINE, "", " ended the request without an answer" },
	{ CURLE_SSL_CONNECT_ERROR, ERROR_OFFLINE, "no TLS connection to ",
	    ": check the URL and the proxy" },
	{ CURLE_PEER_FAILED_VERIFICATION, ERROR_OFFLINE, "the certificate of ",
	    " is not trusted: check the domain, or name your CA file in SSL_CERT_FILE or "
	    "CURL_CA_BUNDLE" },
	{ CURLE_SSL_CACERT_BADFILE, ERROR_INPUT, "the CA file for ",
	    " cannot be read: check SSL_CERT_FILE and CURL_CA_BUNDLE" },
	{ CURLE_BAD_CONTENT_ENCODING, ERROR_REMOTE, "",
	    " sent an answer that is broken" },
};

/* Host and port, for a text. */
static void
host_of(const struct transfer *t, char *out, size_t size)
{
	const char *host = strstr(t->url, "://");
	const char *at;
	struct buf clean;
	size_t len;

	host = host ? host + 3 : t->url;
	len = strcspn(host, "/?#");
	at = memrchr(host, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	buf_init(&clean, 4096);
	text_clean(&clean, host, MIN(len, (size_t)HOST_MAX - 1));
	str_copy(out, size, clean.len ? clean.data : "the server");
	buf_clear(&clean);
}

/* What came before does not count: an answer is whole or none. */
static void
forget_answer(struct transfer *t)
{
	long sent = 0;

	t->reply.status = 0;
	buf_reset(&t->in);
	if (t->easy)
		curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	t->reply.unsent = sent == 0;
}

static void
set_other_error(struct transfer *t, CURLcode result, const char *host)
{
	struct buf clean;

	buf_init(&clean, 4096);
	text_clean(&clean, t->detail, strnlen(t->detail, 120));
	error_set(&t->reply.error, ERROR_OFFLINE, "%s: %s", host,
	    clean.len ? clean.data : curl_easy_strerror(result));
	buf_clear(&clean);
}

void
transfer_set_error(struct transfer *t, CURLcode result)
{
	struct error *err = &t->reply.error;
	char host[HOST_MAX];

	forget_answer(t);
	host_of(t, host, sizeof host);
	if (t->too_long) {
		error_set(err, ERROR_REMOTE, "%s sent more than %zu MiB", host,
		    t->request.max_reply >> 20);
		return;
	}
	if (result == CURLE_OPERATION_TIMEDOUT) {
		t->reply.timed_out = true;
		error_set(err, ERROR_OFFLINE,
		    "no connection to %s within %d s: check the network", host,
		    (t->request.connect_ms + 999) / 1000);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		if (causes[i].result != result)
			continue;
		error_set(err, causes[i].code, "%s%s%s", causes[i].before, host,
		    causes[i].after);
		return;
	}
	set_other_error(t, result, host);
}

void
transfer_set_deadline_error(struct transfer *t, int waited_ms)
{
	char host[HOST_MAX];
	bool began = t->head_done;

	host_of(t, host, sizeof host);
	forget_answer(t);
	t->reply.timed_out = true;
	error_set(&t->reply.error, ERROR_OFFLINE, "%s %s within %d s", host,
	    began ? "did not finish its answer" : "did not answer",
	    (waited_ms + 999) / 1000);
}
