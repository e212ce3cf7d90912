"""Without root: with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN all works; with less the message says what.

Each piece of work runs in a child that gives up root for user nobody and keeps the capabilities
named, as ``setpriv --ambient-caps`` or systemd's ``AmbientCapabilities`` would start it.
"""

from __future__ import annotations

import ctypes
import difflib
import errno
import fcntl
import importlib
import json
import mmap
import os
import pkgutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from kernel_places import ARRIVAL, CLONE_NEWNET, LIBC, is_received
from observing import observed

import tinybpf
import tinybpf.libbpf
from tinybpf import system
from tinybpf.doctor import kernel
from tinybpf.libbpf import _probe, features
from tinybpf.libbpf.features import State

# A user without root may not be able to read the checkout: what is imported late has to be there before.
for _module in pkgutil.walk_packages(tinybpf.libbpf.__path__, "tinybpf.libbpf."):
    importlib.import_module(_module.name)

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(system.older_than("5.8"), reason="this kernel has no CAP_BPF"),
]

THREE = ("CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN")
NOBODY = 65534
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2
CAPABILITY_VERSION_3 = 0x20080522
PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
CLONE_NEWUSER = 0x10000000

assert difflib and mmap  # imported late, too


def keep(capabilities: tuple[str, ...]) -> None:
    """Give up all capabilities but these."""
    bits = sum(1 << system.CAPABILITIES.index(name) for name in capabilities)
    low, high = bits & 0xFFFFFFFF, bits >> 32
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    if LIBC.capset(header, struct.pack("6I", low, low, low, high, high, high)):
        raise OSError(ctypes.get_errno(), "capset")
    for name in capabilities:
        if LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, system.CAPABILITIES.index(name), 0, 0):
            raise OSError(ctypes.get_errno(), "raise an ambient capability")


def become_nobody() -> None:
    LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def outcome(
    work: Callable[[], Any], before: Callable[[], object] | None, capabilities: tuple[str, ...] | None
) -> Any:
    if before is not None:
        before()
    if capabilities is not None:
        become_nobody()
        keep(capabilities)
    try:
        return {"result": work()}
    except Exception as error:
        code = getattr(error, "errno", None)
        return {"kind": type(error).__name__, "errno": code, "message": str(error)}


