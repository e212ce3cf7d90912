"""Iterators: a program that is run for each of the kernel's objects of a kind, and writes text or bytes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tinybpf.libbpf._check import attempt, error_from
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import link, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

CHUNK = 64 * 1024


class IterLink(BpfLink):
    """An iterator: each `read` or loop runs the program over all of the kernel's objects again."""

    def read(self) -> bytes:
        """All that the program writes in one walk."""
        return b"".join(self._chunks())

    def __iter__(self) -> Iterator[str]:
        """What the program writes in one walk, line by line."""
        rest = b""
        for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", "backslashreplace") for line in lines)
        if rest:
            yield rest.decode("utf-8", "backslashreplace")

    def _chunks(self) -> Iterator[bytes]:
        self._require()
        what = f"read '{self._target}'"
        fd = attempt(what, lib.bpf_iter_create, self._fd)
        try:
            while chunk := os.read(fd, CHUNK):
                yield chunk
        except OSError as error:
            raise error_from(what, error.errno or 0, None) from None
        finally:
            os.close(fd)


def attach(program: BpfProgram) -> IterLink:
    """See `BpfProgram.attach_iter`. Kernel 5.8 or later."""
    kind = program.section.lstrip("?").partition("/")[2] or program.section
    what = f"attach iterator '{kind}'"
    require_type(program, what, BpfProgType.TRACING)
    made = link(
        program,
        what,
        f"iter:{kind}",
        lib.bpf_program__attach_iter,
        ffi.NULL,
        hints={
            errno.EINVAL: f"'{program.name}' is no iterator (a program in a section iter/…), or "
            "one that walks over a map, which is not given",
        },
        kind=IterLink,
    )
    assert isinstance(made, IterLink)
    return made
