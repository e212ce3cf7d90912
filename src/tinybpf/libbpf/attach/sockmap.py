"""sk_skb and sk_msg: programs over the data of the sockets in a sockmap or sockhash."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach import _without_link
from tinybpf.libbpf.attach._common import create, require_type
from tinybpf.libbpf.enums import BpfMapType, BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.map import BpfMap
    from tinybpf.libbpf.program import BpfProgram

STREAM_VERDICT, VERDICT = 5, 38  # BPF_SK_SKB_STREAM_VERDICT, BPF_SK_SKB_VERDICT
VERDICTS = {4: "stream_parser", 5: "stream_verdict", 7: "msg_verdict", 38: "verdict"}
MAPS = (BpfMapType.SOCKMAP, BpfMapType.SOCKHASH)


def attach(program: BpfProgram, map: BpfMap[Any, Any]) -> BpfLink:
    """See `BpfProgram.attach_sockmap`. Kernel 4.14 or later."""
    from tinybpf.libbpf.map import BpfMap

    if not isinstance(map, BpfMap):
        raise TypeError(f"map must be a BpfMap, not {type(map).__name__}")
    what = f"attach '{program.name}' to map '{map.name}'"
    require_type(program, what, BpfProgType.SK_SKB, BpfProgType.SK_MSG)
    if map.type not in MAPS:
        raise BpfError(
            f"{what} failed: map '{map.name}' is of type {map.type.name}, this needs SOCKMAP or SOCKHASH",
            errno.EINVAL,
        )
    kind = lib.bpf_program__expected_attach_type(program.pointer) or STREAM_VERDICT
    target = f"sockmap:{map.name}/{VERDICTS.get(kind, kind)}"
    hints = {
        errno.EBUSY: f"map '{map.name}' has such a program already",
        errno.EINVAL: (_since.absence("sk_skb/verdict") if kind == VERDICT else None)
        or "programs of sk_skb/verdict and sk_skb/stream_verdict exclude each other",
        errno.EOPNOTSUPP: "the kernel has no CONFIG_BPF_STREAM_PARSER",
    }
    _held, fd = map._core.held(), map.fd
    if _since.absence("links of sockmaps") is None:
        return create(program, what, target, fd, kind, hints=hints)
    return _without_link.place(program, what, target, fd, kind, 0, hints)
