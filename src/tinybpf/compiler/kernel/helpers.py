"""The kernel's helper functions: numbers, prototypes, and what they do with their arguments.

``helper("bpf_map_lookup_elem")`` finds one by the kernel's name, ``by_go_name("bpfMapLookupElem")``
by the name that Go programs give it, and ``nearest("bpf_map_lokup_elem")`` what was meant. The
list is complete: since Linux 6.2 the kernel adds functions as kfuncs only.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

import msgspec

from tinybpf.compiler.kernel.helpers_data import HELPERS

ArgKind = Literal["scalar", "ptr", "const_ptr", "map", "ctx", "object", "callback", "variadic"]
"""What a helper takes:

* ``ptr``: memory that the helper may read and write; ``const_ptr``: memory that it only reads
* ``map``: a map's address; ``ctx``: the program's context
* ``object``: something of the kernel's (a socket, a task, a file); never the program's memory
* ``callback``: a function; ``variadic``: any number of further values
"""

_CONTEXTS = {
    "bpf_perf_event_data", "bpf_sk_lookup", "bpf_sock_addr", "bpf_sock_ops", "bpf_sysctl", "pt_regs",
    "sk_buff", "sk_msg_buff", "sk_reuseport_md", "xdp_buff",
}  # fmt: skip
_OBJECTS = {
    "bpf_sock", "cgroup", "file", "inode", "linux_binprm", "path", "seq_file", "sock", "task_struct",
}  # fmt: skip
_UNTYPED = {
    "ctx": "ctx", "skb": "ctx", "bpf_socket": "ctx", "ringbuf": "map", "map": "map",
    "sk": "object", "sock": "object", "inode": "object", "tp": "object", "percpu_ptr": "object",
    "callback_fn": "callback",
}  # fmt: skip
"""What a ``void *`` is, by the parameter's name."""

MOVES_PACKET = {
    "bpf_clone_redirect", "bpf_l3_csum_replace", "bpf_l4_csum_replace", "bpf_lwt_push_encap",
    "bpf_lwt_seg6_action", "bpf_lwt_seg6_adjust_srh", "bpf_lwt_seg6_store_bytes", "bpf_msg_pop_data",
    "bpf_msg_pull_data", "bpf_msg_push_data", "bpf_skb_adjust_room", "bpf_skb_change_head",
    "bpf_skb_change_proto", "bpf_skb_change_tail", "bpf_skb_pull_data", "bpf_skb_store_bytes",
    "bpf_skb_vlan_pop", "bpf_skb_vlan_push", "bpf_store_hdr_opt", "bpf_tail_call", "bpf_xdp_adjust_head",
    "bpf_xdp_adjust_meta", "bpf_xdp_adjust_tail",
}  # fmt: skip
"""After these, addresses in the packet are no longer valid (``bpf_helper_changes_pkt_data``, Linux 6.18)."""

_ONLY_READ = {
    "bpf_bind": ("addr",),
    "bpf_csum_diff": ("from", "to"),
    "bpf_dynptr_write": ("src",),
    "bpf_lwt_push_encap": ("hdr",),
    "bpf_lwt_seg6_action": ("param",),
    "bpf_msg_redirect_hash": ("key",),
    "bpf_perf_event_output": ("data",),
    "bpf_redirect_neigh": ("params",),
    "bpf_ringbuf_output": ("data",),
    "bpf_setsockopt": ("optval",),
    "bpf_sk_lookup_tcp": ("tuple",),
    "bpf_sk_lookup_udp": ("tuple",),
    "bpf_sk_redirect_hash": ("key",),
    "bpf_sk_select_reuseport": ("key",),
    "bpf_skb_output": ("data",),
    "bpf_skb_set_tunnel_key": ("key",),
    "bpf_skb_set_tunnel_opt": ("opt",),
    "bpf_skc_lookup_tcp": ("tuple",),
    "bpf_snprintf": ("data",),
    "bpf_sock_hash_update": ("key",),
    "bpf_sock_map_update": ("key",),
    "bpf_tcp_check_syncookie": ("iph", "th"),
    "bpf_tcp_gen_syncookie": ("iph", "th"),
    "bpf_tcp_raw_check_syncookie_ipv4": ("iph", "th"),
    "bpf_tcp_raw_check_syncookie_ipv6": ("iph", "th"),
    "bpf_tcp_raw_gen_syncookie_ipv4": ("iph", "th"),
    "bpf_tcp_raw_gen_syncookie_ipv6": ("iph", "th"),
    "bpf_xdp_output": ("data",),
    "bpf_xdp_store_bytes": ("buf",),
}
"""Parameters that the prototype does not call const although the kernel only reads there."""

