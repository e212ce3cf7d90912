"""Programs: what the kernel tells of them, their instructions, pins, and opening them again."""

from __future__ import annotations

import errno
import gc
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel

DATA = Path(__file__).parent / "data"


@pytest.fixture
def obj() -> Iterator[tinybpf.BpfObject]:
    def configure(opened: tinybpf.OpenObject) -> None:
        opened.programs["broken"].autoload = False
        opened.maps["kept"].pin_path = None

    with tinybpf.load(DATA / "configured.elf", configure=configure, kconfig={"CONFIG_HZ": 250}) as loaded:
        yield loaded


@pytest.fixture
def pin() -> Iterator[Path]:
    path = Path(f"/sys/fs/bpf/tinybpf-program-{os.getpid()}")
    yield path
    path.unlink(missing_ok=True)


def test_what_the_kernel_tells(obj: tinybpf.BpfObject):
    program = obj.program("report")
    info = program.info
    assert info == tinybpf.ProgramInfo("report", "xdp", tinybpf.BpfProgType.XDP)
    assert observed("name, section and type", (info.name, info.section, info.type)) == (
        "report",
        "xdp",
        program.type,
    )
    assert info.id > 0 and re.fullmatch("[0-9a-f]{16}", info.tag)
    assert info.xlated_size == sum(len(line.instruction.code) for line in program.disassembly())
    assert info.jited_size > 0 or system.sysctl("net.core.bpf_jit_enable") == 0
    assert info.loaded_at is not None and 0 <= time.time() - info.loaded_at < 60
    assert info.gpl and info.uid == os.geteuid()
    if not system.older_than("5.16"):
        assert info.verified_instructions > 50
    used = {map_info.name for map_info in tinybpf.maps() if map_info.id in info.map_ids}
    assert {"counts", ".data.hot", ".data.table"} <= used
    assert obj.program("two").info.id != info.id


def test_runs_are_counted_while_somebody_asks(obj: tinybpf.BpfObject):
    program = obj.program("report")
    program.test_run(bytes(32))
    before = program.info.run_count
    with tinybpf.enable_stats() as stats:
        assert stats.enabled and repr(stats) == "<RunStats enabled>"
        program.test_run(bytes(32), repeat=5)
        info = program.info
        assert info.run_count == before + 5 and info.run_time_ns > 0
        observed("runs while enable_stats() holds", info.run_count - before)
    assert not stats.enabled and repr(stats) == "<RunStats closed>"
    stats.close()
    if before == 0 and system.sysctl("kernel.bpf_stats_enabled") == 0:  # nobody else asks
        program.test_run(bytes(32))
        assert program.info.run_count == before + 5


def test_statistics_end_with_the_variable():
    before = settled()
    stats = tinybpf.enable_stats()
    assert descriptors() == before + 1
    del stats
    assert settled() == before


def test_instructions_with_their_lines(obj: tinybpf.BpfObject):
    shown = obj.program("judge").disassembly()
    assert {line.function for line in shown} == {"judge", "decide"}
    call = next(line for line in shown if line.text.startswith("call"))
    assert re.fullmatch(r"call pc\+\d+#decide", call.text)
    assert call.instruction.target is not None
    target = next(line for line in shown if line.number == call.instruction.target)
    assert target.function == "decide"
    assert call.source is not None and call.source.text.strip() == "return decide(ctx[1] - ctx[0]) + 1;"
    text = str(shown)
    assert text.startswith("judge:\n; ./configured.c:") and "\ndecide:\n; " in text
    assert "int verdict = size > 100" in text and f"\n{call}\n" in text
    assert repr(shown) == f"<Disassembly: {len(shown)} instructions>" and shown[0].number == 0
    assert [line.number for line in shown[:2]] == [0, shown[1].number]


def test_instructions_of_go(build):
    with tinybpf.load(build("tracing")) as obj:
        shown = obj.program("on_getppid").disassembly()
    sources = {line.source.path.rpartition("/")[2] for line in shown if line.source}
    assert sources == {"tracing.go"}
    observed("sources of the lines", sorted(sources))
    assert any("counts" in line.source.text for line in shown if line.source)


