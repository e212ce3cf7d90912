"""What the kinds of attachment share."""

from __future__ import annotations

from collections.abc import Callable
from errno import EACCES, EPERM
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._check import Hints, attempt
from tinybpf.libbpf._hints import permission_hint, program_needs
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
    denied = {code: lambda: permission_hint(program_needs(program.type)) for code in (EPERM, EACCES)}
    pointer = attempt(what, function, program.pointer, *args, hints={**denied, **(hints or {})})
    return make_link(pointer, target, program.name, program.owner)
