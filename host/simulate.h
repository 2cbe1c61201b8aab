/*
 * simulate - sandboxes with nothing inside, for seeing how a large fleet looks and
 * behaves (`sandtop host run --simulate N`).
 *
 * They are listed, paused, resumed, timed out and killed as others are, but have no box,
 * no files, no processes and no log; traffic does not reach them. Their metrics are a
 * formula of their number and the time, so that none is stored and none costs a timer.
 * Nothing of them is written down: they end with the host. Each says what it is:
 * metadata simulated=true, and a template alias that begins with "sim-".
 */
#ifndef HOST_SIMULATE_H
#define HOST_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

#include "host/metrics.h"

#define SIMULATE_MAX 10000

struct sandbox;

void simulate_fill(struct registry *r, int count);
struct sample_scale simulate_scale(const struct sandbox *s);
/* At that time, whether it ran then or not. */
void simulate_sample(const struct sandbox *s, int64_t ts_s, struct sample *out);
/* First and last time there are samples of: seven days at most, to now or the pause. */
void simulate_span(const struct sandbox *s, int64_t *first_s, int64_t *last_s);
/* One sample each step_s within the range, in order; caller frees. */
struct sample *simulate_history(const struct sandbox *s, int64_t start_s, int64_t end_s,
    int64_t step_s, size_t *count);

#endif
