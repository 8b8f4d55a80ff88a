/*
 * What all reference programs share: arguments, memory, the clock and the checksum of the results.
 */
#ifndef MILLRACE_MEASURE_H
#define MILLRACE_MEASURE_H

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FNV1A_32_START 2166136261u

/* Continues an FNV-1a 32-bit checksum, started with FNV1A_32_START, over `length` bytes. */
static inline uint32_t fnv1a_32(uint32_t hash, const void *bytes, size_t length) {
  const uint8_t *byte = bytes;
  for (size_t i = 0; i < length; i++) hash = (hash ^ byte[i]) * 16777619u;
  return hash;
}

static inline double now_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A rate is 0 where the clock saw no time pass: JSON has no infinity. */
static inline double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? (double)count / seconds : 0;
}

_Noreturn static inline void fail(const char *program, const char *what) {
  fprintf(stderr, "%s: %s\n", program, what);
  exit(1);
}

/* Allocates zeroed memory or ends the program. */
static inline void *allocate(const char *program, size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) fail(program, "out of memory");
  return memory;
}

/* The argument at `index` as a whole number from `min` to `max`, or `fallback` where it is not given. */
static inline uint64_t whole_number_argument(int count, char **arguments, int index, const char *name, uint64_t fallback,
                                             uint64_t min, uint64_t max) {
  if (index >= count) return fallback;
  const char *text = arguments[index];
  char *end;
  uint64_t value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || value < min || value > max) {
    fprintf(stderr, "%s must be a whole number from %" PRIu64 " to %" PRIu64 ", not \"%s\"\n", name, min, max, text);
    exit(1);
  }
  return value;
}

#endif
