/* What an object has, told at once: a call from Python for each fact would take longer than the facts. */
#include "api.h"
#include "native.h"

size_t tb_object_maps(struct bpf_object *obj, struct tb_map_facts *facts, size_t room)
{
    size_t count = 0;

    for (struct bpf_map *map = NULL; (map = tb_api.bpf_object__next_map(obj, map)); count++) {
        if (count >= room)
            continue;
        facts[count] = (struct tb_map_facts){
            .map = map,
            .name = tb_api.bpf_map__name(map),
            .type = tb_api.bpf_map__type(map),
            .key_size = tb_api.bpf_map__key_size(map),
            .value_size = tb_api.bpf_map__value_size(map),
            .max_entries = tb_api.bpf_map__max_entries(map),
            .fd = tb_api.bpf_map__fd(map),
            .wanted = tb_api.bpf_map__autocreate(map),
        };
    }
    return count;
}

size_t tb_object_programs(struct bpf_object *obj, struct tb_program_facts *facts, size_t room)
{
    size_t count = 0;

    for (struct bpf_program *program = NULL; (program = tb_api.bpf_object__next_program(obj, program)); count++) {
        if (count >= room)
            continue;
        facts[count] = (struct tb_program_facts){
            .program = program,
            .name = tb_api.bpf_program__name(program),
            .section = tb_api.bpf_program__section_name(program),
            .type = tb_api.bpf_program__type(program),
            .fd = tb_api.bpf_program__fd(program),
        };
    }
    return count;
}

bool tb_has_map_of_type(struct bpf_object *obj, uint32_t type)
{
    for (struct bpf_map *map = NULL; (map = tb_api.bpf_object__next_map(obj, map));)
        if (tb_api.bpf_map__type(map) == type)
            return true;
    return false;
}
