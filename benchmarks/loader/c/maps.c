/* maps WAY ROUNDS ENTRIES: look up or update each entry of a hash, or read all of them in batches. */
#include <errno.h>

#include "peer.h"

#define BATCH 8192

static unsigned long long sum;

static void lookup(int map, unsigned entries)
{
    unsigned long long value;
    for (unsigned key = 0; key < entries; key++) {
        if (bpf_map_lookup_elem(map, &key, &value))
            fail("lookup");
        sum += value;
    }
}

static void update(int map, unsigned entries)
{
    for (unsigned key = 0; key < entries; key++) {
        unsigned long long value = key + 1;
        if (bpf_map_update_elem(map, &key, &value, BPF_ANY))
            fail("update");
    }
}

static void all(int map, unsigned entries)
{
    static unsigned keys[BATCH];
    static unsigned long long values[BATCH];
    unsigned cursor, *from = NULL;
    int result;

    (void)entries;
    do {
        unsigned count = BATCH;
        result = bpf_map_lookup_batch(map, from, &cursor, keys, values, &count, NULL);
        if (result && result != -ENOENT)
            fail("batch");
        for (unsigned i = 0; i < count; i++)
            sum += keys[i] + values[i];
        from = &cursor;
    } while (!result);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    unsigned entries = atoi(argv[3]);
    int rounds = atoi(argv[2]), map = bpf_map_create(BPF_MAP_TYPE_HASH, "peer", 4, 8, entries, NULL);
    if (map < 0)
        fail("map");
    update(map, entries);
    for (int i = 0; i < rounds; i++) {
        sum = 0;
        double began = seconds();
        if (!strcmp(argv[1], "lookup"))
            lookup(map, entries);
        else if (!strcmp(argv[1], "update"))
            update(map, entries);
        else
            all(map, entries);
        printf("%u %.9f %llu\n", entries, seconds() - began, sum);
    }
    return 0;
}
