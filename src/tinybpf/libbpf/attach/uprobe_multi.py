"""uprobe.multi: one link for a program at many functions of a program or library, made in one step."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf import _arguments, _since
from tinybpf.libbpf._check import path_of
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach import uprobe
from tinybpf.libbpf.attach._common import c_name, cookie_of, create, link_options, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

MULTI, SESSION = 48, 57  # BPF_TRACE_UPROBE_MULTI, BPF_TRACE_UPROBE_SESSION
RETURN = 1  # BPF_F_UPROBE_MULTI_RETURN

Functions = str | Sequence[str]


def attach(
    program: BpfProgram,
    binary_path: str | os.PathLike[str],
    functions: Functions | None,
    offsets: Sequence[int] | None,
    pid: int,
    retprobe: bool,
    cookies: Sequence[int] | None,
) -> BpfLink:
    """See `BpfProgram.attach_uprobe_multi`. Kernel 6.6 or later."""
    uprobe.check_pid(pid)
    if (functions is None) == (offsets is None):
        raise ValueError("say where: functions, or offsets in the file in bytes")
    path = path_of("binary_path", binary_path)
    for name, each in (("functions", functions), ("offsets", offsets), ("cookies", cookies)):
        if each is not None and not isinstance(each, Iterable):
            raise TypeError(f"{name} must be a list, not {type(each).__name__}")
    what = f"attach uprobe.multi to '{path}:{_shown(functions, offsets)}'"
    require_type(program, what, BpfProgType.KPROBE)
    kind = _kind(program, what, retprobe)
    if kind == MULTI:
        _arguments.check_place(program, what, "uretprobe" if retprobe else "uprobe")
    uprobe.require_file(what, path)
    file, places = _places(what, path, functions, offsets)
    given = [] if cookies is None else [cookie_of(cookie) for cookie in cookies]
    if given and (isinstance(functions, str) or len(given) != len(places)):
        raise ValueError("cookies go with functions or offsets that are listed: as many of them")
    multi = "uretprobe.multi" if retprobe else "uprobe.session" if kind == SESSION else "uprobe.multi"
    target = f"{multi}:{path}:{_shown(functions, offsets)} ({len(places)})"
    try:
        return _create(program, what, target, kind, file, places, given, pid, retprobe)
    except BpfError as error:
        raise _explained(error, what, kind) from None


def _kind(program: BpfProgram, what: str, retprobe: bool) -> int:
    kind: int = lib.bpf_program__expected_attach_type(program.pointer)
    if kind not in (MULTI, SESSION):
        raise BpfError(
            f"{what} failed: '{program.name}' is in section '{program.section}'\n  hint: those in sections "
            "uprobe.multi, uretprobe.multi and uprobe.session can be attached to many functions",
            errno.EINVAL,
        )
    if retprobe and kind == SESSION:
        raise ValueError("retprobe: a program of section uprobe.session runs at entry and return anyway")
    return kind


def _places(
    what: str, path: str, functions: Functions | None, offsets: Sequence[int] | None
) -> tuple[str, list[int]]:
    """The file and the offsets in it, in the order that was given."""
    if isinstance(functions, str):
        c_name("functions", functions)
        file, found = uprobe.matching(what, path, functions)
        return file, list(found.values())
    names = [] if functions is None else list(functions)
    for name in names:
        if not isinstance(name, str) or not name or "\0" in name:
            raise TypeError(f"functions must be names, not {name!r}")
    if offsets is None:
        return _named(what, path, names)
    for offset in offsets:
        if isinstance(offset, bool) or not isinstance(offset, int) or not 0 < offset < 1 << 63:
            raise ValueError(f"offsets must be places in the file in bytes: {offset!r}")
    if not offsets:
        raise ValueError("offsets must have at least one")
    return uprobe.require_found(what, path), list(offsets)


def _named(what: str, path: str, names: list[str]) -> tuple[str, list[int]]:
    from tinybpf.libbpf._binary import near_functions

    if not names:
        raise ValueError("functions must name at least one")
    file, places = uprobe.matching(what, path, "*", aliases=True)
    for name in names:
        if name not in places:
            raise BpfError(
                f"{what} failed: '{file}' has no function '{name}'{near_functions(file, name)}", errno.ENOENT
            )
    return file, [places[name] for name in names]


def _create(
    program: BpfProgram,
    what: str,
    target: str,
    kind: int,
    file: str,
    places: list[int],
    cookies: list[int],
    pid: int,
    retprobe: bool,
) -> BpfLink:
    _since.require_libbpf(what, "uprobe.multi links", "1.3")
    path, offsets = ffi.new("char[]", c_name("binary_path", file)), ffi.new("unsigned long[]", places)
    numbers = ffi.new("__u64[]", cookies) if cookies else ffi.NULL
    opts: Any = link_options()
    opts.uprobe_multi.path, opts.uprobe_multi.offsets = path, offsets
    opts.uprobe_multi.cookies, opts.uprobe_multi.cnt = numbers, len(places)
    opts.uprobe_multi.flags = RETURN if retprobe else 0
    opts.uprobe_multi.pid = os.getpid() if pid == 0 else max(pid, 0)
    hints = {
        errno.ESRCH: f"there is no process {pid}",
        errno.ENOENT: f"'{file}' was not found",
        errno.E2BIG: "these are more places than the kernel takes at once (1,048,576)",
    }
    return create(program, what, target, 0, kind, opts, hints=hints)


def _explained(error: BpfError, what: str, kind: int) -> BpfError:
    """The same error, or that this kernel has no such links."""
    if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
        return error
    absent = _since.absence("uprobe.session" if kind == SESSION else "uprobe.multi")
    if absent is None:
        return error
    return UnsupportedError(f"{what} failed: {absent}", error.errno, error.libbpf_log)


def _shown(functions: Functions | None, offsets: Sequence[int] | None) -> str:
    if isinstance(functions, str):
        return functions
    each = [str(name) for name in functions] if functions is not None else []
    if offsets is not None:
        each = [f"{offset:#x}" if isinstance(offset, int) else repr(offset) for offset in offsets]
    return ", ".join(each[:3]) + (", …" if len(each) > 3 else "")
