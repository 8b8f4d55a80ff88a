/*
 * bytes-by-route <file> [threads]
 *
 * The limit it shows: how fast lines of JSON, in memory, can be asked for three of their fields: requests and bytes of each `route`,
 * of the lines whose `status` is 200. All of a line is read, as the fields may come in any order and a nested object may have
 * fields of the same names; a number or text that is not asked for is only passed over. Texts that are asked for must not have
 * escapes, and there are no spaces between the tokens.
 */
#define _GNU_SOURCE
#define PROGRAM "bytes-by-route"
#include "groups.h"

typedef struct {
  const uint8_t *route;
  size_t route_length;
  int64_t status;
  int64_t bytes;
} Request;

_Noreturn static void malformed(void) { fail(PROGRAM, "a line is not the JSON that this program reads"); }

/* The quote that ends the text whose first byte is at `at`. */
static inline const uint8_t *text_end(const uint8_t *at) {
  for (;; at++) {
    if (*at == '"') return at;
    if (*at == '\\') at++;
    if (*at == '\n' || *at == 0) malformed();
  }
}

static inline const uint8_t *read_number(const uint8_t *at, int64_t *number) {
  int64_t value = 0;
  for (; *at >= '0' && *at <= '9'; at++) value = 10 * value + (*at - '0');
  *number = value;
  return at;
}

/* Passes over an object or an array, whose first byte is at `at`. */
static const uint8_t *nested_end(const uint8_t *at) {
  int depth = 0;
  for (;; at++) {
    if (*at == '"') at = text_end(at + 1);
    else if (*at == '{' || *at == '[') depth++;
    else if ((*at == '}' || *at == ']') && --depth == 0) return at + 1;
    else if (*at == '\n' || *at == 0) malformed();
  }
}

static inline const uint8_t *value_end(const uint8_t *at) {
  if (*at == '"') return text_end(at + 1) + 1;
  if (*at == '{' || *at == '[') return nested_end(at);
  while (*at != ',' && *at != '}') {
    if (*at == '\n' || *at == 0) malformed();
    at++;
  }
  return at;
}

static inline bool is_name(const uint8_t *name, size_t length, const char *wanted, size_t wanted_length) {
  return length == wanted_length && memcmp(name, wanted, wanted_length) == 0;
}
#define IS_NAME(name, length, wanted) is_name(name, length, wanted, sizeof wanted - 1)

/* Reads the object that starts at `at`, and returns what follows it. */
static inline const uint8_t *read_request(const uint8_t *at, Request *request) {
  if (*at != '{') malformed();
  do {
    const uint8_t *name = at + 2;
    if (at[1] != '"') malformed();
    const uint8_t *name_end = text_end(name);
    size_t length = (size_t)(name_end - name);
    if (name_end[1] != ':') malformed();
    const uint8_t *value = name_end + 2;
    if (IS_NAME(name, length, "status")) at = read_number(value, &request->status);
    else if (IS_NAME(name, length, "bytes")) at = read_number(value, &request->bytes);
    else if (IS_NAME(name, length, "route")) {
      const uint8_t *end = text_end(value + 1);
      request->route = value + 1;
      request->route_length = (size_t)(end - value - 1);
      at = end + 1;
    } else at = value_end(value);
  } while (*at == ',');
  if (*at != '}') malformed();
  return at + 1;
}

static void add_lines(Table *table, const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    Request request = {0};
    at = read_request(at, &request);
    if (at < end && *at != '\n') malformed();
    at++;
    if (request.status != 200 || request.route == NULL) continue;
    Group *group = find_group(table, request.route, request.route_length, hash_key(request.route, request.route_length));
    group->values[0]++;
    group->values[1] += request.bytes;
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
