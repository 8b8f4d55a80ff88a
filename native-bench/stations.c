/*
 * stations <file> [threads]
 *
 * The limit it shows: how fast the measurements of weather stations, `name;-12.3` in lines that are in memory, can be grouped: minimum,
 * total, maximum and number of each station, in tenths of a degree. Eight bytes at a time are searched for the semicolon.
 */
#define _GNU_SOURCE
#define PROGRAM "stations"
#include "groups.h"

enum { MINIMUM, TOTAL, MAXIMUM, COUNT };

/* The highest bit of each byte of the word that is a semicolon, and perhaps of bytes above the first one. */
static inline uint64_t semicolons(uint64_t word) {
  uint64_t zero = word ^ UINT64_C(0x3b3b3b3b3b3b3b3b);
  return (zero - UINT64_C(0x0101010101010101)) & ~zero & UINT64_C(0x8080808080808080);
}

/* Reads tenths of a degree, with one digit or two before the point, and returns what follows the line. */
static inline const uint8_t *read_tenths(const uint8_t *at, int64_t *tenths) {
  bool negative = *at == '-';
  at += negative;
  int64_t value = *at++ - '0';
  if (*at != '.') value = 10 * value + (*at++ - '0');
  value = 10 * value + (at[1] - '0');
  *tenths = negative ? -value : value;
  return at + 3;
}

/* The bytes of a name are hashed while the semicolon behind it is searched; the machine must be little-endian, as nearly all are. */
static void add_lines(Table *table, const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    const uint8_t *name = at;
    uint64_t hash = 0;
    uint64_t word = load_8(at);
    uint64_t found = semicolons(word);
    while (found == 0) {
      hash = mix(hash, word);
      at += 8;
      if (at >= end) fail(PROGRAM, "a line has no semicolon");
      word = load_8(at);
      found = semicolons(word);
    }
    size_t rest = (size_t)__builtin_ctzll(found) >> 3;
    hash = mix(hash, lowest_bytes(word, rest));
    at += rest;
    Group *group = find_group(table, name, (size_t)(at - name), (uint32_t)hash);
    int64_t tenths;
    at = read_tenths(at + 1, &tenths);
    if (group->values[COUNT] == 0 || tenths < group->values[MINIMUM]) group->values[MINIMUM] = tenths;
    if (group->values[COUNT] == 0 || tenths > group->values[MAXIMUM]) group->values[MAXIMUM] = tenths;
    group->values[TOTAL] += tenths;
    group->values[COUNT]++;
  }
}

static void merge_group(Group *into, const Group *from) {
  bool first = into->values[COUNT] == 0;
  if (first || from->values[MINIMUM] < into->values[MINIMUM]) into->values[MINIMUM] = from->values[MINIMUM];
  if (first || from->values[MAXIMUM] > into->values[MAXIMUM]) into->values[MAXIMUM] = from->values[MAXIMUM];
  into->values[TOTAL] += from->values[TOTAL];
  into->values[COUNT] += from->values[COUNT];
}

static int print_group(char *text, size_t size, const Group *group) {
  const int64_t *values = group->values;
  return snprintf(text, size, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, values[MINIMUM], values[TOTAL], values[MAXIMUM],
                  values[COUNT]);
}

int main(int count, char **arguments) { return group_file(count, arguments); }