def test_helpers_have_names(obj: tinybpf.BpfObject):
    with open("/proc/kallsyms") as symbols:
        hidden = not any(int(line.split()[0], 16) for line in symbols.readlines(1000))
    if hidden:
        pytest.skip("this kernel hides its addresses")
    calls = [line.text for line in obj.program("report").disassembly() if line.text.startswith("call")]
    assert calls and all("lookup_elem#" in call for call in calls)


def test_pins(obj: tinybpf.BpfObject, pin: Path):
    judge = obj.program("judge")
    judge.pin(pin)
    with pytest.raises(tinybpf.BpfError, match="something is pinned there already"):
        judge.pin(str(pin))
    id_ = judge.info.id
    obj.close()
    with tinybpf.open_pinned_program(pin) as opened:
        assert (opened.name, opened.type, opened.id) == ("judge", tinybpf.BpfProgType.XDP, id_)
        assert observed(
            "results of the program opened by its pin",
            [opened.test_run(data=bytes(size)).retval for size in (64, 128)],
        ) == [1, 2]
        assert repr(opened) == f"<OpenedProgram 'judge' XDP fd={opened.fd}>"
        opened.unpin(pin)
        assert not pin.exists()
        assert opened.test_run(data=bytes(64)).retval == 1
    assert opened.closed and repr(opened) == "<OpenedProgram 'judge' XDP closed>"
    for use in (
        lambda: opened.fd,
        lambda: opened.info,
        lambda: opened.test_run(),
        lambda: opened.attach_xdp(1),
    ):
        with pytest.raises(tinybpf.BpfError, match="program 'judge' is closed"):
            use()
    opened.close()


def test_pins_that_are_none(obj: tinybpf.BpfObject, pin: Path, tmp_path: Path):
    judge = obj.program("judge")
    with pytest.raises(tinybpf.BpfError, match="is not in a BPF file system"):
        judge.pin(tmp_path / "x")
    with pytest.raises(
        tinybpf.NotFoundError, match=f"open pinned program '{pin}' failed: there is no such pin"
    ):
        tinybpf.open_pinned_program(pin)
    with pytest.raises(FileNotFoundError, match=r"unpin program 'judge' from .* there is no such pin"):
        judge.unpin(pin)
    obj.map("counts").pin(pin)
    with pytest.raises(tinybpf.BpfError, match="this is no program, but a BPF map"):
        tinybpf.open_pinned_program(pin)
    with pytest.raises(tinybpf.BpfError, match="something else is pinned there"):
        judge.unpin(pin)
    assert pin.exists()
    with pytest.raises(tinybpf.BpfError, match="no map, but a BPF prog"):
        pin.unlink()
        judge.pin(pin)
        tinybpf.open_pinned_map(pin)


def test_by_number(obj: tinybpf.BpfObject):
    judge = obj.program("judge")
    opened = tinybpf.open_program_by_id(judge.info.id)
    assert opened.info.tag == judge.info.tag and str(opened.disassembly()) == str(judge.disassembly())
    obj.close()
    assert observed("result of the program opened by its id", opened.test_run(data=bytes(64)).retval) == 1
    with pytest.raises(
        tinybpf.BpfError, match=r"opened without its object, .*\n  hint: attach it where its object"
    ):
        opened.attach_xdp("lo")
    number = opened.id
    del opened
    gc.collect()
    deadline = time.monotonic() + 10
    while any(info.id == number for info in tinybpf.programs()) and time.monotonic() < deadline:
        time.sleep(0.02)  # the kernel frees it a little later
    with pytest.raises(
        tinybpf.NotFoundError, match=f"open program {number} failed: there is no program with this"
    ):
        tinybpf.open_program_by_id(number)


@pytest.mark.parametrize(
    ("number", "error"),
    [(0, ValueError), (-1, ValueError), (1 << 32, ValueError), ("1", TypeError), (True, TypeError)],
)
def test_numbers_that_are_none(number, error: type):
    with pytest.raises(error, match="id"):
        tinybpf.open_program_by_id(number)


