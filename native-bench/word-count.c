/*
 * word-count <file> [threads]
 *
 * The limit it shows: how fast the words of a text file that is already in memory can be found and counted: read every
 * byte once, end a word at each space, look the word up in a table. The file is mapped, and only the first occurrence of
 * a word is copied, so that the words which are compared lie close together. Each thread counts its own part of the file
 * into its own table, and the tables are merged at the end: a second thread shows what a second core gains.
 *
 * Words are those of JavaScript's `line.split(' ')` on each line: two spaces in a row have an empty word between them,
 * an empty line is one empty word, and a line feed at the end of the file starts no other line. In other words: each
 * space and each line feed ends a word, and the end of the file ends one unless the last byte is a line feed. A carriage
 * return is an ordinary byte of a word.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "measure.h"

#define PROGRAM "word-count"
#define THREADS_MAX 64
#define INITIAL_CAPACITY (1u << 16)
#define ARENA_BYTES (1u << 20)

typedef struct {
  const uint8_t *word;
  size_t length;
  uint64_t count; /* 0 marks an empty entry */
  uint32_t hash;
} Entry;

/* A hash table with open addressing: linear probing in a power of two entries, at most half of them in use. */
typedef struct {
  Entry *entries;
  size_t capacity;
  size_t used;
} Table;

/* Memory for the bytes of words, used from the start of one large block after another and never freed. */
typedef struct {
  uint8_t *next;
  size_t left;
} Arena;

/* The part of the file from `start` to before `end`: whole lines, counted into `table` by one thread. */
typedef struct {
  const uint8_t *start;
  const uint8_t *end;
  Table table;
  pthread_t thread;
} Part;

static Table create_table(size_t capacity) {
  return (Table){.entries = allocate(PROGRAM, capacity, sizeof(Entry)), .capacity = capacity};
}

static inline Entry *find(const Table *table, const uint8_t *word, size_t length, uint32_t hash) {
  size_t mask = table->capacity - 1;
  size_t at = hash & mask;
  for (;; at = (at + 1) & mask) {
    Entry *entry = &table->entries[at];
    if (entry->count == 0) return entry;
    if (entry->hash == hash && entry->length == length && memcmp(entry->word, word, length) == 0) return entry;
  }
}

static void grow(Table *table) {
  Table larger = create_table(2 * table->capacity);
  larger.used = table->used;
  for (size_t i = 0; i < table->capacity; i++) {
    const Entry *entry = &table->entries[i];
    if (entry->count != 0) *find(&larger, entry->word, entry->length, entry->hash) = *entry;
  }
  free(table->entries);
  *table = larger;
}

static const uint8_t *keep(Arena *arena, const uint8_t *word, size_t length) {
  if (length > arena->left) {
    arena->left = length > ARENA_BYTES ? length : ARENA_BYTES;
    arena->next = allocate(PROGRAM, arena->left, 1);
  }
  uint8_t *kept = arena->next;
  memcpy(kept, word, length);
  arena->next += length;
  arena->left -= length;
  return kept;
}

/* Adds to the count of a word. The bytes of a new word are copied to `arena`, or belong to the table if that is NULL. */
static inline void add(Table *table, Arena *arena, const uint8_t *word, size_t length, uint32_t hash, uint64_t count) {
  Entry *entry = find(table, word, length, hash);
  if (entry->count != 0) {
    entry->count += count;
    return;
  }
  if (arena != NULL) word = keep(arena, word, length);
  *entry = (Entry){.word = word, .length = length, .count = count, .hash = hash};
  if (2 * ++table->used > table->capacity) grow(table);
}

static void *count_words(void *argument) {
  Part *part = argument;
  Table table = create_table(INITIAL_CAPACITY);
  Arena arena = {.next = allocate(PROGRAM, ARENA_BYTES, 1), .left = ARENA_BYTES};
  const uint8_t *word = part->start;
  uint32_t hash = FNV1A_32_START;
  for (const uint8_t *at = part->start; at < part->end; at++) {
    uint8_t byte = *at;
    if (byte != ' ' && byte != '\n') {
      hash = (hash ^ byte) * 16777619u;
      continue;
    }
    add(&table, &arena, word, (size_t)(at - word), hash, 1);
    word = at + 1;
    hash = FNV1A_32_START;
  }
  /* Only the part at the end of the file can lack the line feed. */
  bool unfinished = part->start < part->end && part->end[-1] != '\n';
  if (unfinished) add(&table, &arena, word, (size_t)(part->end - word), hash, 1);
  part->table = table;
  return NULL;
}

