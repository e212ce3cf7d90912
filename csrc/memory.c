/*
 * Variables in memory that a program shares with this process. memcpy() may take a word apart, and
 * the other side would see half of an old value and half of a new one: here each aligned word of up
 * to 8 bytes is read and written at once.
 */
#include <string.h>

#include "native.h"

/* The largest power of two, up to 8, that a word at this address can have with so much room. */
static size_t word_at(uintptr_t address, size_t room)
{
    size_t size = 8;
    while (size > room || address & (size - 1))
        size /= 2;
    return size;
}

#define LOAD(type)                                                                                         \
    {                                                                                                      \
        type word = __atomic_load_n((const type *)shared, __ATOMIC_RELAXED);                               \
        memcpy(own, &word, sizeof word);                                                                   \
        break;                                                                                             \
    }

#define STORE(type)                                                                                        \
    {                                                                                                      \
        type word;                                                                                         \
        memcpy(&word, own, sizeof word);                                                                   \
        __atomic_store_n((type *)shared, word, __ATOMIC_RELAXED);                                          \
        break;                                                                                             \
    }

void tb_memory_read(uint8_t *own, const uint8_t *shared, size_t size)
{
    for (size_t step; size; own += step, shared += step, size -= step) {
        step = word_at((uintptr_t)shared, size);
        switch (step) {
        case 8: LOAD(uint64_t)
        case 4: LOAD(uint32_t)
        case 2: LOAD(uint16_t)
        default: LOAD(uint8_t)
        }
    }
}

void tb_memory_write(uint8_t *shared, const uint8_t *own, size_t size)
{
    for (size_t step; size; own += step, shared += step, size -= step) {
        step = word_at((uintptr_t)shared, size);
        switch (step) {
        case 8: STORE(uint64_t)
        case 4: STORE(uint32_t)
        case 2: STORE(uint16_t)
        default: STORE(uint8_t)
        }
    }
}