def test_a_long_name_is_whole(build):
    source = (
        'package bpf\n\nimport "tinybpf/ebpf"\n\n//bpf:section xdp\n'
        "func aNameThatTheKernelCuts(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }\n"
    )
    with tinybpf.load_go(source) as obj:
        number = obj.program("aNameThatTheKernelCuts").info.id
        assert tinybpf.open_program_by_id(number).name == "aNameThatTheKernelCuts"


class TestTheSystem:
    def test_programs(self, obj: tinybpf.BpfObject):
        mine = {program.info.id: program.name for program in obj.programs.values()}
        listed = list(tinybpf.programs())
        assert mine == {info.id: info.name for info in listed if info.id in mine}
        observed("programs of the object among them", len(mine))
        assert [info.id for info in listed] == sorted({info.id for info in listed})

    def test_maps(self, obj: tinybpf.BpfObject):
        ids = obj.program("report").info.map_ids
        listed = {info.name: info for info in tinybpf.maps() if info.id in ids}
        assert listed["counts"] == obj.map("counts").info
        assert listed["counts"].btf_id == obj.program("report").info.btf_id
        assert observed("size of a value of .data.hot", listed[".data.hot"].value_size) == 8

    def test_links(self, obj: tinybpf.BpfObject):
        link = obj.program("judge").attach_xdp("lo")
        number = obj.program("judge").info.id
        (info,) = (found for found in tinybpf.links() if found.program_id == number)
        assert (
            info == link.info
            and observed("type of the link among them", info.type) is tinybpf.BpfLinkType.XDP
        )
        link.destroy()
        assert not [found for found in tinybpf.links() if found.program_id == number]

    def test_types(self, obj: tinybpf.BpfObject):
        number = obj.program("report").info.btf_id
        (info,) = (info for info in tinybpf.btfs() if info.id == number)
        assert not info.kernel and info.name == "" and info.size > 500
        btf = tinybpf.open_btf_by_id(number)
        assert (
            observed("a type of the object is found by its id", btf.find("config") is not None)
            and btf.find("limit") is not None
        )
        kernel = next((found for found in tinybpf.btfs() if found.name == "vmlinux"), None)
        if os.path.exists("/sys/kernel/btf/vmlinux") and not system.older_than("5.11"):
            assert kernel is not None and kernel.kernel and kernel.size > 100_000
        module = next((found for found in tinybpf.btfs() if found.kernel and found.name != "vmlinux"), None)
        if module is not None:
            with pytest.raises(tinybpf.BpfError, match=f"it is that of the module {module.name}"):
                tinybpf.open_btf_by_id(module.id)
        with pytest.raises(tinybpf.NotFoundError, match="there is no BTF with this id"):
            tinybpf.open_btf_by_id((1 << 32) - 1)

    def test_what_comes_and_goes_meanwhile(self, build):
        content, done, errors = build("connect"), threading.Event(), []

        def churn() -> None:
            while not done.is_set():
                tinybpf.load(content).close()

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(100):
                for listing in (tinybpf.programs, tinybpf.maps, tinybpf.links, tinybpf.btfs):
                    ids = [info.id for info in listing()]
                    assert ids == sorted(ids)
        except tinybpf.BpfError as error:
            errors.append(error)
        done.set()
        thread.join()
        assert not errors

    def test_no_descriptor_is_left(self, obj: tinybpf.BpfObject):
        before = settled()
        for listing in (tinybpf.programs, tinybpf.maps, tinybpf.links, tinybpf.btfs):
            list(listing())
            next(iter(listing()), None)
        assert descriptors() == before

    def test_who_may_not_is_told_at_once(self, monkeypatch: pytest.MonkeyPatch):
        from tinybpf.libbpf import _hints, kernel_objects

        class Forbidden:
            bpf_prog_get_next_id = staticmethod(lambda start, following: -errno.EPERM)
            bpf_prog_get_fd_by_id = staticmethod(lambda number: -errno.EPERM)
            tb_missing_name = staticmethod(lambda: kernel_objects.ffi.NULL)

        monkeypatch.setattr(kernel_objects, "lib", Forbidden())
        monkeypatch.setattr(_hints, "missing_capabilities", list)
        with pytest.raises(
            tinybpf.BpfError, match=r"list programs failed: Operation not permitted\n  hint: .*SYS_ADMIN"
        ):
            tinybpf.programs()
