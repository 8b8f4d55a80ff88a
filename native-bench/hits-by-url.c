/*
 * hits-by-url <file> [threads]
 *
 * The limit it shows: how fast the lines of an access log in the combined format, in memory, can be grouped by URL, with the number of
 * hits and of bytes of each. Of a line only what is asked for is looked at byte by byte; the C library finds the quote before it
 * and the end of the line.
 */
#define _GNU_SOURCE
#define PROGRAM "hits-by-url"
#include "groups.h"

static inline const uint8_t *find_byte(const uint8_t *at, const uint8_t *end, uint8_t byte) {
  const uint8_t *found = memchr(at, byte, (size_t)(end - at));
  if (found == NULL) fail(PROGRAM, "a line is not in the combined format");
  return found;
}

static void add_lines(Table *table, const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    const uint8_t *url = find_byte(at, end, '"') + 1;
    while (*url++ != ' ');
    const uint8_t *url_end = url;
    while (*url_end != ' ') url_end++;
    const uint8_t *sent = url_end + 1;
    while (*sent++ != '"');
    /* A space, the status of three digits, and a space. */
    sent += 5;
    int64_t bytes = 0;
    for (; *sent >= '0' && *sent <= '9'; sent++) bytes = 10 * bytes + (*sent - '0');
    size_t length = (size_t)(url_end - url);
    Group *group = find_group(table, url, length, hash_key(url, length));
    group->values[0]++;
    group->values[1] += bytes;
    at = memchr(sent, '\n', (size_t)(end - sent));
    at = at == NULL ? end : at + 1;
  }
}

static void merge_group(Group *into, const Group *from) {
  into->values[0] += from->values[0];
  into->values[1] += from->values[1];
}

static int print_group(char *text, size_t size, const Group *group) {
  return snprintf(text, size, "%" PRId64 " %" PRId64, group->values[0], group->values[1]);
}

int main(int count, char **arguments) { return group_file(count, arguments); }
