"""Write the kernel's helpers as Go functions: the typed package's half that is generated.

    python tools/gen_go_helpers.py            rewrites go/ebpf/helpers_{bpf,native}.go and docs/helpers.md
    python tools/gen_go_helpers.py --check    exits with 1 where a file would change

Numbers and C prototypes come from ``tinybpf.compiler.kernel``, what a helper does and which Linux
brought it from ``tools/helper_docs.txt``, the Go type of each argument from the tables below. Natively
a helper does what ``default<Name>`` in ``go/ebpf/defaults*_native.go`` does; one without it panics.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from tinybpf.compiler.kernel.helpers import Arg, Helper, helper  # noqa: E402
from tinybpf.compiler.kernel.helpers_data import HELPERS  # noqa: E402

EBPF = ROOT / "go/ebpf"
DOCS = ROOT / "tools/helper_docs.txt"
WIDTH = 99

TAKEN = {"bpf_loop": "BpfLoop", "bpf_spin_lock": "BpfSpinLock"}
"""Go names of helpers where the package has something else under the kernel's name."""

TYPES = {
    "u16": "uint16", "u32": "uint32", "u64": "uint64", "s32": "int32", "s64": "int64",
    "int": "int32", "long": "int64", "size_t": "uint64", "__be16": "uint16", "__wsum": "uint32",
    "u32 *": "*uint32", "u64 *": "*uint64", "long *": "*int64", "unsigned long *": "*uint64",
    "void *": "unsafe.Pointer", "char *": "unsafe.Pointer", "__be32 *": "unsafe.Pointer",
    "sockaddr *": "unsafe.Pointer", "pt_regs *": "Context",
    "sk_buff *": "*SKB", "xdp_buff *": "*XDP", "bpf_sock_addr *": "*SockAddr", "bpf_sock_ops *": "*SockOps",
    "sk_msg_buff *": "*SKMsg", "sk_reuseport_md *": "*SKReuseport", "bpf_sk_lookup *": "*SKLookup",
    "bpf_sysctl *": "*Sysctl", "bpf_perf_event_data *": "*PerfEventData",
    "bpf_sock *": "*Sock", "bpf_tcp_sock *": "*TCPSock", "bpf_sock_tuple *": "*SockTuple",
    "bpf_tunnel_key *": "*TunnelKey", "bpf_xfrm_state *": "*XfrmState", "bpf_fib_lookup *": "*FIBLookup",
    "bpf_redir_neigh *": "*RedirNeigh", "bpf_perf_event_value *": "*PerfEventValue",
    "bpf_pidns_info *": "*PidnsInfo", "btf_ptr *": "*BTFPtr", "bpf_spin_lock *": "*SpinLock",
    "bpf_timer *": "*Timer", "bpf_dynptr *": "*Dynptr",
    "iphdr *": "*IPv4", "ipv6hdr *": "*IPv6", "tcphdr *": "*TCP",
    "task_struct *": "*TaskStruct", "cgroup *": "*Cgroup", "inode *": "*Inode", "file *": "*File",
    "path *": "*Path", "socket *": "*Socket", "linux_binprm *": "*LinuxBinprm", "seq_file *": "*SeqFile",
    "tcp6_sock *": "*TCP6Sock", "tcp_sock *": "*KernelTCPSock", "tcp_timewait_sock *": "*TCPTimewaitSock",
    "tcp_request_sock *": "*TCPRequestSock", "udp6_sock *": "*UDP6Sock", "unix_sock *": "*UnixSock",
    "mptcp_sock *": "*MPTCPSock",
}  # fmt: skip
"""C types, without ``const`` and ``struct``, and their Go types."""

UNTYPED = {
    "sk": "*Sock", "sock": "*Sock", "inode": "*Inode", "tp": "*KernelTCPSock",
    "unsafe_ptr": "uint64", "user_ptr": "uint64",
}  # fmt: skip
"""What a ``void *`` is, by the parameter's name. Addresses of other memory than the program's are numbers."""

OF_ONE = {
    ("bpf_get_socket_cookie", "skb"): "Context",
    ("bpf_sk_assign", "skb"): "Context",
    ("bpf_probe_write_user", "dst"): "uint64",
    ("bpf_snprintf", "data"): "unsafe.Pointer",
    ("bpf_for_each_map_elem", "callback_fn"): "func(m Map, key, value, ctx unsafe.Pointer) int64",
    ("bpf_timer_set_callback", "callback_fn"): "func(m Map, key, value unsafe.Pointer) int32",
    ("bpf_find_vma", "callback_fn"): "func(task *TaskStruct, vma *VMAreaStruct, ctx unsafe.Pointer) int64",
    ("bpf_loop", "callback_fn"): "func(index uint32, ctx unsafe.Pointer) int64",
    ("bpf_user_ringbuf_drain", "callback_fn"): "func(sample *Dynptr, ctx unsafe.Pointer) int64",
}
"""Arguments whose Go type nothing else tells: helper and parameter."""

