/* Our own C functions that Python calls; binding.cdef describes the same to cffi. */
#ifndef TINYBPF_NATIVE_H
#define TINYBPF_NATIVE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "ringmap.h"
#include "validate.h"

/* log.c: libbpf's messages, gathered per thread. */
int tb_log_print(enum libbpf_print_level level, const char *format, va_list args);
void tb_log_clear(void);
const char *tb_log_text(size_t *size);
void tb_log_debug(bool on);
char *tb_room_new(struct bpf_object *obj, size_t size);
void tb_room_free(char *room, size_t size);

/* interrupt.c: bpf_object__load() that ends with Ctrl-C. */
int tb_object_load(struct bpf_object *object);

/* facts.c: an object's maps and programs; how many there are, of which as many as fit are told. */
struct tb_map_facts {
    struct bpf_map *map;
    const char *name;
    uint32_t type, key_size, value_size, max_entries;
    int fd;
    bool wanted; /* it was not left out */
};

struct tb_program_facts {
    struct bpf_program *program;
    const char *name;
    const char *section;
    uint32_t type;
    int fd; /* negative where it was left out */
};

size_t tb_object_maps(struct bpf_object *obj, struct tb_map_facts *facts, size_t room);
size_t tb_object_programs(struct bpf_object *obj, struct tb_program_facts *facts, size_t room);
bool tb_has_map_of_type(struct bpf_object *obj, uint32_t type);

/* ringmap.c: the memory of a ring buffer map. */
struct tb_ringmap *tb_ringmap_new(int map_fd);
void tb_ringmap_get(struct tb_ringmap *ring);
void tb_ringmap_put(struct tb_ringmap *ring);
void tb_ringmap_positions(const struct tb_ringmap *ring, uint64_t *consumer, uint64_t *producer);
int64_t tb_ringmap_copy(struct tb_ringmap *ring, uint8_t *into, uint32_t size, uint64_t most, uint32_t *other);

/* ring.c: ring buffer maps and perf event arrays below one descriptor. */
enum { TB_RING_FULL = -1000 };

struct tb_perf;

struct tb_source { /* one of the two */
    struct tb_ringmap *map;
    struct tb_perf *perf;
};

struct tb_record {
    uint32_t offset; /* into data; a multiple of 8 */
    uint32_t size;
};

struct tb_ring {
    /* The last batch of a perf event array; valid until the next drain. */
    uint8_t *data;
    struct tb_record *records;
    uint32_t count; /* records */
    uint32_t used;  /* bytes of data */
    /* private */
    uint32_t records_cap, data_cap, max_records, max_bytes;
    uint32_t sources, sources_cap;
    struct tb_source *source;
    int epoll_fd, wake_fd;
};

struct tb_ring *tb_ring_new(void);
int tb_ring_add(struct tb_ring *ring, struct tb_ringmap *map, int map_fd);
int tb_ring_add_perf(struct tb_ring *ring, struct tb_perf *perf);
int tb_ring_take(void *ring, void *record, size_t size);
bool tb_ring_full(const struct tb_ring *ring);
int tb_ring_fd(const struct tb_ring *ring);
int tb_ring_wait(struct tb_ring *ring, int timeout_ms);
int tb_ring_drain(struct tb_ring *ring, uint32_t source, uint32_t max_records, uint32_t max_bytes);
void tb_ring_wake(struct tb_ring *ring);
void tb_ring_free(struct tb_ring *ring);

/* perf.c: the buffers of a perf event array, and perf events. */
struct tb_run {
    int32_t cpu;
    uint32_t end;
};

struct tb_perf *tb_perf_new(int map_fd, size_t pages);
void tb_perf_get(struct tb_perf *perf);
void tb_perf_put(struct tb_perf *perf);
int tb_perf_epoll_fd(const struct tb_perf *perf);
int tb_perf_drain(struct tb_perf *perf, struct tb_ring *ring);
int tb_perf_runs(const struct tb_perf *perf, const struct tb_run **runs);
uint64_t tb_perf_lost(const struct tb_perf *perf, int cpu);
void tb_perf_positions(const struct tb_perf *perf, uint64_t *consumer, uint64_t *producer, uint64_t *size);
int tb_perf_event_open(uint32_t type, uint64_t config, uint64_t period, uint64_t frequency, int pid, int cpu);

/* net.c */
int tb_enter_netns(int fd);

/* memory.c */
void tb_memory_read(uint8_t *own, const uint8_t *shared, size_t size);
void tb_memory_write(uint8_t *shared, const uint8_t *own, size_t size);

#endif
