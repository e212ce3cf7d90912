"""How a feature of the kernel is tried: a program of two instructions loaded, a map created."""

from __future__ import annotations

import errno as codes
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from typing import Any

from tinybpf import system
from tinybpf.libbpf import _hints
from tinybpf.libbpf._check import strerror
from tinybpf.libbpf._lib import ffi, lib, mark_used
from tinybpf.libbpf.enums import BpfMapType, BpfProgType

_LOG_SIZE = 1 << 14
_MEMBERS_TRIED = 8

# mov r0, 0; exit. The second register nibble of an instruction depends on the byte order, and is 0 here.
_RETURN_0 = bytes.fromhex("b7000000000000009500000000000000")


class State(str, Enum):
    """How a probe came out."""

    WORKS = "works"
    MISSING = "missing"  # this kernel does not have it
    FORBIDDEN = "forbidden"  # it may; this process may not
    UNKNOWN = "unknown"  # the kernel's answer says neither


@dataclass(frozen=True)
class Finding:
    """What a probe found: the state, the kernel's errno (0 if it works), and the reason in words."""

    state: State
    errno: int = 0
    reason: str = ""


WORKS = Finding(State.WORKS)
_known: dict[Feature, Finding] = {}


@dataclass(frozen=True)
class Feature:
    """Something that a kernel has or has not.

    ``since`` is the version of Linux that brought it, ``config`` the items of the kernel's
    configuration that it takes, ``needs`` the capabilities (by name, for Linux 5.8 or later).
    """

    name: str
    since: str
    config: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities that using it takes, such as ``("CAP_BPF", "CAP_PERFMON")``."""
        return (_hints.BPF,)

    def probe(self) -> Finding:
        """Try it. Never raises for what the kernel answers; takes some 50 µs."""
        if self in _known:
            return _known[self]
        mark_used()
        found = self._try()
        if found.state in (State.WORKS, State.MISSING):
            _known[self] = found
        return found

    @property
    def works(self) -> bool:
        """Whether this kernel has it and this process may use it."""
        return self.probe().state is State.WORKS

    def _try(self) -> Finding:
        raise NotImplementedError

    def _finding(self, result: int, log: str = "") -> Finding:
        """What a descriptor or a negative errno means; the descriptor is closed."""
        if result >= 0:
            os.close(result)
            return WORKS
        code = -result
        if code in (codes.EPERM, codes.EACCES) and not log:
            return Finding(State.FORBIDDEN, code, self._forbidden())
        if code in (codes.ENOSYS, codes.EINVAL, codes.E2BIG, codes.EOPNOTSUPP, 524):
            return Finding(State.MISSING, code, self.missing_reason(code))
        said = log.strip().splitlines()[0] if log.strip() else strerror(code)
        return Finding(State.UNKNOWN, code, said)

    def _forbidden(self) -> str:
        lacking = _hints.missing_capabilities(self.needs)
        if lacking:
            return f"this process lacks {_hints.listing(lacking)}"
        other = _hints.permission_hint(self.needs)
        return (
            other
            or "the kernel forbids it whatever the capabilities: lockdown, or another policy of this machine"
        )

    def missing_reason(self, code: int) -> str:
        """Why this kernel does not have it: too old, or built without."""
        if code == codes.ENOSYS:
            return "this kernel was built without CONFIG_BPF_SYSCALL"
        if system.older_than(self.since):
            return f"Linux {self.since} brought it"
        unset = [item for item in self.config if system.config_item(item) == "n"]
        if unset:
            return f"this kernel was built without {', '.join(unset)}"
        if self.config:
            return f"the kernel refuses it ({strerror(code)}): built without {' or '.join(self.config)}?"
        return f"the kernel refuses it: {strerror(code)}"


@dataclass(frozen=True)
class ProgramFeature(Feature):
    """A kind of program: its type and, where one type has several kinds, how it would be attached.

    ``target`` is what the program would be attached to in the kernel's BTF: a kind of BTF type
    and a name.
    """

    type: BpfProgType = BpfProgType.UNSPEC
    attach_type: int = 0
    flags: int = 0
    target: tuple[int, str] | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities that using it takes, such as ``("CAP_BPF", "CAP_PERFMON")``."""
        return _hints.program_needs(self.type)

    def _try(self) -> Finding:
        found = self.attempt(_RETURN_0)
        return found if isinstance(found, Finding) else self._finding(*found)

    def attempt(self, instructions: bytes) -> tuple[int, str] | Finding:
        """Load these as a program of the kind: a descriptor or a negative errno, and the verifier's log;
        what is missing where it is not even tried."""
        options: dict[str, int] = {"expected_attach_type": self.attach_type, "prog_flags": self.flags}
        if self.target is not None:
            found = kernel_type(*self.target)
            if found <= 0:
                return Finding(State.MISSING, codes.ENOENT, self._no_target())
            options["attach_btf_id"] = found
        if self.type is BpfProgType.KPROBE:
            options["kern_version"] = _version_code()
        return load_program(self.type, instructions, **options)

    def _no_target(self) -> str:
        if not os.path.exists("/sys/kernel/btf/vmlinux"):
            return "it needs the kernel's BTF: no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)"
        assert self.target is not None
        if system.older_than(self.since):
            return self.missing_reason(codes.EINVAL)
        unset = [item for item in self.config if system.config_item(item) == "n"]
        return self.missing_reason(codes.EINVAL) if unset else f"the kernel has no {self.target[1]}"