def in_child(
    work: Callable[[], Any],
    capabilities: tuple[str, ...] | None = THREE,
    before: Callable[[], object] | None = None,
) -> Any:
    """What the work returned or raised in a child; ``before`` runs there as root."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.write(writer, json.dumps(outcome(work, before, capabilities)).encode())
        except BaseException as error:
            os.write(writer, json.dumps({"kind": "test", "message": repr(error)}).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        found = json.load(file)
    os.waitpid(child, 0)
    return found


def result(*given: Any, **named: Any) -> Any:
    found = in_child(*given, **named)
    assert "result" in found, found["message"]
    return found["result"]


def message(*given: Any, **named: Any) -> str:
    found = in_child(*given, **named)
    assert found.get("kind") not in (None, "test"), found
    return str(found["message"])


@pytest.fixture
def shared_tracefs(perf_events: None) -> Iterator[None]:
    """tracefs readable by group nobody, as docs/doctor.md says how."""
    remount("mode=0750,gid=65534")
    # libbpf remembers that this process, as root, saw tracefs below debugfs; a user's own process does not.
    debugfs = Path("/sys/kernel/debug")
    usual = debugfs.stat().st_mode & 0o777
    mounted = debugfs.is_mount()
    if mounted:
        debugfs.chmod(0o755)
    event = os.stat("/sys/kernel/tracing/events/syscalls/sys_enter_getppid/id")
    shared = event.st_gid == 65534 and event.st_mode & 0o040
    try:
        if not shared:
            pytest.skip("this kernel gives the files of tracefs no group when it is mounted again")
        yield
    finally:
        if mounted:
            debugfs.chmod(usual)
        remount("mode=0700,gid=0")


@pytest.fixture
def perf_events() -> Iterator[None]:
    """perf events for CAP_PERFMON, as docs/doctor.md says how."""
    with paranoid(2):
        yield


@contextmanager
def paranoid(level: int) -> Iterator[None]:
    before = PARANOID.read_text()
    if int(before) == level:
        yield
        return
    PARANOID.write_text(str(level))
    try:
        yield
    finally:
        PARANOID.write_text(before)


@pytest.fixture
def tracing(build: Callable[[str], bytes]) -> bytes:
    """Programs of tracepoints, and one that says by which process id BPF knows its caller."""
    if features.program_type("syscall").probe().state is not State.WORKS:
        pytest.skip("this kernel has no syscall programs")
    return build("tracing")


def remount(options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", "/sys/kernel/tracing"], check=True)


class TestWithTheThree:
    def test_the_child_is_nobody_and_has_no_more(self):
        found = result(lambda: [os.geteuid(), sorted(system.effective_capabilities() or ())])
        assert found == [NOBODY, sorted(THREE)]

    def test_a_raw_tracepoint_counts_system_calls(self, tracing: bytes):
        content = tracing

        def count() -> int:
            with tinybpf.load(content) as obj:
                obj.map("counts")[0] = 0
                obj.program("on_any").attach()
                for _ in range(100):
                    os.getppid()
                return int(obj.map("counts")[0])

        assert result(count) >= 100

    def test_a_tracepoint_reports_through_a_ring_buffer(self, tracing: bytes, shared_tracefs: None):
        content = tracing

        def report() -> list[int]:
            with tinybpf.load(content) as obj:
                me = obj.program("whoami").test_run(ctx=bytes(8)).retval
                obj.map("counts")[me] = 0
                obj.program("on_getppid").attach()
                for _ in range(3):
                    os.getppid()
                events = list(obj.ring_buffer("events", timeout=5, count=3))
                return [obj.map("counts")[me], *(event.Number for event in events), me == events[0].PID]

        assert result(report) == [3, 1, 2, 3, True]

    def test_a_tracepoint_with_cap_dac_read_search_in_place_of_a_group(
        self, tracing: bytes, perf_events: None
    ):
        content = tracing

        def count() -> int:
            with tinybpf.load(content) as obj:
                me = obj.program("whoami").test_run(ctx=bytes(8)).retval
                obj.map("counts")[me] = 0
                obj.program("on_getppid").attach()
                os.getppid()
                return int(obj.map("counts")[me])

        assert result(count, (*THREE, "CAP_DAC_READ_SEARCH")) == 1

    def test_xdp_drops_one_port_on_a_loopback_of_its_own(self, build: Callable[[str], bytes]):
        content = build("packets")

        def drops() -> list[Any]:
            with tinybpf.load(content) as obj:
                before = [arrives(4242), arrives(4243)]
                obj.program("drop_udp").attach_xdp("lo")
                after = [arrives(4242), arrives(4243)]
                seen = obj.map("seen")
                return [before, after, seen[1], seen[2] >= 1]

        assert observed("before, after, dropped, passed", result(drops, before=own_network)) == [
            [True, True],
            [False, True],
            1,
            True,
        ]

    def test_a_cgroup_program_forbids_a_connect(self, build: Callable[[str], bytes], cgroup: Path):
        content = build("connect")

        def forbid() -> list[int]:
            before = connect(4444)
            with tinybpf.load(content) as obj:
                obj.program("block_4444").attach_cgroup(cgroup)
                return [before, connect(4444), connect(4445)]

        def join() -> None:
            (cgroup / "cgroup.procs").write_text(str(os.getpid()))

        assert result(forbid, before=join) == [0, errno.EPERM, 0]

    @pytest.mark.parametrize("how", ["attach_tcx", "attach_clsact"])
    def test_a_filter_drops_one_port_on_a_loopback_of_its_own(self, build: Callable[[str], bytes], how: str):
        content = build("filters")

        def drops() -> list[Any]:
            with tinybpf.load(content) as obj:
                before = [arrives(4242), arrives(4243)]
                getattr(obj.program("incoming"), how)("lo", "ingress")
                after = [arrives(4242), arrives(4243)]
                return [before, after, obj.map("seen")[42421], obj.map("seen")[42431]]

        assert result(drops, before=own_network) == [[True, True], [False, True], 1, 1]

    @pytest.mark.parametrize(
        ("name", "program", "how"),
        [("filters", "incoming", "attach_tcx"), ("packets", "drop_udp", "attach_xdp")],
    )
    def test_a_link_at_an_interface_takes_no_capability_once_loaded(
        self, build: Callable[[str], bytes], name: str, program: str, how: str
    ):
        if system.older_than("6.1"):
            pytest.skip("this kernel asks for CAP_BPF whenever bpf() is called")
        content = build(name)

        def drops() -> list[bool]:
            with tinybpf.load(content) as obj:
                keep(())
                getattr(obj.program(program), how)("lo")
                return [arrives(4242), arrives(4243)]

        found = in_child(drops, before=own_network)
        if "clsact" in found.get("message", ""):
            pytest.skip("this kernel has no tcx")
        assert found.get("result") == [False, True], found

    def test_a_clock_samples(self, build: Callable[[str], bytes], perf_events: None):
        content = build("probes")

        def samples() -> int:
            with tinybpf.load(content) as obj:
                obj.program("on_sample").attach_perf_event("cpu-clock", frequency=500, pid=0)
                end = time.process_time() + 0.3
                while time.process_time() < end:
                    pass
                return int(obj.globals["sampled"])

        assert 30 <= result(samples) <= 400

    def test_an_iterator_walks(self, build: Callable[[str], bytes]):
        content = build("iterator")

        def walk() -> list[str]:
            with tinybpf.load(content) as obj:
                return sorted({line[:4] for line in obj.program("tasks").attach_iter()})

        assert result(walk) == ["done", "task"]

    def test_a_kprobe_counts(self, build: Callable[[str], bytes], perf_events: None):
        if not kernel.kprobes().facts["available"]:
            pytest.skip("this kernel has no kprobes")
        content = build("probes")

        def count() -> int:
            with tinybpf.load(content) as obj:
                obj.program("on_call").attach_kprobe("do_sys_openat2")
                os.stat("/")
                os.close(os.open("/", os.O_RDONLY))
                return int(obj.globals["called"])

        assert result(count) >= 1

    def test_a_uprobe_counts_or_asks_for_cap_sys_admin(
        self, build: Callable[[str], bytes], perf_events: None
    ):
        content = build("probes")
        libc = ctypes.CDLL("libc.so.6")

        def count() -> int:
            with tinybpf.load(content) as obj:
                obj.program("on_entry").attach_uprobe("libc.so.6", symbol="labs", pid=0)
                libc.labs(-7)
                return int(obj.globals["entered"])

        found = in_child(count)
        assert result(kernel.uprobe_refused) is ("result" not in found)
        if "result" in found:
            assert found["result"] == 1
        else:
            assert "lacks CAP_SYS_ADMIN to attach uprobes" in found["message"]
        assert result(count, (*THREE, "CAP_SYS_ADMIN")) == 1
        assert result(kernel.uprobe_refused, (*THREE, "CAP_SYS_ADMIN")) is False

    def test_what_is_loaded_works_on_when_all_capabilities_are_given_up(self, tracing: bytes):
        content = tracing

        def give_up() -> list[Any]:
            with tinybpf.load(content) as obj:
                obj.map("counts")[0] = 0
                keep(())
                obj.program("on_any").attach()
                os.getppid()
                return [sorted(system.effective_capabilities() or ()), obj.map("counts")[0] > 0]

        assert result(give_up) == [[], True]


def own_network() -> None:
    """A network namespace with its loopback up."""
    if LIBC.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    SIOCSIFFLAGS, IFF_UP = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def arrives(port: int) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("127.0.0.1", port))
        receiver.settimeout(ARRIVAL)
        return is_received(sender, receiver)


def connect(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        return sender.connect_ex(("127.0.0.1", port))


class TestWithLess:
    @pytest.mark.parametrize(
        ("name", "missing", "words"),
        [
            ("packets", "CAP_BPF", "lacks CAP_BPF to load 'drop_udp' (XDP)"),
            ("packets", "CAP_NET_ADMIN", "lacks CAP_NET_ADMIN to load 'drop_udp' (XDP)"),
            ("connect", "CAP_BPF", "lacks CAP_BPF to load 'block_4444' (CGROUP_SOCK_ADDR)"),
            ("connect", "CAP_NET_ADMIN", "lacks CAP_NET_ADMIN to load 'block_4444' (CGROUP_SOCK_ADDR)"),
            ("tracing", "CAP_BPF", "lacks CAP_BPF to load 'on_getppid' (TRACEPOINT)"),
            ("tracing", "CAP_PERFMON", "lacks CAP_PERFMON to load 'on_getppid' (TRACEPOINT)"),
        ],
    )
    def test_a_load_names_the_missing_capability_and_no_other(
        self, build: Callable[[str], bytes], name: str, missing: str, words: str
    ):
        content = build(name)
        found = in_child(lambda: repr(tinybpf.load(content)), tuple(set(THREE) - {missing}))
        assert (found["kind"], found["errno"]) == ("BpfError", errno.EPERM)
        assert found["message"].startswith("load 'object' failed: Operation not permitted")
        assert f"hint: this process {words}; run it as root, or give it the capability" in found["message"]
        assert "MEMLOCK" not in found["message"]

    @pytest.mark.parametrize(("name", "spare"), [("packets", "CAP_PERFMON"), ("tracing", "CAP_NET_ADMIN")])
    def test_a_capability_that_is_not_needed_is_not_asked_for(
        self, build: Callable[[str], bytes], name: str, spare: str
    ):
        if name == "packets" and system.older_than("6.1"):
            pytest.skip("this kernel asks for CAP_PERFMON where pointers into a packet are compared")
        if name == "tracing" and features.program_type("syscall").probe().state is not State.WORKS:
            pytest.skip("this kernel has no syscall programs")
        content = build(name)
        assert "BpfObject" in result(lambda: repr(tinybpf.load(content)), tuple(set(THREE) - {spare}))

    def test_root_of_a_container_is_told_the_same(self, build: Callable[[str], bytes]):
        content = build("connect")

        def reduced() -> str:
            keep(("CAP_NET_ADMIN",))
            return repr(tinybpf.load(content))

        assert "hint: root in a container lacks CAP_BPF to load" in message(reduced, None)

    def test_capabilities_of_a_user_namespace_do_not_count(self, build: Callable[[str], bytes]):
        content = build("connect")

        def own_users() -> None:
            if LIBC.unshare(CLONE_NEWUSER):
                raise OSError(ctypes.get_errno(), "unshare")

        assert "count only within its user namespace" in message(
            lambda: repr(tinybpf.load(content)), None, before=own_users
        )

    def test_tracefs_that_may_not_be_read(self, tracing: bytes):
        content = tracing

        def attach() -> str:
            with tinybpf.load(content) as obj:
                return repr(obj.program("on_getppid").attach())

        found = in_child(attach)
        assert (found["kind"], found["errno"]) == ("BpfError", errno.EACCES)
        assert (
            "hint: this user may not read /sys/kernel/tracing: mount -o remount,mode=0750" in found["message"]
        )

    def test_a_tracepoint_needs_cap_perfmon_when_it_is_attached(self, tracing: bytes, shared_tracefs: None):
        content = tracing

        def attach() -> str:
            with tinybpf.load(content) as obj:
                keep(("CAP_BPF", "CAP_NET_ADMIN"))
                return repr(obj.program("on_getppid").attach())

        assert "hint: this process lacks CAP_PERFMON to open a tracepoint" in message(attach)

    def test_debians_level_of_perf_events(self, tracing: bytes, shared_tracefs: None):
        def attach() -> str:
            with tinybpf.load(tracing) as obj:
                return repr(obj.program("on_getppid").attach())

        with paranoid(3):
            found = in_child(attach)
            refused = result(kernel.perf_refused)
        if "result" in found:
            assert refused == 0
            pytest.skip("this kernel knows no perf_event_paranoid above 2")
        assert refused == errno.EACCES
        assert "hint: kernel.perf_event_paranoid is 3, where kernels of Debian" in found["message"]
        assert result(kernel.perf_refused) == 0

    def test_a_cgroup_that_may_not_be_opened(self, build: Callable[[str], bytes], cgroup: Path):
        content = build("connect")
        cgroup.chmod(0o700)

        def attach() -> str:
            with tinybpf.load(content) as obj:
                return repr(obj.program("block_4444").attach_cgroup(cgroup))

        found = in_child(attach)
        assert (found["kind"], found["errno"]) == ("BpfError", errno.EACCES)
        assert "hint: this user may not open the cgroup's directory" in found["message"]

    @pytest.mark.parametrize(("name", "program"), [("untrusted", "keep_pointer"), ("reads_kernel", "look")])
    def test_the_verifier_distrusts_who_lacks_cap_perfmon(
        self, build: Callable[[str], bytes], name: str, program: str
    ):
        content = build(name)
        assert "BpfObject" in result(lambda: repr(tinybpf.load(content)))
        found = in_child(lambda: repr(tinybpf.load(content)), ("CAP_BPF", "CAP_NET_ADMIN"))
        assert found["kind"] == "VerifierError" and f"program '{program}'" in found["message"]
        assert "hint: this process lacks CAP_PERFMON to be trusted with pointers" in found["message"]

    def test_a_pin_where_this_user_may_not_write(self, tracing: bytes):
        content = tracing
        closed = Path("/sys/fs/bpf") / f"closed{os.getpid()}"
        closed.mkdir(mode=0o700)

        def pin() -> None:
            with tinybpf.load(content) as obj:
                obj.map("counts").pin(str(closed / "counts"))

        try:
            assert "hint: this user may not write there" in message(pin)
        finally:
            closed.rmdir()


@pytest.fixture(scope="module")
def states() -> dict[tuple[str, ...], dict[str, str]]:
    """The state of each feature with each set of the three capabilities."""

    def probe() -> dict[str, str]:
        _probe._known.clear()
        return {name: feature.probe().state.value for name, feature in all_features()}

    _probe.kernel_btf()
    sets = [names for size in range(4) for names in combinations(THREE, size)]
    return {names: result(probe, names) for names in sets}


def all_features() -> list[tuple[str, features.Feature]]:
    programs = [(f"program {f.name}", f) for f in features.PROGRAMS]
    return [*programs, *((f"map {f.name}", f) for f in features.MAPS)]


def test_each_kind_takes_what_the_tables_say_and_nothing_less(states: dict[tuple[str, ...], dict[str, str]]):
    unprivileged = system.sysctl("kernel.unprivileged_bpf_disabled") == 0
    checked, wrong = 0, []
    for name, feature in all_features():
        if feature.probe().state is not State.WORKS:
            continue
        if unprivileged and feature.needs == ("CAP_BPF",):
            continue
        checked += 1
        for names, found in states.items():
            expected = "works" if set(feature.needs) <= set(names) else "forbidden"
            if found[name] != expected:
                wrong.append((name, names, found[name]))
    assert wrong == [] and checked > 20
