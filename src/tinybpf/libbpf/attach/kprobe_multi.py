"""kprobe.multi: one link for a program at many functions of the kernel, made in one step."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from fnmatch import translate
from typing import TYPE_CHECKING

from tinybpf import system
from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf import _arguments, _since
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach import kprobe
from tinybpf.libbpf.attach._common import cookie_of, create, link_options, require_type
from tinybpf.libbpf.attach.tracepoint import DEBUGFS, MOUNT, TRACEFS
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

MULTI, SESSION = 42, 56  # BPF_TRACE_KPROBE_MULTI, BPF_TRACE_KPROBE_SESSION
RETURN = 1  # BPF_F_KPROBE_MULTI_RETURN
FUNCTIONS = "available_filter_functions"

Functions = str | Sequence[str]


def attach(
    program: BpfProgram, functions: Functions, retprobe: bool, cookies: Sequence[int] | None = None
) -> BpfLink:
    """See `BpfProgram.attach_kprobe_multi`. Kernel 5.18 or later."""
    if not isinstance(functions, Iterable):
        raise TypeError(f"functions must be names or a pattern, not {type(functions).__name__}")
    shown = functions if isinstance(functions, str) else _some(functions)
    what = f"attach kprobe.multi to '{shown}'"
    require_type(program, what, BpfProgType.KPROBE)
    kind = lib.bpf_program__expected_attach_type(program.pointer)
    if kind not in (MULTI, SESSION):
        raise BpfError(
            f"{what} failed: '{program.name}' is in section '{program.section}'\n  hint: those in sections "
            "kprobe.multi, kretprobe.multi and kprobe.session can be attached to many functions",
            errno.EINVAL,
        )
    if retprobe and kind == SESSION:
        raise ValueError("retprobe: a program of section kprobe.session runs at entry and return anyway")
    if kind == MULTI:
        _arguments.check_place(program, what, "kretprobe" if retprobe else "kprobe")
    names = _matching(what, functions) if isinstance(functions, str) else _given(functions)
    given = [] if cookies is None else [cookie_of(cookie) for cookie in cookies]
    if given and (isinstance(functions, str) or len(given) != len(names)):
        raise ValueError("cookies go with functions that are listed: one for each, and none of them twice")
    multi = "kretprobe.multi" if retprobe else "kprobe.session" if kind == SESSION else "kprobe.multi"
    target = f"{multi}:{shown} ({len(names)})"
    try:
        return _create(program, what, target, kind, names, given, retprobe)
    except BpfError as error:
        raise _explained(error, what, kind) from None


def _create(
    program: BpfProgram,
    what: str,
    target: str,
    kind: int,
    names: list[str],
    cookies: list[int],
    retprobe: bool,
) -> BpfLink:
    texts = [ffi.new("char[]", os.fsencode(name)) for name in names]
    array = ffi.new("char *[]", texts)  # as the texts, to be held until the kernel has read it
    numbers = ffi.new("__u64[]", cookies) if cookies else ffi.NULL
    opts = link_options()
    opts.kprobe_multi.flags, opts.kprobe_multi.cnt = RETURN if retprobe else 0, len(texts)
    opts.kprobe_multi.syms, opts.kprobe_multi.cookies = ffi.cast("const char **", array), numbers
    missing = {code: lambda: _missing(names) for code in (errno.ENOENT, errno.ESRCH)}
    return create(program, what, target, 0, kind, opts, hints=missing)


def _explained(error: BpfError, what: str, kind: int) -> BpfError:
    """The same error, or that this kernel has no such links."""
    if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
        return error
    name = "kprobe.session" if kind == SESSION else "kprobe.multi"
    absent = _since.absence(name)
    if absent is None and error.errno == errno.EOPNOTSUPP:
        absent = f"{name}: this kernel was built without CONFIG_FPROBE"
    if absent is None:
        return error
    return UnsupportedError(f"{what} failed: {absent}", error.errno, error.libbpf_log)


def _given(functions: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(functions))
    if not names:
        raise ValueError("functions must name at least one")
    for name in names:
        if not isinstance(name, str) or not name or "\0" in name:
            raise TypeError(f"functions must be names, not {name!r}")
    return names


def _some(functions: Sequence[str]) -> str:
    names = [str(name) for name in functions]
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _matching(what: str, pattern: str) -> list[str]:
    """The functions that can be traced whose names match; an error where none does."""
    import re

    if not pattern or "\0" in pattern:
        raise ValueError(f"functions must be a pattern or names, not {pattern!r}")
    if not any(character in pattern for character in "*?["):
        return [pattern]
    every = traceable()
    if every is None:
        absent = _since.absence("kprobe.multi")
        if absent is not None:
            raise UnsupportedError(f"{what} failed: {absent}", errno.EOPNOTSUPP)
        raise BpfError(
            f"{what} failed: {FUNCTIONS} cannot be read, which says what can be traced\n  hint: "
            f"{_unreadable()}; or give names in place of a pattern",
            errno.ENOENT,
        )
    matches = re.compile(translate(pattern)).match
    found = [name for name in every if matches(name)]
    if not found:
        raise BpfError(f"{what} failed: no function that can be traced has such a name", errno.ENOENT)
    return found


def traceable() -> list[str] | None:
    """The functions of the kernel that can be traced, sorted; None where it does not say."""
    for root in (TRACEFS, DEBUGFS):
        try:
            with open(os.path.join(root, FUNCTIONS)) as file:
                # Of a module's the name is followed by the module's; others have names of the compiler's.
                return sorted({name for name in (line.split()[0] for line in file) if name.isidentifier()})
        except OSError:
            continue
    return None


def _unreadable() -> str:
    """Why the list of functions cannot be read, and what to do about it."""
    mounts = system.mounted("tracefs")
    if not mounts:
        return MOUNT
    try:
        os.close(os.open(os.path.join(mounts[0], FUNCTIONS), os.O_RDONLY))
    except FileNotFoundError:
        return "this kernel was built without CONFIG_DYNAMIC_FTRACE"
    except OSError as error:
        return f"'{mounts[0]}' is for root to read ({error.strerror})"
    return f"libbpf and this look for it at '{TRACEFS}'"


def _missing(names: list[str]) -> str | None:
    """Which of the functions cannot be traced."""
    if not kprobe.available():
        return kprobe.NO_KPROBES
    every = traceable()
    absent = [name for name in names if name not in set(every or ())]
    if every is None or not absent:
        return None
    return f"the kernel has no function '{absent[0]}' that can be traced{kprobe.near(absent[0], every)}"
