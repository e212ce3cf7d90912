/* What the C programs share. Each takes an object and a number of rounds, and prints a line for each round. */
#ifndef PEER_H
#define PEER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static inline void fail(const char *what)
{
    perror(what);
    exit(1);
}

static inline double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of this thread: what other processes take does not count. For work that does not wait. */
static inline double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The most memory that this process had, in KiB. */
static inline long most_kib(void)
{
    char line[256];
    long found = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && found < 0 && fgets(line, sizeof line, status))
        sscanf(line, "VmHWM: %ld", &found);
    if (status)
        fclose(status);
    return found;
}

static inline struct bpf_object *load(const char *path)
{
    struct bpf_object *obj = bpf_object__open_file(path, NULL);
    if (!obj || bpf_object__load(obj))
        fail(path);
    return obj;
}

static inline int map_fd(struct bpf_object *obj, const char *name)
{
    struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
    if (!map)
        fail(name);
    return bpf_map__fd(map);
}

static inline int program_fd(struct bpf_object *obj, const char *name)
{
    struct bpf_program *program = bpf_object__find_program_by_name(obj, name);
    if (!program)
        fail(name);
    return bpf_program__fd(program);
}

/* Run a program of packets so many times. */
static inline void run(int fd, int times)
{
    unsigned char packet[64] = {0};
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof packet, .repeat = times);
    if (bpf_prog_test_run_opts(fd, &opts))
        fail("test run");
}

#endif
