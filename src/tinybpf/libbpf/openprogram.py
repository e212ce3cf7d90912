"""A program before its object is loaded: what can be changed about it."""

from __future__ import annotations

import errno
import os
from types import NoneType
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import attempt
from tinybpf.libbpf._lib import lib, text
from tinybpf.libbpf._settings import Settings, flag, member, number
from tinybpf.libbpf.attach_types import BpfAttachType
from tinybpf.libbpf.enums import BpfProgType

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram


class OpenProgram(Settings):
    """A program of an object that is open and not loaded.

    Assigning to an attribute changes what `OpenObject.load` has the kernel verify. After the load
    every use is a `BpfError`.
    """

    __slots__ = ()
    _kind = "program"

    @property
    def section(self) -> str:
        """The ELF section, which says the type and perhaps what to attach to."""
        pointer = self._pointer  # held until the name is read
        return text(lib.bpf_program__section_name(pointer))

    @property
    def autoload(self) -> bool:
        """Whether the load takes it along. False for a section with a ``?`` in front."""
        return bool(lib.bpf_program__autoload(self._pointer))

    @autoload.setter
    def autoload(self, value: bool) -> None:
        pointer, load = self._pointer, flag("autoload", value)
        attempt(f"set autoload of {self._label}", lib.bpf_program__set_autoload, pointer, load)

    @property
    def type(self) -> BpfProgType:
        """The program's type; set it by member, by number or by name (``"sched_cls"``)."""
        return BpfProgType(lib.bpf_program__type(self._pointer))

    @type.setter
    def type(self, value: BpfProgType | int | str) -> None:
        self._set("the type", lib.bpf_program__set_type, member("type", BpfProgType, value))

    @property
    def expected_attach_type(self) -> BpfAttachType:
        """What it is to be attached to, where the type leaves that open; member, number or name."""
        return BpfAttachType(lib.bpf_program__expected_attach_type(self._pointer))

    @expected_attach_type.setter
    def expected_attach_type(self, value: BpfAttachType | int | str) -> None:
        kind = member("expected_attach_type", BpfAttachType, value)
        self._set("the attach type", lib.bpf_program__set_expected_attach_type, kind)

    @property
    def flags(self) -> int:
        """The kernel's ``BPF_F_…`` for loading a program, such as ``BPF_F_SLEEPABLE`` (16)."""
        return int(lib.bpf_program__flags(self._pointer))

    @flags.setter
    def flags(self, value: int) -> None:
        self._set("the flags", lib.bpf_program__set_flags, number("flags", value))

    @property
    def log_level(self) -> int:
        """How much the verifier says of it: see `OpenObject.log_level`."""
        return self._opened._levels.get(self.name, self._opened.log_level)

    @log_level.setter
    def log_level(self, value: int) -> None:
        self._opened._require()
        self._opened._levels[self.name] = number("log_level", value, 7)

    @property
    def instructions(self) -> int:
        """How many it has before the load, in 8 bytes each; those of functions that it calls come on top."""
        return int(lib.bpf_program__insn_cnt(self._pointer))

    def set_target(self, function: str, program: BpfProgram | int | None = None) -> None:
        """What the program is for: a function of the kernel, or of another program.

        For sections ``fentry``, ``fexit``, ``fmod_ret``, ``freplace``, ``lsm``, ``tp_btf`` and
        ``iter``, whatever they name themselves. ``program`` is a loaded program or its descriptor,
        which must stay open until the load; without one the function is the kernel's, and
        `BpfError` with ESRCH says that it has none of that name. Kernel 5.5 or later.
        """
        from tinybpf.libbpf.program import BpfProgram

        pointer = self._pointer
        if not isinstance(function, str) or not function or "\0" in function:
            raise ValueError(f"function must be the name of one, not {function!r}")
        what = f"set the target of {self._label} to '{function}'"
        if not isinstance(program, (BpfProgram, int, NoneType)):
            raise TypeError(f"program must be a BpfProgram or a descriptor, not {type(program).__name__}")
        _held = None if program is None or isinstance(program, int) else program._held()
        fd = 0 if program is None else program if isinstance(program, int) else program.fd
        if isinstance(program, bool) or fd < 0:
            raise ValueError(f"program must be a loaded program or its descriptor, not {program!r}")
        if program is not None:
            _check_descriptor(fd, what)
        hints = {
            errno.ESRCH: f"the kernel's BTF has no '{function}' that such a program could be for",
            errno.ENOENT: f"there is no '{function}' that such a program could be for",
            errno.EINVAL: "only programs of type TRACING, EXT or LSM have a target",
        }
        attempt(
            what,
            lib.bpf_program__set_attach_target,
            pointer,
            fd,
            function.encode("utf-8", "surrogateescape"),
            hints=hints,
        )

    def __repr__(self) -> str:
        if self._opened.used:
            return f"<OpenProgram '{self.name}' of an object that is no longer open>"
        left_out = "" if self.autoload else " left out"
        return f"<OpenProgram '{self.name}' {self.type.name} section '{self.section}'{left_out}>"


def _check_descriptor(fd: int, what: str) -> None:
    try:
        kind = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        raise BpfError(f"{what} failed: {fd} is no open descriptor", errno.EBADF) from None
    if kind != "anon_inode:bpf-prog":
        raise BpfError(f"{what} failed: descriptor {fd} is no program, but {kind}", errno.EINVAL)
