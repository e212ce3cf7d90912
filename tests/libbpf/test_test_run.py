"""Programs run on data that the test gives."""

from __future__ import annotations

import errno
import os
import struct

import pytest
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel

DROP, PASS = 1, 2


def udp(port: int, size: int = 60) -> bytes:
    """An Ethernet frame with a UDP packet to the port."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size - 14, 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
    return (bytes(12) + b"\x08\x00" + ip + struct.pack("!HHHH", 1234, port, 8, 0)).ljust(size, b"\0")


@pytest.fixture
def packets(build):
    with tinybpf.load(build("packets")) as obj:
        yield obj


@pytest.fixture
def called(build):
    with tinybpf.load(build("called")) as obj:
        yield obj


def test_a_packet_is_dropped_and_another_passed(packets):
    program = packets.program("drop_udp")
    assert program.test_run(udp(4242)).retval == DROP
    result = program.test_run(udp(4243))
    assert (result.retval, result.data_out, result.ctx_out) == (PASS, udp(4243), b"")
    assert observed("packets by verdict", list(packets.map("seen").values())) == [0, 1, 1]


def test_repeating_gives_the_time_of_one_run(packets):
    result = packets.program("drop_udp").test_run(bytearray(udp(4242)), repeat=1000)
    assert observed("runs", packets.map("seen")[DROP]) == 1000
    assert 0 < result.duration_ns < 1_000_000


def test_the_packet_may_grow(packets):
    program = packets.program("grow")
    assert program.test_run(udp(1)).data_out[16:] == udp(1)
    with pytest.raises(tinybpf.BpfError, match="the packet grew to 76 bytes; give data_out_size") as caught:
        program.test_run(udp(1), data_out_size=60)
    assert caught.value.errno == errno.ENOSPC


class TestContext:
    def test_the_arguments_of_a_raw_tracepoint(self):
        source = (
            'package bpf\n\nimport "tinybpf/ebpf"\n\n//bpf:section raw_tp\n'
            "func less(ctx *ebpf.RawTracepoint) int32 { return int32(ctx.Args[0] - ctx.Args[2]) }\n"
        )
        with tinybpf.load_go(source) as obj:
            done = obj.program("less").test_run(ctx=struct.pack("<3Q", 50, 0, 8))
        assert observed("the difference of two arguments", done.retval) == 42

    def test_a_syscall_program_works_on_it(self, called):
        request = struct.pack("<qq", -7, 0)
        result = called.program("add").test_run(ctx=request)
        assert result.retval == 7
        assert struct.unpack("<qq", result.ctx_out) == (-7, -7)
        result = called.program("add").test_run(ctx=request, repeat=3)
        assert observed("the context after three runs", struct.unpack("<qq", result.ctx_out)) == (-7, -28)
        assert called.globals["sum"] == -28
        assert request == struct.pack("<qq", -7, 0)


def test_a_program_that_takes_ctx_alone(called):
    with pytest.raises(tinybpf.BpfError, match="takes ctx alone"):
        called.program("add").test_run(udp(1), ctx=bytes(16))


def test_what_does_not_suit_is_explained(packets):
    with pytest.raises(ValueError, match="repeat must be from 1"):
        packets.program("drop_udp").test_run(udp(1), repeat=0)
    if system.older_than("5.18"):
        pytest.skip("this kernel takes packets of any size")
    with pytest.raises(
        tinybpf.BpfError, match=r"test run of 'drop_udp' failed: Invalid argument\n  hint: .*14 bytes"
    ):
        packets.program("drop_udp").test_run(b"short")


def test_a_type_that_cannot_be_run(build):
    with (
        tinybpf.load(build("tracing")) as obj,
        pytest.raises(tinybpf.BpfError, match="cannot test-run programs of type TRACEPOINT"),
    ):
        obj.program("on_getppid").test_run()


def test_the_cpu_can_be_chosen(build):
    cpus = sorted(os.sched_getaffinity(0))
    source = (
        'package bpf\n\nimport "tinybpf/ebpf"\n\nvar cpu uint32 = 1 << 31\n\n'
        "//bpf:section raw_tp/sys_enter\n"
        "func where(ctx *ebpf.RawTracepoint) int32 {\n\tcpu = ebpf.GetSmpProcessorId()\n\treturn 0\n}\n"
    )
    with tinybpf.load_go(source) as obj:
        program = obj.program("where")
        for cpu in cpus:
            program.test_run(ctx=bytes(16), cpu=cpu)
            assert observed("CPU that it ran on", obj.globals["cpu"]) == cpu
        with pytest.raises(tinybpf.BpfError, match="there is no CPU 100000, or it is offline"):
            program.test_run(ctx=bytes(16), cpu=100_000)


def test_packets_that_are_passed_on(build):
    """A program's redirect of live packets is a real one; its maps count each."""
    with tinybpf.load(build("packets")) as obj:
        program, seen = obj.program("drop_udp"), obj.map("seen")
        program.test_run(udp(4242), repeat=100, live=True, batch=10)
        assert observed("packets", seen[DROP]) == 100
        result = program.test_run(udp(4242), repeat=7, live=True)
        assert (seen[DROP], result.data_out, result.retval) == (107, b"", 0)


def test_options_that_suit_other_types(packets, called):
    program = packets.program("drop_udp")
    for options, words in (
        ({"cpu": 0}, "cpu is for programs of type RAW_TRACEPOINT, 'drop_udp' is XDP"),
        ({"batch": 3}, "it needs live=True"),
        ({"batch": 0, "live": True}, "batch must be from 1 to 256, not 0"),
        ({"batch": 300, "live": True}, "batch must be from 1 to 256, not 300"),
    ):
        with pytest.raises(ValueError, match=words):
            program.test_run(udp(1), **options)
    with pytest.raises(ValueError, match="live is for programs of type XDP, 'add' is SYSCALL"):
        called.program("add").test_run(ctx=bytes(16), live=True)
