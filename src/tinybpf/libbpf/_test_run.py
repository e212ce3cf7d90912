"""BPF_PROG_TEST_RUN: a program run on data that the caller gives."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from tinybpf import system
from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf._check import ENOTSUPP, error_from
from tinybpf.libbpf._lib import ffi, lib, mark_used
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.info import TestRunResult

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

HEADROOM = 512  # by how much a packet may grow without the caller saying so
MAX_REPEAT = (1 << 31) - 1
MAX_BATCH = 256
_ON_CPU, _LIVE = 1, 2  # BPF_F_TEST_RUN_ON_CPU, BPF_F_TEST_XDP_LIVE_FRAMES

# Types whose context comes back; for the others the kernel takes it at most.
_CONTEXT_OUT = frozenset(
    {
        BpfProgType.XDP,
        BpfProgType.SCHED_CLS,
        BpfProgType.SCHED_ACT,
        BpfProgType.CGROUP_SKB,
        BpfProgType.SK_LOOKUP,
        BpfProgType.FLOW_DISSECTOR,
        BpfProgType.LWT_IN,
        BpfProgType.LWT_OUT,
        BpfProgType.LWT_XMIT,
        BpfProgType.LWT_SEG6LOCAL,
        BpfProgType.SOCKET_FILTER,
    }
)


def run(
    program: BpfProgram,
    data: Any,
    ctx: Any,
    repeat: int,
    data_out_size: int | None,
    cpu: int | None = None,
    live: bool = False,
    batch: int | None = None,
) -> TestRunResult:
    """One test run; see `BpfProgram.test_run`."""
    if not 1 <= repeat <= MAX_REPEAT:
        raise ValueError(f"repeat must be from 1 to {MAX_REPEAT}, not {repeat}")
    flags = _flags(program, cpu, live, batch)
    _held, fd = program._held(), program.fd
    mark_used()
    packet = None if data is None else bytes(data)
    context = None if ctx is None else bytes(ctx)
    room = 0 if packet is None or live else data_out_size or len(packet) + HEADROOM

    opts = ffi.new("struct bpf_test_run_opts *")
    opts.sz = ffi.sizeof("struct bpf_test_run_opts")
    # These have no repeat in the kernel, which refuses what is not 0; a `syscall` program's context
    # comes back where it was.
    single = program.type in (BpfProgType.SYSCALL, BpfProgType.RAW_TRACEPOINT, BpfProgType.TRACING)
    opts.repeat = 0 if single else repeat
    opts.flags, opts.cpu, opts.batch_size = flags, cpu or 0, batch or 0
    packet_in, packet_out = _buffer(packet), ffi.new("uint8_t[]", room)
    context_in = _buffer(context)
    returns = context is not None and program.type in _CONTEXT_OUT and not live
    context_out = ffi.new("uint8_t[]", len(context) if returns and context else 0)

    total, turns = 0, repeat if single else 1
    for _ in range(turns):
        _fill(opts, packet, packet_in, packet_out, room)
        _fill_context(opts, context, context_in, context_out, returns)
        _call(program, fd, opts)
        total += opts.duration
    if program.type is BpfProgType.SYSCALL and context is not None:
        after = bytes(ffi.buffer(context_in, len(context)))
    else:
        after = bytes(ffi.buffer(context_out, opts.ctx_size_out)) if returns else b""
    packet_after = b"" if packet is None or live else bytes(ffi.buffer(packet_out, opts.data_size_out))
    return TestRunResult(opts.retval, packet_after, after, total // turns)


def _flags(program: BpfProgram, cpu: int | None, live: bool, batch: int | None) -> int:
    kind = program.type
    if cpu is not None and kind is not BpfProgType.RAW_TRACEPOINT:
        raise ValueError(f"cpu is for programs of type RAW_TRACEPOINT, '{program.name}' is {kind.name}")
    if cpu is not None and (isinstance(cpu, bool) or not isinstance(cpu, int) or cpu < 0):
        raise ValueError(f"cpu must be the number of a CPU, not {cpu!r}")
    if live and kind is not BpfProgType.XDP:
        raise ValueError(f"live is for programs of type XDP, '{program.name}' is {kind.name}")
    if batch is not None and not live:
        raise ValueError("batch says how many packets are passed on at once: it needs live=True")
    if batch is not None and not 1 <= batch <= MAX_BATCH:
        raise ValueError(f"batch must be from 1 to {MAX_BATCH}, not {batch}")
    return (_ON_CPU if cpu is not None else 0) | (_LIVE if live else 0)


def _buffer(content: bytes | None) -> Any:
    return ffi.NULL if content is None else ffi.new("uint8_t[]", content or 1)


def _fill(opts: Any, packet: bytes | None, packet_in: Any, packet_out: Any, room: int) -> None:
    if packet is None:
        return
    opts.data_in, opts.data_size_in = packet_in, len(packet)
    opts.data_out, opts.data_size_out = packet_out if room else ffi.NULL, room


def _fill_context(opts: Any, context: bytes | None, context_in: Any, context_out: Any, returns: bool) -> None:
    if context is None:
        return
    ffi.memmove(context_in, context, len(context))  # a `syscall` program writes into it
    opts.ctx_in, opts.ctx_size_in = context_in, len(context)
    if returns:
        opts.ctx_out, opts.ctx_size_out = context_out, len(context)


def _call(program: BpfProgram, fd: int, opts: Any) -> None:
    while True:
        result = lib.bpf_prog_test_run_opts(fd, opts)
        if result != -errno.EINTR:  # a signal came; Python has run its handler by now
            break
    if result >= 0:
        return
    what = f"test run of '{program.name}'"
    if result == -errno.ENOSPC and opts.data_size_out:
        raise BpfError(
            f"{what} failed: the packet grew to {opts.data_size_out} bytes; give data_out_size", errno.ENOSPC
        )
    if opts.flags & _LIVE and system.older_than("5.18"):
        raise UnsupportedError(f"{what} failed: Linux 5.18 brought test runs with live packets", -result)
    if opts.flags & _ON_CPU and result == -errno.ENXIO:
        raise BpfError(f"{what} failed: there is no CPU {opts.cpu}, or it is offline", errno.ENXIO)
    raise error_from(what, -result, None, hints=_hints(program))


def _hints(program: BpfProgram) -> dict[int, str]:
    kind = program.type.name
    return {
        errno.EINVAL: f"data or ctx does not suit a program of type {kind}: "
        "packets need at least 14 bytes, a `syscall` program takes ctx alone",
        errno.EOPNOTSUPP: f"this kernel cannot test-run programs of type {kind}",
        ENOTSUPP: f"this kernel cannot test-run programs of type {kind}",
    }
