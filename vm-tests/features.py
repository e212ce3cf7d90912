"""What the support matrix of the documents has: each feature, and the test that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ATTACH = "tests/libbpf/attach"
KINDS = "tests/libbpf/kinds"
LIBBPF = "tests/libbpf"
CLI = "tests/cli"


class Feature(NamedTuple):
    """A row of the matrix. Its test is a function, a class or a file; without one it is built, and
    ``untried`` says why nobody has tried it."""

    group: str
    name: str
    test: str
    untried: str = ""


def _group(group: str, rows: Sequence[tuple[str, ...]]) -> list[Feature]:
    return [Feature(group, *row) for row in rows]


FEATURES = (
    *_group(
        "Attach",
        (
            ("tracepoint", f"{ATTACH}/test_tracepoint.py::test_the_program_runs_for_each_call"),
            ("raw tracepoint", f"{ATTACH}/test_raw_tracepoint.py::test_the_program_runs_for_each_call"),
            ("tp_btf", f"{ATTACH}/test_trace.py::test_a_tracepoint"),
            ("kprobe, kretprobe", f"{ATTACH}/test_kprobe.py::test_a_function_that_this_process_calls"),
            ("kprobe: arguments", f"{ATTACH}/test_kprobe_arguments.py::test_the_arguments_of_a_function"),
            ("kretprobe: result", f"{ATTACH}/test_kprobe_arguments.py::test_what_a_function_returns"),
            ("kprobe at an address", f"{ATTACH}/test_kprobe_arguments.py::test_an_address_of_the_kernel"),
            ("ksyscall", f"{ATTACH}/test_kprobe_arguments.py::test_the_arguments_of_a_system_call"),
            ("kprobe.multi", f"{ATTACH}/test_kprobe_multi.py::test_entries"),
            ("kprobe.multi by a pattern", f"{ATTACH}/test_kprobe_multi.py::test_many_at_once"),
            ("kprobe.multi: returns", f"{ATTACH}/test_kprobe_multi.py::test_returns"),
            ("kprobe.multi: cookies", f"{ATTACH}/test_kprobe_multi.py::test_cookies_and_what_the_link_tells"),
            ("kprobe.session", f"{ATTACH}/test_kprobe_multi.py::test_sessions"),
            ("fentry", f"{ATTACH}/test_trace.py::test_the_arguments_of_a_function"),
            ("fexit", f"{ATTACH}/test_trace.py::test_arguments_and_result"),
            ("fmod_ret", f"{ATTACH}/test_trace.py::test_a_result_that_is_changed"),
            ("fsession", f"{ATTACH}/test_trace.py::test_a_session"),
            ("LSM", f"{ATTACH}/test_lsm.py::test_an_operation_is_denied"),
            ("LSM in a cgroup", f"{ATTACH}/test_lsm.py::test_an_operation_in_a_cgroup"),
            ("uprobe", f"{ATTACH}/test_uprobe.py::test_a_call_and_its_argument"),
            ("uretprobe", f"{ATTACH}/test_uprobe.py::test_a_return_and_its_result"),
            ("uprobe by a pattern", f"{ATTACH}/test_uprobe_multi.py::test_a_pattern_for_a_plain_uprobe"),
            ("uprobe.multi", f"{ATTACH}/test_uprobe_multi.py::test_a_pattern"),
            ("uprobe.multi: cookies", f"{ATTACH}/test_uprobe_multi.py::test_names_with_cookies"),
            ("uprobe.session", f"{ATTACH}/test_uprobe_multi.py::test_sessions"),
            ("USDT", f"{ATTACH}/test_usdt.py::test_arguments_and_cookie"),
            ("cookie of a tracepoint", f"{ATTACH}/test_cookies.py::test_tracepoint"),
            ("cookie of a raw tracepoint", f"{ATTACH}/test_cookies.py::test_raw_tracepoint"),
            ("cookie of a perf event", f"{ATTACH}/test_cookies.py::test_perf_event"),
            ("cookie of a uprobe", f"{ATTACH}/test_cookies.py::test_two_functions_by_one_program"),
            ("cookie of a kprobe", f"{ATTACH}/test_cookies.py::test_kprobe"),
            ("cookie of a ksyscall", f"{ATTACH}/test_cookies.py::test_ksyscall"),
            ("cookie of a fentry", f"{ATTACH}/test_cookies.py::test_fentry"),
            ("perf event", f"{ATTACH}/test_perf_event.py::test_every_page_fault"),
            (
                "perf event by frequency",
                f"{ATTACH}/test_perf_event.py::test_a_clock_samples_so_many_times_a_second",
            ),
            (
                "perf event of the hardware",
                f"{ATTACH}/test_perf_event.py::test_a_counter_that_the_machine_has_or_not",
            ),
            ("iterator", f"{ATTACH}/test_iter.py::test_a_line_for_each_task"),
            ("iterator of a map's entries", f"{ATTACH}/test_iter_limits.py::test_the_entries_of_a_map"),
            ("iterator of cgroups", f"{ATTACH}/test_iter_limits.py::test_cgroups"),
            ("iterator of one task", f"{ATTACH}/test_iter_limits.py::test_one_process_and_one_thread"),
            ("struct_ops", f"{ATTACH}/test_struct_ops.py::test_it_is_in_force_until_destroyed"),
            (
                "struct_ops: another takes its place",
                f"{ATTACH}/test_struct_ops.py::test_another_map_takes_its_place",
            ),
            ("freplace", f"{ATTACH}/test_freplace.py::test_a_function_is_replaced"),
            ("cgroup", f"{ATTACH}/test_cgroup.py::test_a_forbidden_connect_fails_and_others_go_through"),
            ("cgroup: an order", f"{ATTACH}/test_order.py::TestCgroup::test_the_third"),
            ("cgroup: modes without a link", f"{ATTACH}/test_order.py::TestModes::test_several"),
            ("cgroup: query", f"{ATTACH}/test_order.py::TestQuery::test_cgroup"),
            ("sockops", f"{ATTACH}/test_sockets.py::test_sockops"),
            ("XDP", f"{ATTACH}/test_xdp.py::test_udp_to_one_port_is_dropped_and_the_rest_passed"),
            ("XDP: modes", f"{ATTACH}/test_xdp_modes.py::test_a_mode"),
            ("XDP: another's place", f"{ATTACH}/test_xdp_modes.py::test_the_place_of_a_program_without_link"),
            (
                "tc filter (clsact)",
                f"{ATTACH}/test_clsact.py::test_udp_to_one_port_is_dropped_and_the_rest_passed",
            ),
            ("tcx", f"{ATTACH}/test_tcx.py::test_a_pin_outlives_the_object"),
            ("tcx: an order", f"{ATTACH}/test_order.py::TestTcx::test_the_third"),
            ("tcx: query", f"{ATTACH}/test_order.py::TestQuery::test_tcx"),
            ("netkit", f"{ATTACH}/test_netkit.py::test_packets_of_one_side"),
            ("netkit: an order", f"{ATTACH}/test_netkit.py::test_the_order"),
            (
                "sk_lookup",
                f"{ATTACH}/test_sockets.py::TestLookup::test_connections_to_one_port_find_no_socket",
            ),
            ("flow dissector", f"{ATTACH}/test_sockets.py::TestFlowDissector::test_it_takes_packets_apart"),
            ("netfilter", f"{ATTACH}/test_sockets.py::TestNetfilter::test_packets_are_dropped"),
            ("sk_msg", f"{ATTACH}/test_sockmap.py::test_what_is_sent"),
            ("sk_skb", f"{ATTACH}/test_sockmap.py::test_what_is_received"),
            ("sk_reuseport", f"{ATTACH}/test_sockets.py::TestReuseport::test_nobody_gets_anything"),
            (
                "SO_ATTACH_REUSEPORT_EBPF",
                f"{ATTACH}/test_sockets.py::TestReuseport::test_a_filter_chooses_by_number",
            ),
            ("socket filter", f"{ATTACH}/test_sockets.py::test_a_socket_filter"),
            ("lirc_mode2", "", "takes an infrared receiver"),
        ),
    ),
    *_group(
        "Links",
        (
            ("info", f"{LIBBPF}/test_link_info.py::TestInfo::test_raw_tracepoint"),
            ("info of a tracepoint", f"{LIBBPF}/test_link_info.py::TestInfo::test_tracepoint"),
            ("update: XDP", f"{LIBBPF}/test_link_info.py::TestUpdate::test_xdp"),
            ("update: tcx", f"{LIBBPF}/test_link_info.py::TestUpdate::test_tcx"),
            ("update: cgroup", f"{LIBBPF}/test_link_info.py::TestUpdate::test_cgroup"),
            ("detach", f"{LIBBPF}/test_link_info.py::TestDetach::test_a_pinned_link"),
            ("open by pin", f"{LIBBPF}/test_link_info.py::TestOpened::test_by_its_pin"),
            ("open by id", f"{LIBBPF}/test_link_info.py::TestOpened::test_by_its_number"),
            ("a pin outlives the object", f"{LIBBPF}/test_link.py::test_a_pinned_link_outlives_its_object"),
        ),
    ),
    *_group(
        "Programs",
        (
            ("test_run: data", f"{LIBBPF}/test_test_run.py::test_a_packet_is_dropped_and_another_passed"),
            ("test_run: context", f"{LIBBPF}/test_test_run.py::TestContext"),
            ("test_run: repeat", f"{LIBBPF}/test_test_run.py::test_repeating_gives_the_time_of_one_run"),
            ("test_run: on a CPU", f"{LIBBPF}/test_test_run.py::test_the_cpu_can_be_chosen"),
            ("test_run: live packets", f"{LIBBPF}/test_test_run.py::test_packets_that_are_passed_on"),
            ("info", f"{LIBBPF}/test_program.py::test_what_the_kernel_tells"),
            ("run time and count", f"{LIBBPF}/test_program.py::test_runs_are_counted_while_somebody_asks"),
            ("instructions with source lines", f"{LIBBPF}/test_program.py::test_instructions_of_go"),
            ("pins", f"{LIBBPF}/test_program.py::test_pins"),
            ("open by id", f"{LIBBPF}/test_program.py::test_by_number"),
        ),
    ),
    *_group(
        "The system",
        (
            ("all programs", f"{LIBBPF}/test_program.py::TestTheSystem::test_programs"),
            ("all maps", f"{LIBBPF}/test_program.py::TestTheSystem::test_maps"),
            ("all links", f"{LIBBPF}/test_program.py::TestTheSystem::test_links"),
            ("all types (BTF)", f"{LIBBPF}/test_program.py::TestTheSystem::test_types"),
            ("probes of types", f"{LIBBPF}/test_features.py::TestThisKernel::test_every_answer_has_a_reason"),
            ("probes of links", f"{LIBBPF}/test_features.py::TestThisKernel::test_links"),
            (
                "probes of helpers",
                f"{LIBBPF}/test_features.py::TestThisKernel::test_helpers_newer_than_the_kernel",
            ),
        ),
    ),
    *_group(
        "Open and load",
        (
            (
                "maps of another type and size",
                f"{LIBBPF}/test_open.py::TestLoaded::test_maps_have_the_sizes_that_were_set",
            ),
            ("maps and programs left out", f"{LIBBPF}/test_open.py::TestLoaded::test_what_is_left_out"),
            (
                "programs of another type",
                f"{LIBBPF}/test_open.py::TestLoaded::test_a_program_of_another_type",
            ),
            ("an attach target", f"{LIBBPF}/test_open.py::TestLoaded::test_a_function_of_another_program"),
            ("maps reused", f"{LIBBPF}/test_open.py::TestPinsAndReuse::test_maps_are_shared"),
            (
                "maps pinned under a name",
                f"{LIBBPF}/test_open.py::TestPinsAndReuse::test_a_map_is_pinned_under_another_name",
            ),
            (
                "constants, configuration, pin root",
                f"{LIBBPF}/test_open.py::TestLoaded::test_load_takes_all_of_it_too",
            ),
            (
                "the verifier's log",
                f"{LIBBPF}/test_open.py::TestLoaded::test_the_verifiers_log_of_what_it_accepts",
            ),
            (
                "fields from where the kernel has them (C)",
                f"{LIBBPF}/test_foreign.py::TestWhatCHas::test_fields_that_the_kernel_has_and_has_not",
            ),
        ),
    ),
    *_group(
        "Variables",
        (
            (
                "set before the load",
                f"{LIBBPF}/test_globals.py::test_values_set_before_the_load_are_what_the_program_sees",
            ),
            (
                "shared with the program",
                f"{LIBBPF}/test_globals.py::test_variables_are_shared_with_the_running_program",
            ),
            ("sections of their own", f"{LIBBPF}/test_globals.py::test_sections_of_the_programs_own"),
            ("parts of structs, bit fields, enums", f"{LIBBPF}/test_globals.py::test_parts_of_variables"),
        ),
    ),
    *_group(
        "Maps",
        (
            ("hash", f"{LIBBPF}/test_map.py::test_a_hash_is_a_dictionary"),
            ("array", f"{LIBBPF}/test_map.py::test_structures_go_in_as_what_they_are"),
            ("array of each CPU", f"{LIBBPF}/test_map.py::test_values_of_each_cpu"),
            ("hash of each CPU", f"{LIBBPF}/test_map.py::test_a_hash_of_each_cpu"),
            (
                "LRU and other dictionaries, in batches",
                f"{LIBBPF}/test_map_many.py::test_every_kind_of_dictionary",
            ),
            ("20,000 entries", f"{LIBBPF}/test_map_many.py::test_all_entries"),
            (
                "with the lock of the value",
                f"{LIBBPF}/test_map_many.py::test_with_the_lock_that_the_value_holds",
            ),
            ("LPM trie", f"{KINDS}/test_trie.py::test_networks_as_keys"),
            ("queue, stack", f"{KINDS}/test_queue.py::test_push_and_pop"),
            ("bloom filter", f"{KINDS}/test_bloom.py::test_a_program_sees_what_was_added"),
            ("prog array", f"{KINDS}/test_references.py::test_programs_to_jump_to"),
            ("perf event array", f"{KINDS}/test_references.py::test_perf_events_by_descriptor"),
            ("cgroup array", f"{KINDS}/test_references.py::test_cgroups_by_path"),
            ("array and hash of maps", f"{KINDS}/test_nested.py::test_a_program_looks_into_the_inner_map"),
            ("devmap", f"{KINDS}/test_network.py::test_devices"),
            ("devmap by key", f"{KINDS}/test_network.py::test_devices_by_key"),
            ("cpumap", f"{KINDS}/test_network.py::test_cpus"),
            ("xskmap", f"{KINDS}/test_network.py::test_xdp_sockets"),
            ("sockmap", f"{KINDS}/test_network.py::test_sockets"),
            ("sockhash", f"{KINDS}/test_network.py::test_sockets_by_key"),
            ("sockets that share a port", f"{KINDS}/test_network.py::test_sockets_that_share_a_port"),
            ("storage of sockets", f"{KINDS}/test_storage.py::test_of_sockets"),
            ("storage of tasks", f"{KINDS}/test_storage.py::test_of_tasks"),
            ("storage of files", f"{KINDS}/test_storage.py::test_of_files"),
            ("storage of cgroups", f"{KINDS}/test_storage.py::test_of_cgroups"),
            ("stack trace", f"{KINDS}/test_stacks.py::test_the_stack_of_a_program"),
            ("struct_ops", f"{KINDS}/test_structops.py::test_the_state_is_seen"),
            ("arena", f"{KINDS}/test_special.py::test_the_arena_of_an_object"),
            ("array as memory", f"{KINDS}/test_special.py::test_an_array_as_memory"),
            ("frozen", f"{LIBBPF}/test_create.py::test_frozen"),
            ("pins", f"{LIBBPF}/test_map.py::test_pins"),
            ("by id, with the types", f"{LIBBPF}/test_create.py::test_the_kernel_keeps_the_types"),
            ("dataclasses, enums, ctypes", f"{LIBBPF}/test_create.py::test_enums_and_dataclasses_as_types"),
        ),
    ),
    *_group(
        "Events",
        (
            (
                "ring buffer",
                f"{LIBBPF}/test_ring.py::TestStream::test_events_have_the_fields_of_the_go_struct",
            ),
            ("ring buffer: callback", f"{LIBBPF}/test_ring.py::TestCallback::test_events_are_handed_over"),
            ("ring buffer: several maps", f"{LIBBPF}/test_ring.py::TestIteration::test_several_maps"),
            ("ring buffer: async", f"{LIBBPF}/test_buffers_async.py::TestStream::test_events_as_they_come"),
            ("ring buffer: drain()", f"{LIBBPF}/test_batches.py::TestDrain::test_it_takes_what_is_there"),
            ("ring buffer: consume(n)", f"{LIBBPF}/test_batches.py::TestConsume::test_at_most_so_many"),
            ("ring buffer: read_into", f"{LIBBPF}/test_batches.py::TestReadInto::test_as_many_as_fit"),
            (
                "ring buffer: as_array",
                f"{LIBBPF}/test_batches.py::TestRecordArray::test_events_fields_and_bytes",
            ),
            (
                "ring buffer: as_array with NumPy",
                f"{LIBBPF}/test_dtypes.py::TestArrays::test_the_fields_of_all_records",
            ),
            (
                "ring buffer: statistics",
                f"{LIBBPF}/test_batches.py::TestStats::test_positions_and_what_is_available",
            ),
            ("ring buffer: lost events", f"{LIBBPF}/test_batches.py::TestStats::test_what_was_lost"),
            ("perf buffer", f"{LIBBPF}/test_perf.py::test_events_have_the_fields_of_the_go_struct"),
            ("perf buffer: callback", f"{LIBBPF}/test_perf_callback.py::test_samples_come_with_their_cpu"),
            ("perf buffer: drain()", f"{LIBBPF}/test_perf.py::TestBatches::test_lists_of_bytes"),
            (
                "perf buffer: lost events by CPU",
                f"{LIBBPF}/test_perf.py::TestBatches::test_what_was_lost_by_cpu",
            ),
            ("user ring buffer", f"{LIBBPF}/test_user_ring.py::test_the_program_takes_what_was_written"),
        ),
    ),
    *_group(
        "Errors",
        (
            ("a full map", f"{LIBBPF}/test_errnos.py::TestMaps::test_a_full_map_says_how_many_it_has"),
            (
                "a refused program has its Go line",
                f"{LIBBPF}/test_refused.py::test_the_error_has_the_go_line",
            ),
            ("reasons of refusals (Go)", f"{LIBBPF}/test_refusals.py::test_refused"),
            ("reasons of refusals (C)", f"{LIBBPF}/test_refused_c.py::test_refused"),
        ),
    ),
    *_group(
        "Processes",
        (
            (
                "threads write and read one map",
                f"{LIBBPF}/test_threads.py::TestMaps::test_four_threads_write_and_read_one",
            ),
            (
                "a forked child takes nothing away",
                f"{LIBBPF}/test_threads.py::TestProcesses::test_a_child_that_ends_by_itself_takes_nothing_away",
            ),
            ("Ctrl-C ends a wait", f"{LIBBPF}/test_interrupted.py::test_ctrl_c_ends_a_wait"),
            ("descriptors and memory stay flat", f"{LIBBPF}/test_leaks.py::test_three_hundred_loads"),
            (
                "without root, with three capabilities",
                f"{LIBBPF}/test_unprivileged.py::TestWithTheThree::test_xdp_drops_one_port_on_a_loopback_of_its_own",
            ),
        ),
    ),
    *_group(
        "Command line",
        (
            ("verify --kernel", f"{CLI}/test_verify.py::test_each_program_has_its_verdict"),
            ("prog list", f"{CLI}/test_held.py::test_programs_are_listed"),
            ("prog dump", f"{CLI}/test_held.py::test_the_instructions_below_their_source"),
            ("map list", f"{CLI}/test_held.py::test_maps_are_listed"),
            ("map dump", f"{CLI}/test_held.py::test_entries_are_typed_by_the_btf_of_the_map"),
            ("link show", f"{CLI}/test_held.py::test_links_with_what_their_kind_has"),
            ("link pin", f"{CLI}/test_held.py::test_a_link_is_pinned_and_unpinned"),
            ("top", f"{CLI}/test_top.py::test_runs_of_an_interval"),
        ),
    ),
    *_group(
        "Language",
        (
            ("deferred calls and locks", "tests/compiler/resolve/test_held.py"),
            ("function values", "tests/compiler/resolve/test_function_values.py"),
            ("loops without a bound", "tests/compiler/lower/test_loops.py::test_loops_that_end"),
            ("callbacks of helpers", "tests/compiler/typed/test_callbacks.py"),
            ("fields from where the kernel has them", "tests/programs/test_kernelstructs.py"),
        ),
    ),
)
