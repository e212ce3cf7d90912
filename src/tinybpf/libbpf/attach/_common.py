"""What the kinds of attachment share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._check import Hints, attempt
from tinybpf.libbpf.link import BpfLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram


def link(
    program: BpfProgram,
    what: str,
    target: str,
    function: Callable[..., Any],
    *args: Any,
    hints: Hints | None = None,
) -> BpfLink:
    """Call libbpf's attach function on the program and make the link of what it returns.

    ``what`` is the operation for messages, ``target`` what the link's repr names.
    """
    pointer = attempt(what, function, program.pointer, *args, hints=hints)
    return make_link(pointer, target, program.name, program.owner)
