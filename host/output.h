/*
 * output - what a process has written lately, by byte offset.
 *
 * One log for all viewers of a process: each reads it at its own offset, so a
 * chunk is stored once however many look. Offsets count the bytes of all
 * streams in the order they were read. The newest `keep` bytes stay for replay;
 * what a viewer still needs stays too, because the owner names the lowest
 * offset in use when it trims.
 */
#ifndef HOST_OUTPUT_H
#define HOST_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "wire/process.h"

struct output_chunk;

struct output {
	struct output_chunk *first, *last; /* owned */
	uint64_t end;			   /* offset behind the newest byte */
	size_t memory;			   /* held by the chunks */
};

void output_clear(struct output *o);
/* Room for bytes of that stream at the end; *room says how much, at least 1. */
char *output_reserve(struct output *o, enum process_stream stream, size_t *room);
void output_commit(struct output *o, size_t len);
/* The piece at `offset`; 0 at the end. An offset that was trimmed is moved up to what
 * is there. */
size_t output_read(const struct output *o, uint64_t *offset, enum process_stream *stream,
    const char **bytes);
uint64_t output_begin(const struct output *o); /* offset of the oldest byte kept */
/* Drops what is older than the newest `keep` bytes and lies below `lowest`. */
void output_trim(struct output *o, size_t keep, uint64_t lowest);

#endif
