"""USDT: places in programs and libraries that their authors marked, by provider and name.

libbpf finds and reads such a place's arguments for programs that keep two maps for it
(``__bpf_usdt_specs`` and ``__bpf_usdt_ip_to_spec_id``, those of libbpf's ``usdt.bpf.h``). Other
programs are attached as uprobes to the places.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import path_of
from tinybpf.libbpf._lib import ffi, lib, libbpf_version
from tinybpf.libbpf.attach import uprobe
from tinybpf.libbpf.attach._common import c_name, cookie_of, perform, require_cookies, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf._binary import Probe
    from tinybpf.libbpf.program import BpfProgram

SIZES = (208, 304)
"""Bytes of a place's description in the map: up to libbpf 1.6, which had 16 for an argument, and since."""
MAPS = (b"__bpf_usdt_specs", b"__bpf_usdt_ip_to_spec_id")


class UsdtLink(BpfLink):
    """A USDT probe through libbpf, with maps of the object: it ends with that, and has no descriptor."""

    @staticmethod
    def _descriptor(pointer: Any) -> int:
        return -1

    def keep(self) -> BpfLink:
        """`BpfError`: the link uses maps of its object."""
        self._require()
        raise BpfError(
            f"keep link '{self._target}' failed: it uses maps of its object, with which it ends",
            errno.EOPNOTSUPP,
        )

    def _pin(self, what: str, pointer: Any, path: str) -> None:
        raise BpfError(f"{what} failed: a USDT probe is several links, and none to pin", errno.EOPNOTSUPP)

    def _unpin(self, what: str, pointer: Any) -> None:
        raise BpfError(f"{what} failed: it is not pinned", errno.ENOENT)


def attach(
    program: BpfProgram, binary_path: str | os.PathLike[str], provider: str, name: str, pid: int, cookie: int
) -> BpfLink:
    """See `BpfProgram.attach_usdt`. Kernel 4.20 or later."""
    uprobe.check_pid(pid)
    path = path_of("binary_path", binary_path)
    what = f"attach usdt to '{path}:{provider}:{name}'"
    require_type(program, what, BpfProgType.KPROBE)
    words = c_name("provider", provider), c_name("name", name)
    uprobe.require_file(what, path)
    file = uprobe.require_found(what, path)
    places = _places(what, file, provider, name)
    target = f"usdt:{path}:{provider}:{name}"
    require_cookies(what, cookie_of(cookie), "kprobes, uprobes, tracepoints and perf events")
    if not _has_maps(program):
        where = sorted({(place.offset, place.semaphore) for place in places})
        return uprobe.at_places(program, what, target, file, where, pid, cookie)
    _require_layout(program, what)
    opts = ffi.new("struct bpf_usdt_opts *")
    opts.sz, opts.usdt_cookie = ffi.sizeof("struct bpf_usdt_opts"), cookie
    function = lib.bpf_program__attach_usdt
    pointer = perform(program, what, function, program.pointer, pid, file.encode(), *words, opts)
    return make_link(pointer, target, program.name, program.owner, UsdtLink)


def _has_maps(program: BpfProgram) -> bool:
    owner = program.owner.pointer
    return all(lib.bpf_object__find_map_by_name(owner, name) != ffi.NULL for name in MAPS)


def _require_layout(program: BpfProgram, what: str) -> None:
    """An error where the map's values are not as large as what libbpf writes into it."""
    found = lib.bpf_object__find_map_by_name(program.owner.pointer, MAPS[0])
    size, own = lib.bpf_map__value_size(found), SIZES[lib.libbpf_minor_version() >= 7]
    if size != own:
        raise BpfError(
            f"{what} failed: the values of map '{MAPS[0].decode()}' have {size} bytes; libbpf "
            f"{libbpf_version()} writes {own}\n  hint: compile the program with the usdt.bpf.h of that "
            "libbpf, or use the libbpf of that header: tinybpf.init(path)",
            errno.EINVAL,
        )


def _places(what: str, file: str, provider: str, name: str) -> list[Probe]:
    """Where the probe is in the file; an error that names those that are there, where it is not."""
    from difflib import get_close_matches

    from tinybpf.libbpf._binary import opened

    try:
        with opened(file) as binary:
            probes = binary.probes()
    except (OSError, ValueError) as error:
        raise BpfError(f"{what} failed: '{file}' cannot be read: {error}", errno.EINVAL) from None
    found = [probe for probe in probes if (probe.provider, probe.name) == (provider, name)]
    if found:
        return found
    names = sorted({f"{probe.provider}:{probe.name}" for probe in probes})
    if not names:
        raise BpfError(f"{what} failed: '{file}' has no USDT probes", errno.ENOENT)
    close = get_close_matches(f"{provider}:{name}", names, 3)
    there = f"did you mean {' or '.join(close)}?" if close else f"there is: {', '.join(names[:20])}"
    raise BpfError(f"{what} failed: '{file}' has no such USDT probe; {there}", errno.ENOENT)
