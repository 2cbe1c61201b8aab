/*
 * address - domains and origins as people write them, checked and made regular
 * (control-plane.md 1.2). Failures do not repeat the text.
 */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

/* "e2b.app" or "sandboxes.example:8443"; trailing slashes are cut; caller frees *out. */
bool domain_parse(const char *text, char **out, struct error *err) MUST_CHECK;
/* Several, separated by blanks or commas, added to `out`. */
bool domains_parse(const char *text, struct strlist *out, struct error *err) MUST_CHECK;
/* "http(s)://host[:port][/path]"; trailing slashes are cut; caller frees *out. No user
 * and password, query or fragment. */
bool origin_parse(const char *text, char **out, struct error *err) MUST_CHECK;
/* Host and port of a clean origin; caller frees. */
char *origin_authority(const char *origin);

#endif
