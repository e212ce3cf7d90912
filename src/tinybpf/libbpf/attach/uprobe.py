"""uprobes: a program that runs when a process reaches an instruction of a binary or library."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _arguments
from tinybpf.libbpf._check import Hints, not_found, path_of
from tinybpf.libbpf._hints import SYS_ADMIN, lacks, perf_hint
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import c_name, cookie_of, link, perform, require_cookies, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram


def attach(
    program: BpfProgram,
    binary_path: str | os.PathLike[str],
    offset: int,
    pid: int,
    retprobe: bool,
    symbol: str | None,
    cookie: int = 0,
    ref_ctr_offset: int = 0,
) -> BpfLink:
    """See `BpfProgram.attach_uprobe`. Kernel 4.17 or later."""
    _check(offset, pid, symbol)
    kind, path = "uretprobe" if retprobe else "uprobe", path_of("binary_path", binary_path)
    place = _place(path, symbol, offset)
    what = f"attach {kind} to '{place}'"
    require_type(program, what, BpfProgType.KPROBE)
    _require_single(program, what)
    _arguments.check_place(program, what, kind, inside=symbol is not None and offset > 0)
    require_file(what, path)
    require_cookies(what, cookie_of(cookie), "kprobes, uprobes, tracepoints and perf events")
    if symbol is not None and any(character in symbol for character in "*?["):
        return _several(program, what, kind, path, symbol, offset, pid, cookie)
    opts = options(retprobe, cookie, ref_ctr_offset)
    name = None if symbol is None else ffi.new("char[]", c_name("symbol", symbol))
    if name is not None:
        opts.func_name = name
    function, file = lib.bpf_program__attach_uprobe_opts, c_name("binary_path", path)
    hints = _hints(path, symbol, offset, place, pid)
    return link(program, what, f"{kind}:{place}", function, pid, file, offset, opts, hints=hints)


def options(retprobe: bool, cookie: int, ref_ctr_offset: int = 0) -> Any:
    """libbpf's options of a uprobe."""
    if isinstance(ref_ctr_offset, bool) or not isinstance(ref_ctr_offset, int):
        raise TypeError(f"ref_ctr_offset must be a number, not {type(ref_ctr_offset).__name__}")
    if not 0 <= ref_ctr_offset < 1 << 32:
        raise ValueError(f"ref_ctr_offset must be an offset in the file in bytes: {ref_ctr_offset}")
    opts = ffi.new("struct bpf_uprobe_opts *")
    opts.sz, opts.retprobe, opts.bpf_cookie = ffi.sizeof("struct bpf_uprobe_opts"), retprobe, cookie
    opts.ref_ctr_offset = ref_ctr_offset
    return opts


def _several(
    program: BpfProgram, what: str, kind: str, path: str, pattern: str, offset: int, pid: int, cookie: int
) -> BpfLink:
    """At each function whose name matches: a perf event for each, one link for all."""
    if offset:
        raise ValueError("offset is in bytes from one function: give a name in place of a pattern")
    file, places = matching(what, path, pattern)
    target = f"{kind}:{path}:{pattern} ({len(places)})"
    return at_places(program, what, target, file, [(at, 0) for at in places.values()], pid, cookie, kind)


def at_places(
    program: BpfProgram,
    what: str,
    target: str,
    file: str,
    places: list[tuple[int, int]],
    pid: int,
    cookie: int,
    kind: str = "uprobe",
) -> BpfLink:
    """One link for offsets in a file, each with that of the counter that switches the place on, or 0."""
    from tinybpf.libbpf.attach.perf_event import SeveralLinks

    links: list[Any] = []
    function, name = lib.bpf_program__attach_uprobe_opts, c_name("binary_path", file)
    try:
        for at, counter in places:
            hints = {
                **_hints(file, None, at, f"{file}:{at:#x}", pid),
                errno.EMFILE: f"{len(places)} places take as many descriptors (ulimit -n): a program in "
                f"section {kind}.multi takes one",
            }
            opts = options(kind == "uretprobe", cookie, counter)
            links.append(perform(program, what, function, program.pointer, pid, name, at, opts, hints=hints))
    except BaseException:
        SeveralLinks._discard(links)
        raise
    return make_link(tuple(links), target, program.name, program.owner, SeveralLinks)


def require_file(what: str, path: str) -> None:
    """`NotFoundError` where there is no such file; a name without a slash is looked up later."""
    c_name("binary_path", path)
    if "/" in path and not os.path.exists(path):
        raise not_found(f"{what} failed: there is no file '{path}'", errno.ENOENT)


