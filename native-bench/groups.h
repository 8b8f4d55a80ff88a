/*
 * What the reference programs that group the lines of a file share: the mapped file, its parts and their threads, a hash table from a
 * key to a few whole numbers, and the checksum of the results.
 *
 * A program has to define PROGRAM before, and after it `add_lines`, `merge_group` and `print_group`.
 */
#ifndef MILLRACE_GROUPS_H
#define MILLRACE_GROUPS_H

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"

#define THREADS_MAX 64
#define INITIAL_CAPACITY (1u << 12)
#define ARENA_BYTES (1u << 20)
/* Eight bytes may be read from any place of a line, up to the last one. */
#define READ_AHEAD 8

typedef struct {
  const uint8_t *key; /* NULL marks an empty entry */
  uint32_t length;
  uint32_t hash;
  int64_t values[4];
} Group;

/* Memory for the bytes of keys, used from the start of one large block after another and never freed. */
typedef struct {
  uint8_t *next;
  size_t left;
} Arena;

/* A hash table with open addressing: linear probing in a power of two entries, at most half of them in use. */
typedef struct {
  Group *groups;
  size_t capacity;
  size_t used;
  Arena arena;
} Table;

/* The part of the file from `start` to before `end`: whole lines, grouped into `table` by one thread. */
typedef struct {
  const uint8_t *start;
  const uint8_t *end;
  Table table;
  pthread_t thread;
} Part;

/* Groups all lines from `start` to before `end`; the byte before `end` is a line feed, or it is the end of the file. */
static void add_lines(Table *table, const uint8_t *start, const uint8_t *end);
/* Adds the values of a group to those of another, whose key has just been added where all its values are 0. */
static void merge_group(Group *into, const Group *from);
/* Writes the values of a group as they stand in the results, and returns the number of characters. */
static int print_group(char *text, size_t size, const Group *group);

static inline uint64_t load_8(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* The lowest `length` bytes of a word, from 0 to 8 of them. */
static inline uint64_t lowest_bytes(uint64_t word, size_t length) {
  return length == 0 ? 0 : word & (UINT64_MAX >> (64 - 8 * length));
}

static inline uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ (hash >> 32);
}

/* Reads up to seven bytes beyond the key. */
static inline uint32_t hash_key(const uint8_t *key, size_t length) {
  uint64_t hash = length;
  for (; length > 8; key += 8, length -= 8) hash = mix(hash, load_8(key));
  return (uint32_t)mix(hash, lowest_bytes(load_8(key), length));
}

static Table create_table(size_t capacity) {
  return (Table){.groups = allocate(PROGRAM, capacity, sizeof(Group)), .capacity = capacity};
}

static inline bool is_key(const Group *group, const uint8_t *key, size_t length) {
  if (group->length != length) return false;
  const uint8_t *known = group->key;
  for (; length > 8; key += 8, known += 8, length -= 8) {
    if (load_8(key) != load_8(known)) return false;
  }
  return lowest_bytes(load_8(key) ^ load_8(known), length) == 0;
}

static inline Group *probe(const Table *table, const uint8_t *key, size_t length, uint32_t hash) {
  size_t mask = table->capacity - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    Group *group = &table->groups[at];
    if (group->key == NULL || (group->hash == hash && is_key(group, key, length))) return group;
  }
}

static void grow(Table *table) {
  Table larger = create_table(2 * table->capacity);
  larger.used = table->used;
  larger.arena = table->arena;
  for (size_t i = 0; i < table->capacity; i++) {
    const Group *group = &table->groups[i];
    if (group->key != NULL) *probe(&larger, group->key, group->length, group->hash) = *group;
  }
  free(table->groups);
  *table = larger;
}

static const uint8_t *keep(Arena *arena, const uint8_t *key, size_t length) {
  if (length + READ_AHEAD > arena->left) {
    arena->left = length + READ_AHEAD > ARENA_BYTES ? length + READ_AHEAD : ARENA_BYTES;
    arena->next = allocate(PROGRAM, arena->left, 1);
  }
  uint8_t *kept = arena->next;
  memcpy(kept, key, length);
  arena->next += length;
  arena->left -= length;
  return kept;
}

static Group *add_group(Table *table, const uint8_t *key, size_t length, uint32_t hash) {
  if (2 * ++table->used > table->capacity) grow(table);
  Group *group = probe(table, key, length, hash);
  *group = (Group){.key = keep(&table->arena, key, length), .length = (uint32_t)length, .hash = hash};
  return group;
}

