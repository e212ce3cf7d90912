"""attach() by the section's name, and what it says where the name does not suffice."""

from __future__ import annotations

import pytest

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    ("name", "program", "method"),
    [
        ("packets", "drop_udp", r"it needs a network interface\n  hint: attach_xdp\(interface\) does it"),
        ("connect", "block_4444", r"it needs a cgroup\n  hint: attach_cgroup\(path\) does it"),
        ("filters", "incoming", r"it needs a network interface\n  hint: attach_tcx\(interface\) does it"),
        ("filters", "either", r"it needs a network interface\n  hint: attach_tcx\(interface\) does it"),
        ("probes", "on_entry", r"does not say to what\n  hint: attach_uprobe\(…\) does it"),
        ("probes", "on_return", r"does not say to what\n  hint: attach_uretprobe\(…\) does it"),
        ("probes", "on_call", r"does not say to what\n  hint: attach_kprobe\(…\) does it"),
        ("probes", "on_sample", r"it needs an event, .*\n  hint: attach_perf_event\("),
        ("called", "add", r"it needs no attachment at all: it runs when it is called\n  hint: test_run"),
    ],
)
def test_the_method_to_use_is_named(build, name: str, program: str, method: str):
    with tinybpf.load(build(name)) as obj, pytest.raises(tinybpf.BpfError, match=method):
        obj.program(program).attach()


class TestWhatTheSectionLeavesOpen:
    """Sections that name something, and not enough, or nothing that could be."""

    SOURCE = (
        'package bpf\n\nimport "tinybpf/ebpf"\n\n//bpf:section {}\nfunc watch(ctx {}) int32 {{ return 0 }}\n'
    )

    @pytest.mark.parametrize(
        ("section", "context", "words"),
        [
            ("uprobe/libc.so.6", "ebpf.Context", "behind the slash there must be PATH:FUNCTION"),
            ("uprobe//nowhere/lib.so:f", "ebpf.Context", "there is no file '/nowhere/lib.so'"),
            ("uprobe/libc.so.6:labs+x", "ebpf.Context", "'x' is no number of bytes"),
            ("uprobe/libc.so.6:lab", "ebpf.Context", "has no function 'lab'.*did you mean"),
            ("usdt/libc.so.6:provider:probe", "ebpf.Context", "has no (such )?USDT probe"),
            ("usdt/libc.so.6", "ebpf.Context", "there must be PATH:PROVIDER:NAME"),
            ("raw_tp/sched_swich", "*ebpf.RawTracepoint", "did you mean sched_switch"),
            ("xdp/devmap", "*ebpf.XDP", "it needs an entry of a devmap or cpumap"),
            ("lwt_in", "*ebpf.SKB", "it needs a route"),
        ],
    )
    def test_it(self, section: str, context: str, words: str):
        source = self.SOURCE.format(section, context)
        if section == "xdp/devmap":
            source = source.replace("int32 { return 0 }", "ebpf.XDPAction { return ebpf.XDPPass }")
        with (
            tinybpf.load_go(source) as obj,
            pytest.raises(tinybpf.BpfError, match=words),
        ):
            obj.program("watch").attach()

    def test_an_instruction_by_its_offset(self, me: int):
        import ctypes

        from tinybpf.libbpf import _binary

        path = _binary.find("libc.so.6")
        assert path
        with _binary.opened(path) as binary:
            offset = binary.functions()["labs"]
        source = self.SOURCE.format(f"uprobe/{path}:{offset:#x}", "ebpf.Context")
        source = source.replace("return 0", "calls++\n\treturn 0") + "\nvar calls uint64\n"
        with tinybpf.load_go(source) as obj:
            assert obj.program("watch").attach().target == f"uprobe:{path}:{offset:#x}"
            ctypes.CDLL(path).labs(1)
            assert obj.globals["calls"] >= 1