@dataclass(frozen=True)
class OperationFeature(ProgramFeature):
    """Programs that are a member of a kernel's struct: which of its first are functions differs."""

    def _try(self) -> Finding:
        assert self.target is not None
        found = kernel_type(*self.target)
        if found <= 0:
            return Finding(State.MISSING, codes.ENOENT, self._no_target())
        for member in range(_MEMBERS_TRIED):
            result, log = load_program(self.type, attach_btf_id=found, expected_attach_type=member)
            if result != -codes.EINVAL:
                break
        return self._finding(result, "" if result == -codes.EINVAL else log)


@dataclass(frozen=True)
class ReplacementFeature(ProgramFeature):
    """Programs that replace a function of another: the kernel knows the type if it asks for the other."""

    def _try(self) -> Finding:
        result, log = load_program(self.type, attach_btf_id=1)
        if "Cannot replace kernel functions" in log:
            return WORKS
        return self._finding(result, "" if result == -codes.EINVAL else log)


@dataclass(frozen=True)
class MapFeature(Feature):
    """A type of map. ``options`` prepares what creating one takes, and what is to be closed after it."""

    type: BpfMapType = BpfMapType.UNSPEC
    sizes: tuple[int, int, int] = (4, 4, 1)  # key, value, entries
    flags: int = 0
    needed: Callable[[Any], list[int]] | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities that using it takes, such as ``("CAP_BPF", "CAP_PERFMON")``."""
        return _hints.map_needs(self.type)

    def _try(self) -> Finding:
        options = ffi.new("struct bpf_map_create_opts *")
        options.sz = ffi.sizeof("struct bpf_map_create_opts")
        options.map_flags = self.flags
        helpers = self.needed(options) if self.needed else []
        if any(fd < 0 for fd in helpers):
            return self._finding(min(helpers))
        try:
            key, value, entries = self.sizes
            result = lib.bpf_map_create(self.type, ffi.NULL, key, value, entries, options)
        finally:
            for fd in helpers:
                os.close(fd)
        if self.type is BpfMapType.STRUCT_OPS and result == -524:
            return WORKS  # the type is known; what it was asked to hold is not
        return self._finding(result)


def load_program(kind: int, code: bytes = _RETURN_0, **options: int) -> tuple[int, str]:
    """Load instructions as a program: its descriptor or a negative errno, and the verifier's log."""
    given = ffi.new("struct bpf_prog_load_opts *")
    given.sz = ffi.sizeof("struct bpf_prog_load_opts")
    log = ffi.new("char[]", _LOG_SIZE)
    given.log_buf, given.log_size = log, _LOG_SIZE
    for name, value in options.items():
        setattr(given, name, value)
    instructions = ffi.cast("struct bpf_insn *", ffi.from_buffer(code))
    result: int = lib.bpf_prog_load(kind, ffi.NULL, b"GPL", instructions, len(code) // 8, given)
    return result, ffi.string(log, _LOG_SIZE).decode("utf-8", "replace")


@cache
def kernel_type(kind: int, name: str) -> int:
    """The id of a type in the kernel's BTF; negative where there is none."""
    btf = kernel_btf()
    return -codes.ENOENT if btf is None else int(lib.btf__find_by_name_kind(btf, name.encode(), kind))


@lru_cache(maxsize=1)
def kernel_btf() -> Any:
    lib.tb_log_clear()
    btf = lib.btf__load_vmlinux_btf()
    return None if btf == ffi.NULL else ffi.gc(btf, lib.btf__free)


def _version_code() -> int:
    """The number that kprobe programs had to carry before Linux 5.0."""
    import re

    # Debian's release has no patch level; its version string has.
    described = re.search(r"Debian (\d+)\.(\d+)\.(\d+)", os.uname().version)
    found = described or re.match(r"(\d+)\.(\d+)\.(\d+)", os.uname().release)
    if found is None:
        return 0
    major, minor, patch = (int(part) for part in found.groups())
    return major << 16 | minor << 8 | min(patch, 255)