RESULTS = {
    "bpf_spin_lock": "", "bpf_spin_unlock": "", "bpf_tail_call": "", "bpf_task_pt_regs": "*PtRegs",
}  # fmt: skip
"""Results that the C prototype has wrong: the first three leave none (the verifier forbids reading it)."""

NAMES = {
    "map": "m", "ringbuf": "m", "prog_array_map": "m", "len": "size", "sz": "size", "plen": "size",
    "fmt": "format", "fmt_size": "formatSize", "iph": "ip", "iph_len": "ipLen", "th": "tcp",
    "th_len": "tcpLen", "tsk": "task", "unsafe_ptr": "addr", "user_ptr": "addr", "callback_fn": "callback",
    "percpu_ptr": "ptr", "name_sz": "nameSize", "str": "text", "str_size": "textSize", "s1_sz": "s1Size",
    "size_of_buf": "size", "type": "kind", "sig": "signal", "nsecs": "nanoseconds",
}  # fmt: skip
"""Parameters whose Go name is not the C name in camel case."""


class Doc(msgspec.Struct, frozen=True):
    """What ``tools/helper_docs.txt`` says: the first Linux, the kinds of program, the text in one line."""

    since: str
    kinds: str
    text: str


def go_name(name: str) -> str:
    """``bpf_map_lookup_elem`` is ``MapLookupElem``."""
    return TAKEN.get(name) or "".join(part.capitalize() for part in name.removeprefix("bpf_").split("_"))


def go_params(h: Helper) -> list[tuple[str, str]]:
    """Name and Go type of each parameter; ``...`` becomes three of uint64."""
    params = []
    for arg in h.args:
        if arg.kind == "variadic":
            params += [(f"arg{i}", "uint64") for i in (1, 2, 3)]
        else:
            params.append((_param_name(arg), _go_type(h.name, arg)))
    return params


def _param_name(arg: Arg) -> str:
    if arg.kind == "ctx":
        return "ctx"
    if arg.c_type == "struct seq_file *":
        return "seq"
    first, *rest = arg.name.split("_")
    return NAMES.get(arg.name) or first + "".join(part.capitalize() for part in rest)


def _go_type(helper_name: str, arg: Arg) -> str:
    special = OF_ONE.get((helper_name, arg.name))
    if special:
        return special
    c_type = arg.c_type.removeprefix("const ").removeprefix("struct ")
    if arg.kind == "map":
        return "Map"
    if c_type != "void *":
        return TYPES[c_type]
    return "Context" if arg.kind == "ctx" else UNTYPED.get(arg.name, "unsafe.Pointer")


def go_result(h: Helper) -> str:
    """The Go type of the result, empty where there is none."""
    if h.name in RESULTS:
        return RESULTS[h.name]
    return "" if h.returns == "void" else TYPES[h.returns.removeprefix("struct ")]


def signature(h: Helper) -> str:
    """``MapLookupElem(m Map, key unsafe.Pointer) unsafe.Pointer``."""
    shown = []
    params = go_params(h)
    for at, (name, kind) in enumerate(params):
        follows_same = at + 1 < len(params) and params[at + 1][1] == kind
        shown.append(name if follows_same else f"{name} {kind}")
    return f"{go_name(h.name)}({', '.join(shown)}) {go_result(h)}".rstrip()


def helpers() -> list[Helper]:
    """All helpers in the order of their numbers."""
    found = [helper(name) for name in HELPERS]
    return [h for h in found if h is not None]


def read_docs(text: str) -> dict[str, Doc]:
    """``NAME SINCE KINDS`` on a line, the text indented below it; ``#`` begins a comment."""
    docs: dict[str, Doc] = {}
    for block in re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", text, flags=re.M).strip()):
        head, _, body = block.partition("\n")
        match = re.fullmatch(r"(\w+) (\d\.\d+) (\w.*)", head.strip())
        if match is None:
            raise SystemExit(f"{DOCS.name}: {head!r} is not NAME, version and kinds")
        if match[1] in docs:
            raise SystemExit(f"{DOCS.name}: {match[1]} is there twice")
        docs[match[1]] = Doc(match[2], match[3], " ".join(body.split()))
    return docs


