/* svg - one terminal screen as a picture, every glyph at its cell. */
#ifndef TESTS_SCREENSHOTS_SVG_H
#define TESTS_SCREENSHOTS_SVG_H

#include "base/buf.h"
#include "term/pane.h"

void svg_from_pane(const struct pane *p, const char *title, struct buf *out);

#endif
