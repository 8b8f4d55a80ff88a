/*
 * exchange [records] [keys]
 *
 * The limit it shows: how many records one thread can hand to another through shared memory when nothing but the work
 * itself is in the way: generate a record, write it, make it visible, read it, add it to the sum of its key.
 * There is no run time, no garbage collector, no network and no check of the data. A stream processor that moves
 * records between two threads on the same machine cannot be faster, and should be judged by how near it comes.
 *
 * One thread produces records of four columns (key, v1, v2, v3) in columnar batches of 1024 rows, another consumes them
 * and keeps a count and a sum per key. Between them is a ring for one producer and one consumer:
 *
 *      taken (consumer writes)      published (producer writes)
 *        |                            |
 *        v                            v
 *   [ .. | batch | batch | ... batch  | free | free ... ]     36 batches in 1 MiB
 *
 * Both counters only grow; batch number n lies in slot n % SLOTS.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "measure.h"

#define PROGRAM "exchange"
#define ROWS 1024
#define RING_BYTES (1u << 20)
#define SLOTS (RING_BYTES / sizeof(Batch))
#define SPINS_BEFORE_YIELD 1000
#define CACHE_LINE 64

typedef struct {
  _Alignas(CACHE_LINE) uint32_t rows;
  _Alignas(CACHE_LINE) uint32_t key[ROWS];
  double v1[ROWS];
  double v2[ROWS];
  double v3[ROWS];
} Batch;

/* Each counter has a cache line of its own, so that the two threads do not invalidate each other's. */
typedef struct {
  _Alignas(CACHE_LINE) _Atomic uint64_t published;
  _Alignas(CACHE_LINE) _Atomic uint64_t taken;
  Batch slots[RING_BYTES / sizeof(Batch)];
} Ring;

typedef struct {
  uint64_t count; /* 0 marks an empty entry */
  double sum;
  uint32_t key;
} Entry;

/* A hash table with open addressing: linear probing in a power of two entries, at most half of them in use. */
typedef struct {
  Entry *entries;
  uint32_t mask;
} Table;

static Ring ring;
static uint64_t records;
static uint32_t keys;

static void pause_or_yield(uint32_t *spins) {
  if (++*spins % SPINS_BEFORE_YIELD == 0) {
    sched_yield();
    return;
  }
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Record number i, in arithmetic that JavaScript repeats with Math.imul and >>>. */
static inline void generate(Batch *batch, uint32_t row, uint32_t i) {
  uint32_t x = i * 2654435761u;
  x ^= x >> 15;
  x *= 2246822519u;
  x ^= x >> 13;
  batch->key[row] = x % keys;
  batch->v1[row] = i % 1000;
  batch->v2[row] = (i >> 3) % 1000;
  batch->v3[row] = x % 997;
}

static void *produce(void *unused) {
  (void)unused;
  uint64_t published = 0;
  for (uint64_t first = 0; first < records; first += ROWS) {
    uint32_t spins = 0;
    /* Acquire pairs with the release of `taken` in consume(): the slot is not overwritten while it is still read. */
    while (published - atomic_load_explicit(&ring.taken, memory_order_acquire) == SLOTS) pause_or_yield(&spins);

    Batch *batch = &ring.slots[published % SLOTS];
    uint32_t rows = records - first < ROWS ? (uint32_t)(records - first) : ROWS;
    for (uint32_t row = 0; row < rows; row++) generate(batch, row, (uint32_t)first + row);
    batch->rows = rows;

    /* Release pairs with the acquire of `published` in consume(): the rows are visible before the batch is. */
    atomic_store_explicit(&ring.published, ++published, memory_order_release);
  }
  return NULL;
}

static inline Entry *find(const Table *table, uint32_t key) {
  uint32_t at = (key * 2654435761u) & table->mask;
  while (table->entries[at].count != 0 && table->entries[at].key != key) at = (at + 1) & table->mask;
  return &table->entries[at];
}

static void add_batch(const Table *table, const Batch *batch) {
  for (uint32_t row = 0; row < batch->rows; row++) {
    Entry *entry = find(table, batch->key[row]);
    entry->key = batch->key[row];
    entry->count++;
    entry->sum += batch->v1[row] + batch->v2[row] + batch->v3[row];
  }
}

static void *consume(void *argument) {
  const Table *table = argument;
  uint64_t taken = 0;
  for (uint64_t seen = 0; seen < records;) {
    uint32_t spins = 0;
    /* Acquire pairs with the release of `published` in produce(). */
    while (atomic_load_explicit(&ring.published, memory_order_acquire) == taken) pause_or_yield(&spins);

    const Batch *batch = &ring.slots[taken % SLOTS];
    add_batch(table, batch);
    seen += batch->rows;

    /* Release pairs with the acquire of `taken` in produce(): every read of the slot is done. */
    atomic_store_explicit(&ring.taken, ++taken, memory_order_release);
  }
  return NULL;
}

static Table create_table(void) {
  uint64_t capacity = 16;
  while (capacity < 2 * (uint64_t)keys) capacity *= 2;
  return (Table){.entries = allocate(PROGRAM, capacity, sizeof(Entry)), .mask = (uint32_t)(capacity - 1)};
}

/* The checksum of the lines `key count sum`, keys ascending. */
static uint32_t checksum(const Table *table) {
  uint32_t hash = FNV1A_32_START;
  for (uint32_t key = 0; key < keys; key++) {
    const Entry *entry = find(table, key);
    if (entry->count == 0) continue;
    char line[64];
    int length = snprintf(line, sizeof line, "%" PRIu32 " %" PRIu64 " %.0f\n", key, entry->count, entry->sum);
    hash = fnv1a_32(hash, line, (size_t)length);
  }
  return hash;
}

int main(int count, char **arguments) {
  records = whole_number_argument(count, arguments, 1, "records", 50000000, 0, UINT32_MAX);
  keys = (uint32_t)whole_number_argument(count, arguments, 2, "keys", 1000, 1, 1u << 24);
  Table table = create_table();

  double start = now_seconds();
  pthread_t producer, consumer;
  if (pthread_create(&producer, NULL, produce, NULL) != 0 || pthread_create(&consumer, NULL, consume, &table) != 0) {
    fail(PROGRAM, "a thread could not be started");
  }
  pthread_join(producer, NULL);
  pthread_join(consumer, NULL);
  double seconds = now_seconds() - start;

  printf("{\"program\":\"" PROGRAM "\",\"records\":%" PRIu64 ",\"seconds\":%.6f,\"recordsPerSecond\":%.0f,\"hash\":\"%08" PRIx32
         "\"}\n",
         records, seconds, per_second(records, seconds), checksum(&table));
  return 0;
}
