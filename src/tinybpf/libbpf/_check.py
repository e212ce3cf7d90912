"""The one place where what C returns becomes an exception.

libbpf's functions fail with a negative errno or with NULL and ``errno``; `attempt` calls one and
raises ``<operation naming the target> failed: <reason>`` with the errno, libbpf's words, and a hint.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from tinybpf.errors import BpfError, NotFoundError, UnsupportedError
from tinybpf.libbpf._hints import general_hint
from tinybpf.libbpf._lib import ffi, lib, log_text, mark_used, text

ENOTSUPP = 524  # the kernel's own, which libc has no name for
_LIBBPF = {  # libbpf's own
    4000: "libelf cannot read it",
    4001: "it is no ELF file, or a damaged one",
    4002: "its version section is wrong",
    4003: "its byte order is not this machine's",
    4004: "something in libbpf went wrong",
    4005: "a relocation failed",
    4006: "loading a program failed for an unknown reason",
    4007: "the verifier refused a program",
    4008: "a program is too large",
    4009: "it is for another kernel version",
    4010: "it is a program of another type",
    4011: "the kernel answered for another process",
    4012: "the kernel answered out of order",
    4013: "the kernel's answer cannot be read",
}

Hints = Mapping[int, str | Callable[[], str | None]]


def attempt(what: str, function: Callable[..., Any], *args: Any, hints: Hints | None = None) -> Any:
    """``function(*args)``, or the exception for ``what``: "attach tracepoint to 'a/b'" and the like.

    ``hints`` says by errno what to do about it, as a text or a function that finds it out.
    """
    mark_used()
    lib.tb_log_clear()
    try:
        result = function(*args)
    except OverflowError as error:  # cffi's word for a number that C has no room for
        raise ValueError(f"{what} failed: {error}") from None
    if isinstance(result, int):
        if result >= 0:
            return result
        raise error_from(what, -result, log_text(), hints)
    if result == ffi.NULL:
        raise error_from(what, ffi.errno, log_text(), hints)
    return result


def check(what: str, result: int, hints: Hints | None = None) -> int:
    """``result`` of a call that prints nothing (a plain system call), or the exception."""
    if result >= 0:
        return result
    raise error_from(what, -result, None, hints)


def path_of(what: str, value: Any) -> str:
    """A path as text; ``TypeError`` or ``ValueError`` where ``what`` is none."""
    try:
        path = os.fsdecode(value)
    except TypeError:
        raise TypeError(f"{what} must be a path (str or os.PathLike), not {type(value).__name__}") from None
    if "\0" in path:
        raise ValueError(f"{what} must be a path, not {path!r}")
    return path


def strerror(errno: int) -> str:
    """The text for an errno, the kernel's own included."""
    if errno == ENOTSUPP:
        return "Operation not supported by the kernel (ENOTSUPP)"
    return _LIBBPF.get(errno) or os.strerror(errno)


def error_from(
    what: str, errno: int, log: str | None, hints: Hints | None = None, *, detail: str = ""
) -> BpfError:
    """The exception for a failed operation; not raised, so that callers can look at it.

    ``detail`` is a line of its own below the message.
    """
    log = log or None
    absent = text(lib.tb_missing_name())
    if absent:
        since = text(lib.tb_missing_since())
        version = text(lib.libbpf_version_string())
        lib.tb_missing_clear()
        reason = f"libbpf {version} has no {absent}(); libbpf {since} brought it"
        return UnsupportedError(f"{what} failed: {reason}", errno, log)
    message = f"{what} failed: {strerror(errno)}"
    hint = _hint(errno, hints)
    lines = [message, detail and f"  {detail}", hint and f"  hint: {hint}"]
    return BpfError("\n".join(line for line in lines if line), errno, log)


def _hint(errno: int, hints: Hints | None) -> str | None:
    found = (hints or {}).get(errno)
    if callable(found):
        found = found()
    return found or general_hint(errno)


def not_found(message: str, errno: int = 2) -> NotFoundError:
    """A `NotFoundError` whose text is the message alone."""
    return NotFoundError(message, errno)
