/* ring OBJECT ROUNDS RECORDS: fill the ring buffer, then drain it with a callback that reads two fields. */
#include "peer.h"

struct event {
    unsigned long long number;
    unsigned pid, kind;
    char data[48];
};

static unsigned long long sum;
static int seen;

static int take(void *context, void *data, size_t size)
{
    const struct event *event = data;
    (void)context;
    (void)size;
    sum += event->number + event->kind;
    seen++;
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    struct bpf_object *obj = load(argv[1]);
    int rounds = atoi(argv[2]), records = atoi(argv[3]), fill = program_fd(obj, "fill");
    struct ring_buffer *ring = ring_buffer__new(map_fd(obj, "events"), take, NULL, NULL);
    if (!ring)
        fail("ring");
    for (int i = 0; i < rounds; i++) {
        sum = 0;
        seen = 0;
        run(fill, records);
        double began = cpu_seconds();
        if (ring_buffer__consume(ring) < 0)
            fail("consume");
        double took = cpu_seconds() - began;
        printf("%d %.9f %llu\n", seen, took, sum);
    }
    ring_buffer__free(ring);
    bpf_object__close(obj);
    return 0;
}
