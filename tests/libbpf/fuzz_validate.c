/*
 * Calls the validator with objects that were damaged: cut at every length, each byte replaced, and
 * many places at once. Built with the address and undefined behaviour sanitizers, it must only end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate.h"

static uint64_t state = 88172645463325252ull;

static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static int try(const uint8_t *bytes, size_t size)
{
    char reason[256] = "";
    uint8_t *exact = malloc(size ? size : 1); /* of this size, so that a read beyond it is seen */
    memcpy(exact, bytes, size);
    int result = tb_validate(exact, size, reason, sizeof reason);
    if (result && !reason[0])
        abort();
    free(exact);
    return result;
}

static uint8_t *read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        exit(2);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size);
    if (fread(bytes, 1, *size, file) != *size)
        exit(2);
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    static const uint32_t edges[] = {0, 1, 0xff, 0x7fffffff, 0x80000000, 0xffffffff};
    unsigned long refused = 0, passed = 0;

    for (int i = 1; i < argc; i++) {
        size_t size;
        uint8_t *bytes = read_all(argv[i], &size), *damaged = malloc(size);
        if (try(bytes, size))
            return 3; /* the object itself is good */
        for (size_t cut = 0; cut < size; cut++)
            try(bytes, cut) ? refused++ : passed++;
        for (size_t at = 0; at < size; at++)
            for (unsigned turn = 0; turn < 3; turn++) {
                memcpy(damaged, bytes, size);
                damaged[at] = turn == 0 ? 0xff : turn == 1 ? 0 : (uint8_t)next();
                try(damaged, size) ? refused++ : passed++;
            }
        for (unsigned turn = 0; turn < 20000; turn++) {
            memcpy(damaged, bytes, size);
            for (unsigned n = next() % 4 + 1; n; n--) {
                uint32_t value = next() % 2 ? edges[next() % 6] : next() % 64;
                memcpy(damaged + next() % (size / 4) * 4 % (size - 3), &value, sizeof value);
            }
            try(damaged, size) ? refused++ : passed++;
        }
        free(bytes);
        free(damaged);
    }
    printf("%lu refused, %lu passed\n", refused, passed);
    return 0;
}