def check_docs(docs: dict[str, Doc]) -> None:
    """One text for each helper, beginning with its Go name, of whole sentences."""
    odd = sorted(set(HELPERS) ^ set(docs))
    if odd:
        raise SystemExit(f"{DOCS.name}: missing or superfluous: {', '.join(odd)}")
    for name, doc in docs.items():
        if not doc.text.startswith(go_name(name) + " ") or not doc.text.endswith("."):
            raise SystemExit(f"{DOCS.name}: {name}: the text is a sentence that begins with {go_name(name)}")


def comment(doc: Doc) -> str:
    """The doc comment, wrapped; its last sentence is the version."""
    lines = ["//"]
    for word in f"{doc.text} Linux {doc.since}.".replace("Linux ", "Linux\0").split():
        if len(lines[-1]) + 1 + len(word) > WIDTH:
            lines.append("//")
        lines[-1] += " " + word.replace("\0", " ")
    return "\n".join(lines)


NOTE = "// Code generated by tools/gen_go_helpers.py. DO NOT EDIT.\n"


def bpf_text(_docs: dict[str, Doc]) -> str:
    """``helpers_bpf.go``: what the compiler reads at each run, so nothing but declarations."""
    parts = [NOTE, '//go:build bpf\n\npackage ebpf\n\nimport "unsafe"\n']
    parts += [f"//go:extern {h.name}\nfunc {signature(h)}\n" for h in helpers()]
    return "\n".join(parts)


def native_text(docs: dict[str, Doc]) -> str:
    """``helpers_native.go``: what Go's own tools see."""
    sources = "".join(path.read_text() for path in sorted(EBPF.glob("defaults*_native.go")))
    written = set(re.findall(r"^func default(\w+)\(", sources, flags=re.M))
    unknown = written - {go_name(name) for name in HELPERS}
    if unknown:
        raise SystemExit(f"go/ebpf/defaults_*.go: no helpers: {', '.join(sorted(unknown))}")
    imports = 'import (\n\t"unsafe"\n\n\t"tinybpf/ebpf/internal/mem"\n)\n'
    parts = [NOTE, f"//go:build !bpf\n\npackage ebpf\n\n{imports}"]
    for h in helpers():
        body = _native_body(h, go_name(h.name) in written)
        parts.append(f"{comment(docs[h.name])}\nfunc {signature(h)} {{\n{body}}}\n")
    return "\n".join(parts)


def _native_body(h: Helper, has_default: bool) -> str:
    name = go_name(h.name)
    args = ", ".join(param for param, _ in go_params(h))
    returns = "return " if go_result(h) else ""
    call = f"\t\t{returns}f({args})\n" + ("" if returns else "\t\treturn\n")
    last = f"\t{returns}default{name}({args})\n" if has_default else f'\tpanic(noNative("{name}"))\n'
    return f"\tif f, ok := mem.Faked({name}); ok {{\n{call}\t}}\n{last}"


PAGE = """\
# The kernel's helpers

Package `ebpf` has all {count} of them as Go functions. What each does, takes and gives is in its doc
comment: `go doc tinybpf/ebpf.MapLookupElem`. Linux is the first release with the helper.

Programs are the kinds that may call it in Linux 6.18, roughly; older kernels allow fewer. *tracing*
stands for kprobe, uprobe, tracepoint, raw_tp, perf_event, fentry, lsm and iter, *lwt* for lwt_in,
lwt_out and lwt_xmit, *cgroup addresses* for cgroup/connect4, bind4, sendmsg4 and their kin. The
verifier has the last word: it knows attach points, and what each argument may be.

Written by `tools/gen_go_helpers.py`.

| No. | Kernel's name | Go | Programs | Linux |
|---:|---|---|---|---|
"""


def page_text(docs: dict[str, Doc]) -> str:
    """``docs/helpers.md``: a table of all of them."""
    rows = []
    for h in helpers():
        doc = docs[h.name]
        rows.append(f"| {h.number} | `{h.name}` | `{signature(h)}` | {doc.kinds} | {doc.since} |")
    return PAGE.format(count=len(HELPERS)) + "\n".join([*rows, ""])


FILES = {
    EBPF / "helpers_bpf.go": bpf_text,
    EBPF / "helpers_native.go": native_text,
    ROOT / "docs/helpers.md": page_text,
}


def main(argv: list[str]) -> int:
    docs = read_docs(DOCS.read_text())
    check_docs(docs)
    stale = []
    for path, make in FILES.items():
        text = make(docs)
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path.relative_to(ROOT))
        if argv != ["--check"]:
            path.write_text(text)
    for path in stale:
        print(path)
    return 1 if stale and argv == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
