"""What the kinds of attachment share."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from errno import EACCES, EPERM
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import Hints, attempt
from tinybpf.libbpf._hints import permission_hint, program_needs
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.link import BpfLink, FdLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf.enums import BpfProgType
    from tinybpf.libbpf.program import BpfProgram


def link(
    program: BpfProgram,
    what: str,
    target: str,
    function: Callable[..., Any],
    *args: Any,
    hints: Hints | None = None,
    kind: type[BpfLink] = BpfLink,
) -> BpfLink:
    """Call libbpf's attach function on the program and make the link of what it returns.

    ``what`` is the operation for messages, ``target`` what the link's repr names,
    ``kind`` the class of the link.
    """
    pointer = perform(program, what, function, program.pointer, *args, hints=hints)
    return make_link(pointer, target, program.name, program.owner, kind)


def create(
    program: BpfProgram,
    what: str,
    target: str,
    place: int,
    attach_type: int,
    opts: Any = None,
    hints: Hints | None = None,
    kind: type[FdLink] = FdLink,
) -> BpfLink:
    """A link of the kernel's, at what ``place`` is a descriptor or the index of."""
    _held, fd = program._held(), program.fd
    given = ffi.NULL if opts is None else opts
    made = perform(program, what, lib.bpf_link_create, fd, place, attach_type, given, hints=hints)
    return make_link(made, target, program.name, program.owner, kind)


def link_options() -> Any:
    """libbpf's options of a new link."""
    opts = ffi.new("struct bpf_link_create_opts *")
    opts.sz = ffi.sizeof("struct bpf_link_create_opts")
    return opts


def cookie_of(cookie: int) -> int:
    """The cookie, if it is one."""
    if isinstance(cookie, bool) or not isinstance(cookie, int):
        raise TypeError(f"cookie must be a number, not {type(cookie).__name__}")
    if not 0 <= cookie < 1 << 64:
        raise ValueError(f"cookie must fit 64 bits, without a sign: {cookie}")
    return cookie


def require_cookies(what: str, cookie: int, kind: str) -> None:
    """`UnsupportedError` where a cookie is given to what this kernel has none for."""
    absent = _since.absence(f"cookies of {kind}") if cookie else None
    if absent is not None:
        raise UnsupportedError(f"{what} failed: {absent}", errno.EOPNOTSUPP)


def perform(
    program: BpfProgram, what: str, function: Callable[..., Any], *args: Any, hints: Hints | None = None
) -> Any:
    """``function(*args)`` as a part of attaching the program; what is not permitted says what it needs."""
    denied = {code: lambda: permission_hint(program_needs(program.type)) for code in (EPERM, EACCES)}
    return attempt(what, function, *args, hints={**denied, **(hints or {})})


def c_name(what: str, name: str) -> bytes:
    """A name as C takes it: ``ValueError`` where C would see less of it, or nothing."""
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a name, not {type(name).__name__}")
    if not name or "\0" in name:
        raise ValueError(f"{what} must be a name, not {name!r}")
    return os.fsencode(name)


def require_type(program: BpfProgram, what: str, *types: BpfProgType) -> None:
    """`BpfError` where the program is of another type, or its object closed."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    if program.type not in types:
        wanted = " or ".join(type_.name for type_ in types)
        raise BpfError(
            f"{what} failed: '{program.name}' is a {program.type.name} program (section "
            f"'{program.section}'), this needs a {wanted} one",
            errno.EINVAL,
        )