/* The start of the first line at or after `at`. */
static const uint8_t *line_start(const uint8_t *text, const uint8_t *end, const uint8_t *at) {
  if (at == text) return at;
  const uint8_t *line_feed = memchr(at - 1, '\n', (size_t)(end - at) + 1);
  return line_feed == NULL ? end : line_feed + 1;
}

static void count_in_parts(Part *parts, size_t count, const uint8_t *text, size_t bytes) {
  const uint8_t *end = text + bytes;
  for (size_t i = 0; i < count; i++) {
    parts[i].start = line_start(text, end, text + bytes / count * i);
    parts[i].end = i + 1 == count ? end : line_start(text, end, text + bytes / count * (i + 1));
    if (pthread_create(&parts[i].thread, NULL, count_words, &parts[i]) != 0) {
      fail(PROGRAM, "a thread could not be started");
    }
  }
  for (size_t i = 0; i < count; i++) pthread_join(parts[i].thread, NULL);
}

static void merge(Table *into, const Table *from) {
  for (size_t i = 0; i < from->capacity; i++) {
    const Entry *entry = &from->entries[i];
    if (entry->count != 0) add(into, NULL, entry->word, entry->length, entry->hash, entry->count);
  }
}

static int by_bytes(const void *left, const void *right) {
  const Entry *a = left, *b = right;
  int order = memcmp(a->word, b->word, a->length < b->length ? a->length : b->length);
  return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* Sorts the entries, which ends their use as a table, and returns the checksum of the lines `word count`. */
static uint32_t checksum(Table *table) {
  size_t used = 0;
  for (size_t i = 0; i < table->capacity; i++) {
    if (table->entries[i].count != 0) table->entries[used++] = table->entries[i];
  }
  qsort(table->entries, used, sizeof(Entry), by_bytes);
  uint32_t hash = FNV1A_32_START;
  for (size_t i = 0; i < used; i++) {
    char count[32];
    int length = snprintf(count, sizeof count, " %" PRIu64 "\n", table->entries[i].count);
    hash = fnv1a_32(hash, table->entries[i].word, table->entries[i].length);
    hash = fnv1a_32(hash, count, (size_t)length);
  }
  return hash;
}

/* Maps the file for reading. A file without bytes cannot be mapped and is an empty string. */
static const uint8_t *map_file(const char *path, size_t *bytes) {
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) fail(PROGRAM, "the file cannot be read");
  *bytes = (size_t)status.st_size;
  if (*bytes == 0) return (const uint8_t *)"";
  void *text = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, file, 0);
  if (text == MAP_FAILED) fail(PROGRAM, "the file cannot be mapped");
  posix_madvise(text, *bytes, POSIX_MADV_SEQUENTIAL);
  return text;
}

int main(int count, char **arguments) {
  if (count < 2) fail(PROGRAM, "usage: word-count <file> [threads]");
  size_t threads = whole_number_argument(count, arguments, 2, "threads", 2, 1, THREADS_MAX);
  static Part parts[THREADS_MAX];

  double start = now_seconds();
  size_t bytes;
  const uint8_t *text = map_file(arguments[1], &bytes);
  count_in_parts(parts, threads, text, bytes);
  Table *total = &parts[0].table;
  for (size_t i = 1; i < threads; i++) merge(total, &parts[i].table);
  double seconds = now_seconds() - start;

  uint64_t words = 0;
  for (size_t i = 0; i < total->capacity; i++) words += total->entries[i].count;
  size_t distinct = total->used;
  printf("{\"program\":\"" PROGRAM "\",\"bytes\":%zu,\"words\":%" PRIu64
         ",\"distinct\":%zu,\"seconds\":%.6f,\"wordsPerSecond\":%.0f,\"hash\":\"%08" PRIx32 "\"}\n",
         bytes, words, distinct, seconds, per_second(words, seconds), checksum(total));
  return 0;
}