_WRITTEN = {"bpf_dynptr_write": ("dst",)}
"""The other way round: the dynptr is const, what it stands for is written."""


_MACROS = {"bpfprintk": "bpftraceprintk"}
"""Macros of libbpf's C headers that are not helpers themselves, as their letters."""


class Arg(msgspec.Struct, frozen=True):
    """A parameter: its name and C type as the kernel's header has them, and its kind."""

    name: str
    c_type: str
    kind: ArgKind


class Helper(msgspec.Struct, frozen=True):
    """A helper: ``name`` is the kernel's, ``prototypes`` has one for each form of its arguments."""

    name: str
    number: int
    prototypes: tuple[str, ...]

    @property
    def returns(self) -> str:
        """The C type of the result: ``long``, ``void *``, ``void``, ``struct bpf_sock *`` …"""
        return self.prototypes[0].partition(self.name + "(")[0].strip()

    @property
    def args(self) -> tuple[Arg, ...]:
        """The parameters of the first prototype (two helpers have several, of the same kinds)."""
        return _args(self.name)

    @property
    def variadic(self) -> bool:
        return bool(self.args) and self.args[-1].kind == "variadic"

    @property
    def go_name(self) -> str:
        """The name in Go's spelling: ``bpfMapLookupElem``."""
        first, *rest = self.name.split("_")
        return first + "".join(part.capitalize() for part in rest)


@cache
def _args(helper_name: str) -> tuple[Arg, ...]:
    inside = HELPERS[helper_name][1][0].partition("(")[2].removesuffix(")")
    return () if inside == "void" else tuple(_arg(helper_name, part.strip()) for part in inside.split(","))


def _arg(helper_name: str, text: str) -> Arg:
    if text == "...":
        return Arg("", text, "variadic")
    match = re.fullmatch(r"(.*?)(\w+)", text)
    assert match is not None, text
    c_type, name = match[1].strip(), match[2]
    return Arg(name, c_type, _kind(helper_name, c_type, name))


def _kind(helper_name: str, c_type: str, name: str) -> ArgKind:
    if not c_type.endswith("*"):
        return "scalar"
    pointee = c_type.removesuffix("*").strip()
    const = pointee.startswith("const ")
    pointee = pointee.removeprefix("const ").removeprefix("struct ")
    if pointee == "bpf_map":
        return "map"
    if pointee in _CONTEXTS:
        return "ctx"
    if pointee in _OBJECTS:
        return "object"
    # The callback of bpf_user_ringbuf_drain gets a pointer that is called ctx as well.
    known = _UNTYPED.get(name) if pointee == "void" and helper_name != "bpf_user_ringbuf_drain" else None
    if known is not None:
        return known  # type: ignore[return-value]
    if name == "callback_fn":
        return "callback"
    written = name in _WRITTEN.get(helper_name, ())
    only_read = const or name in _ONLY_READ.get(helper_name, ())
    return "const_ptr" if only_read and not written else "ptr"


@cache
def helper(name: str) -> Helper | None:
    """The helper that the kernel calls ``name`` (``bpf_map_lookup_elem``), or None."""
    row = HELPERS.get(name)
    return Helper(name, *row) if row is not None else None


def by_go_name(name: str) -> Helper | None:
    """The helper for a Go name: ``bpfMapLookupElem``; case and underscores do not matter."""
    kernel_name = _by_letters().get(_letters(name))
    return helper(kernel_name) if kernel_name is not None else None


def nearest(name: str) -> str | None:
    """The helper's name that is most like ``name``, in the spelling of ``name``; None if none is."""
    import difflib

    letters = _letters(name)
    prefixed = letters if letters.startswith("bpf") else "bpf" + letters
    prefixed = _MACROS.get(prefixed, prefixed)
    found = difflib.get_close_matches(prefixed, _by_letters(), n=1, cutoff=0.7)
    if not found:
        return None
    match = helper(_by_letters()[found[0]])
    assert match is not None
    return match.go_name if name != name.lower() else match.name


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


@cache
def _by_letters() -> dict[str, str]:
    return {_letters(name): name for name in HELPERS}
