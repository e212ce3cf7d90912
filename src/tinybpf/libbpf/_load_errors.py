"""What went wrong with an open or a load, from libbpf's words and the verifier's to an exception."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError, UnsupportedError, VerifierError
from tinybpf.libbpf import _verify
from tinybpf.libbpf._check import error_from
from tinybpf.libbpf._lib import lib, log_text, text

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle

OPEN_HINTS = {
    errno.ENOTSUP: "this libbpf does not know something in the object; its words are in .libbpf_log",
    errno.ESRCH: "a section's name, or something the object refers to, is unknown to this libbpf",
}
_LEGACY = "legacy map definitions"


def open_error(name: str, code: int) -> BpfError:
    log = log_text()
    complaint, hints = first_complaint(log), OPEN_HINTS
    if _LEGACY in complaint:
        hints = {
            code: 'its maps are of the kind from before libbpf 1.0: define them in section ".maps", by their '
            "types, and compile with -g"
        }
    return error_from(f"load '{name}'", code, log, hints, detail=complaint)


def load_error(handle: ObjectHandle, name: str, code: int, room: _verify.LogRoom) -> BpfError:
    log = log_text()
    if code == errno.ENOSPC and room.has_own:
        return BpfError(
            f"load '{name}' failed: the verifier's log of a program does not fit {room.own_size} bytes\n"
            "  hint: give a larger log_size, or a lower log_level (4 has the figures alone)",
            code,
            log,
        )
    refused = _verify.verifier_error(handle, code, log, room)
    if refused is not None:
        return _never_looked_at(handle, name, refused) or refused
    if code in (errno.EPERM, errno.EACCES):
        return _forbidden(handle, name, code, log)
    complaint = first_complaint(log)
    absent = _lacking(handle, complaint, code)
    if absent is not None:
        return UnsupportedError(f"load '{name}' failed: {absent}\n  {complaint}", code, log)
    hint = next((hint for words, hint in _LOAD_HINTS.items() if words in complaint), None)
    if "missing BPF prog type" in complaint:
        hint = _section_hint(complaint)
    if hint is None:
        from tinybpf.libbpf import _absent, _unresolved

        hint = _absent.target_hint(handle, complaint) or _unresolved.load_hint(complaint)
    return error_from(f"load '{name}'", code, log, {code: hint} if hint else None, detail=complaint)


def _lacking(handle: ObjectHandle, complaint: str, code: int) -> str | None:
    """What the object needs and this kernel has not, with the version that brought it."""
    from tinybpf.libbpf import _absent

    return _absent.reason(handle, complaint, code)


def _never_looked_at(handle: ObjectHandle, name: str, refused: VerifierError) -> BpfError | None:
    """The error for a program whose kind the kernel does not know: it is refused before its instructions."""
    if refused.errno != errno.EINVAL or "\n0: " in f"\n{refused.log}":
        return None
    from tinybpf.libbpf import _absent

    absent = _absent.program(handle, refused.program)
    if absent is None:
        return None
    return UnsupportedError(f"load '{name}' failed: {absent}", refused.errno, refused.libbpf_log)


def _section_hint(complaint: str) -> str:
    from tinybpf.libbpf._unresolved import near_section

    near = near_section(complaint)
    if near:
        return f"did you mean section '{near}'?"
    version = text(lib.libbpf_version_string())
    return (
        f"libbpf {version} does not know the section: a newer one may, or set type and expected_attach_type "
        "of the program before the load (tinybpf.open)"
    )


_LOAD_HINTS = {
    "failed to create: -E2BIG": "the kernel makes no map of that size: take fewer entries, or smaller values "
    "(at most 32 KiB where each CPU has its own)",
    "failed to create: -ENOMEM": "there is not enough memory for a map of that size: take fewer entries",
    "failed to open system Kconfig": "the program has variables of the kernel's configuration, which this "
    "machine does not show (/proc/config.gz, /boot/config-…): give their values, as in "
    "open(…, kconfig={'CONFIG_HZ': 250})",
    "couldn't reuse pinned map": "what is pinned there is a map of another type, size, number of entries or "
    "flags: remove the pin, or give the map another pin_path",
    "is not on BPF FS": "mount -t bpf bpf /sys/fs/bpf",
}
"""What helps, by words of libbpf's complaint."""


def _forbidden(handle: ObjectHandle, name: str, code: int, log: str) -> BpfError:
    from tinybpf.libbpf._forbidden import load_hint

    hint = load_hint(handle)
    hints = {code: hint} if hint else None
    return error_from(f"load '{name}'", code, log, hints, detail=first_complaint(log))


# libbpf then goes on, or guesses
_NOT_THE_CAUSE = (
    "BTF loading error", "Retrying without BTF", "RLIMIT_MEMLOCK", "probe_loading", "BTF LOAD LOG --",
    "BTF is optional, ignoring",
)  # fmt: skip


def first_complaint(log: str) -> str:
    """The first complaint in libbpf's log: the later ones follow from it."""
    for line in log.splitlines():
        if line.startswith("libbpf: ") and not any(words in line for words in _NOT_THE_CAUSE):
            return line
    return ""