/* The group of a key, which is a new one with values of 0 where the table does not have it. */
static inline Group *find_group(Table *table, const uint8_t *key, size_t length, uint32_t hash) {
  Group *group = probe(table, key, length, hash);
  return group->key != NULL ? group : add_group(table, key, length, hash);
}

static void *group_part(void *argument) {
  Part *part = argument;
  Table table = create_table(INITIAL_CAPACITY);
  add_lines(&table, part->start, part->end);
  part->table = table;
  return NULL;
}

/* The start of the first line at or after `at`. */
static const uint8_t *line_start(const uint8_t *text, const uint8_t *end, const uint8_t *at) {
  if (at == text) return at;
  const uint8_t *line_feed = memchr(at - 1, '\n', (size_t)(end - at) + 1);
  return line_feed == NULL ? end : line_feed + 1;
}

static void group_in_parts(Part *parts, size_t count, const uint8_t *text, size_t bytes) {
  const uint8_t *end = text + bytes;
  for (size_t i = 0; i < count; i++) {
    parts[i].start = line_start(text, end, text + bytes / count * i);
    parts[i].end = i + 1 == count ? end : line_start(text, end, text + bytes / count * (i + 1));
    if (pthread_create(&parts[i].thread, NULL, group_part, &parts[i]) != 0) {
      fail(PROGRAM, "a thread could not be started");
    }
  }
  for (size_t i = 0; i < count; i++) pthread_join(parts[i].thread, NULL);
}

static void merge_table(Table *into, const Table *from) {
  for (size_t i = 0; i < from->capacity; i++) {
    const Group *group = &from->groups[i];
    if (group->key != NULL) merge_group(find_group(into, group->key, group->length, group->hash), group);
  }
}

static int by_key(const void *left, const void *right) {
  const Group *a = left, *b = right;
  int order = memcmp(a->key, b->key, a->length < b->length ? a->length : b->length);
  return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* Sorts the groups, which ends their use as a table, and returns the checksum of the lines `key values`. */
static uint32_t checksum(Table *table) {
  size_t used = 0;
  for (size_t i = 0; i < table->capacity; i++) {
    if (table->groups[i].key != NULL) table->groups[used++] = table->groups[i];
  }
  qsort(table->groups, used, sizeof(Group), by_key);
  uint32_t hash = FNV1A_32_START;
  for (size_t i = 0; i < used; i++) {
    char values[128];
    int length = print_group(values, sizeof values, &table->groups[i]);
    hash = fnv1a_32(hash, table->groups[i].key, table->groups[i].length);
    hash = fnv1a_32(hash, " ", 1);
    hash = fnv1a_32(hash, values, (size_t)length);
    hash = fnv1a_32(hash, "\n", 1);
  }
  return hash;
}

/* Maps the file for reading, with zeroes behind it: its last page may be full, so that another one is mapped to follow. */
static const uint8_t *map_file(const char *path, size_t *bytes) {
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) fail(PROGRAM, "the file cannot be read");
  *bytes = (size_t)status.st_size;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  void *text = mmap(NULL, *bytes + page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (text == MAP_FAILED) fail(PROGRAM, "out of memory");
  if (*bytes > 0 && mmap(text, *bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED) {
    fail(PROGRAM, "the file cannot be mapped");
  }
  close(file);
  posix_madvise(text, *bytes, POSIX_MADV_SEQUENTIAL);
  return text;
}

/* `<program> <file> [threads]`: groups the lines of the file and prints what came of it as a line of JSON. */
static int group_file(int count, char **arguments) {
  if (count < 2) fail(PROGRAM, "usage: " PROGRAM " <file> [threads]");
  size_t threads = whole_number_argument(count, arguments, 2, "threads", 2, 1, THREADS_MAX);
  static Part parts[THREADS_MAX];

  double start = now_seconds();
  size_t bytes;
  const uint8_t *text = map_file(arguments[1], &bytes);
  group_in_parts(parts, threads, text, bytes);
  Table *total = &parts[0].table;
  for (size_t i = 1; i < threads; i++) merge_table(total, &parts[i].table);
  double seconds = now_seconds() - start;

  size_t rows = total->used;
  printf("{\"program\":\"" PROGRAM "\",\"bytes\":%zu,\"rows\":%zu,\"seconds\":%.6f,\"bytesPerSecond\":%.0f,\"hash\":\"%08" PRIx32 "\"}\n",
         bytes, rows, seconds, per_second(bytes, seconds), checksum(total));
  return 0;
}

#endif
