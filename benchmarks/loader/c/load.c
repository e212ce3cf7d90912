/*
 * load WAY OBJECT ROUNDS LOADS: open, load and close it so many times in each round ("warm"), or once,
 * after which it says how many KiB the process has had at most ("memory").
 */
#include "peer.h"

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    int rounds = atoi(argv[3]), loads = atoi(argv[4]);
    if (!strcmp(argv[1], "memory")) {
        bpf_object__close(load(argv[2]));
        printf("%ld\n", most_kib());
        return 0;
    }
    for (int i = 0; i < rounds; i++) {
        double began = seconds();
        for (int j = 0; j < loads; j++)
            bpf_object__close(load(argv[2]));
        printf("%d %.9f 0\n", loads, seconds() - began);
    }
    return 0;
}