def require_found(what: str, path: str) -> str:
    """The file that a path, or the name of a library or command, means."""
    from tinybpf.libbpf._binary import find

    file = find(path)
    if file is None:
        raise not_found(f"{what} failed: '{path}' was not found among libraries and commands", errno.ENOENT)
    return file


def matching(what: str, path: str, pattern: str, aliases: bool = False) -> tuple[str, dict[str, int]]:
    """The file that the path or name means, and its functions that match, by name with their offsets.

    Of several names for the same place only one, unless ``aliases``.
    """
    import re
    from fnmatch import translate

    from tinybpf.libbpf import _binary

    file = require_found(what, path)
    try:
        with _binary.opened(file) as binary:
            functions = binary.functions()
    except (OSError, ValueError) as error:
        raise BpfError(f"{what} failed: '{file}' cannot be read: {error}", errno.EINVAL) from None
    matches = re.compile(translate(pattern)).match
    distinct = {at: name for name, at in sorted(functions.items(), reverse=True) if matches(name)}
    if not distinct:
        raise BpfError(
            f"{what} failed: no function of '{file}' has such a name{_binary.near_functions(file, pattern)}",
            errno.ENOENT,
        )
    if aliases:
        return file, functions
    return file, {name: at for at, name in sorted(distinct.items(), key=lambda item: item[1])}


def _require_single(program: BpfProgram, what: str) -> None:
    """An error for programs that only `BpfProgram.attach_uprobe_multi` can attach."""
    prefix = program.section.lstrip("?").partition("/")[0]
    if ".multi" in prefix or ".session" in prefix:
        raise BpfError(
            f"{what} failed: '{program.name}' is in section '{program.section}'\n  hint: "
            "attach_uprobe_multi(…) attaches it",
            errno.EINVAL,
        )


def _hints(path: str, symbol: str | None, offset: int, place: str, pid: int) -> Hints:
    return {
        errno.EACCES: _why_denied,
        errno.EPERM: _why_denied,
        errno.ENOENT: lambda: _why_missing(path, symbol),
        errno.EINVAL: f"offset {offset:#x} is not the start of an instruction in '{path}', "
        "or it is no ELF file",
        errno.ENOTSUP: f"the instruction at '{place}' cannot be probed",
        errno.ESRCH: f"there is no process {pid}",
    }


def _why_denied() -> str | None:
    purpose = "to attach uprobes (CAP_PERFMON sufficed before Linux 6.16 and the stable kernels of July 2025)"
    return lacks((SYS_ADMIN,), purpose) or perf_hint()


def _why_missing(path: str, symbol: str | None) -> str:
    from tinybpf.libbpf._binary import find, near_functions

    if symbol is None:
        return f"'{path}' was not found, or the kernel has no CONFIG_UPROBES"
    if "/" in path:
        close = near_functions(path, symbol)
        return f"'{path}' has no function '{symbol}' in its symbol tables{close or f': see `nm -D {path}`'}"
    file = find(path)
    if file is None:
        return f"'{path}' was not found among libraries and commands, or has no function '{symbol}'"
    return f"'{file}' has no function '{symbol}'{near_functions(file, symbol)}"


def _place(path: str, symbol: str | None, offset: int) -> str:
    if symbol is None:
        return f"{path}:{offset:#x}" if offset else path
    return f"{path}:{symbol}+{offset:#x}" if offset else f"{path}:{symbol}"


def _check(offset: int, pid: int, symbol: str | None) -> None:
    if isinstance(offset, bool) or not isinstance(offset, int):
        raise TypeError(f"offset must be a number, not {type(offset).__name__}")
    if not 0 <= offset < 1 << 63:
        raise ValueError(f"offset must not be negative: {offset}")
    check_pid(pid)
    if symbol is not None and not isinstance(symbol, str):
        raise TypeError(f"symbol must be a name, not {type(symbol).__name__}")
    if symbol is None and not offset:
        raise ValueError("say where: symbol, or offset in the file in bytes")


def check_pid(pid: int) -> None:
    """``TypeError`` or ``ValueError`` for what is no process, 0 or -1."""
    if isinstance(pid, bool) or not isinstance(pid, int):
        raise TypeError(f"pid must be a number, not {type(pid).__name__}")
    if not -1 <= pid < 1 << 31:
        raise ValueError(f"pid must be a process id, 0 for this process or -1 for all: {pid}")
