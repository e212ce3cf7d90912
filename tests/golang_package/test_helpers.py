"""Package ebpf's helpers: the generated files, and what is in them against the kernel's header.

Layouts and values are what a C compiler makes of libbpf's copy of ``linux/bpf.h``, and what gc makes of
the package.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tinybpf.compiler.kernel.helpers_data import HELPERS

ROOT = Path(__file__).resolve().parents[2]
EBPF = ROOT / "go/ebpf"
UAPI = ROOT / "third_party/libbpf/include/uapi"
LEAVE_NO_RESULT = {"bpf_spin_lock", "bpf_spin_unlock", "bpf_tail_call"}
"""Called long in the header; the verifier forbids to read a result."""

LAYOUTS: dict[str, tuple[str, dict[str, str]]] = {
    "BTFPtr": ("struct btf_ptr", {}),
    "Dynptr": ("struct bpf_dynptr", {"opaque": "__opaque"}),
    "FIBLookup": (
        "struct bpf_fib_lookup",
        {
            "SrcPort": "sport", "DstPort": "dport", "flowInfo": "flowinfo", "SrcIP6": "ipv6_src",
            "DstIP6": "ipv6_dst", "vlanProto": "h_vlan_proto", "vlanTCI": "h_vlan_TCI", "SrcMAC": "smac",
            "DstMAC": "dmac",
        },
    ),
    "PerfEventValue": ("struct bpf_perf_event_value", {}),
    "PidnsInfo": ("struct bpf_pidns_info", {"TID": "pid", "PID": "tgid"}),
    "RedirNeigh": ("struct bpf_redir_neigh", {"Family": "nh_family", "IP6": "ipv6_nh"}),
    "SKB": (
        "struct __sk_buff",
        {
            "VLANTCI": "vlan_tci", "TCClassID": "tc_classid", "NAPIID": "napi_id", "HWTstamp": "hwtstamp",
        },
    ),
    "SKLookup": ("struct bpf_sk_lookup", {}),
    "SKMsg": ("struct sk_msg_md", {}),
    "SKReuseport": ("struct sk_reuseport_md", {}),
    "Sock": ("struct bpf_sock", {}),
    "SockAddr": ("struct bpf_sock_addr", {}),
    "SockOps": (
        "struct bpf_sock_ops",
        {
            "CBFlags": "bpf_sock_ops_cb_flags", "RateInterval": "rate_interval_us", "TxHash": "sk_txhash",
            "SKBTCPFlags": "skb_tcp_flags", "SKBHWTstamp": "skb_hwtstamp",
        },
    ),
    "SockTuple": ("struct bpf_sock_tuple", {"raw": "ipv4"}),
    "SockTupleIPv4": (
        "__typeof__(((struct bpf_sock_tuple *)0)->ipv4)",
        {"Src": "saddr", "Dst": "daddr", "SrcPort": "sport", "DstPort": "dport"},
    ),
    "SockTupleIPv6": (
        "__typeof__(((struct bpf_sock_tuple *)0)->ipv6)",
        {"Src": "saddr", "Dst": "daddr", "SrcPort": "sport", "DstPort": "dport"},
    ),
    "SpinLock": ("struct bpf_spin_lock", {}),
    "Sysctl": ("struct bpf_sysctl", {}),
    "TCPSock": ("struct bpf_tcp_sock", {}),
    "Timer": ("struct bpf_timer", {"opaque": "__opaque"}),
    "TunnelKey": (
        "struct bpf_tunnel_key",
        {
            "ID": "tunnel_id", "RemoteIP6": "remote_ipv6", "TOS": "tunnel_tos", "TTL": "tunnel_ttl",
            "Flags": "tunnel_flags", "Label": "tunnel_label", "LocalIP6": "local_ipv6",
        },
    ),
    "XDP": ("struct xdp_md", {}),
    "XfrmState": ("struct bpf_xfrm_state", {"ReqID": "reqid", "RemoteIP6": "remote_ipv6"}),
}  # fmt: skip
"""Go struct to the C type, and the fields whose names are not the C names in Go case."""

UNIONS = {("SockTuple", "raw")}
"""Fields that stand for a whole union, of which C has only a part under the name."""


def go(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).parent / "go"
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    return subprocess.run(
        [str(command) if command.exists() else "go", *arguments],
        cwd=ROOT / "go", env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def run_c(text: str, folder: Path) -> list[str]:
    """The words of each line that a C program prints."""
    source = folder / "main.c"
    source.write_text(f"#include <stddef.h>\n#include <stdio.h>\n#include <linux/bpf.h>\n{text}")
    subprocess.run(["cc", "-I", UAPI, "-o", folder / "main", source], check=True, timeout=60)
    return subprocess.run([folder / "main"], check=True, capture_output=True, text=True).stdout.split()


def run_go(text: str, folder: Path) -> str:
    source = folder / "main.go"
    source.write_text(text)
    done = go("run", str(source))
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def declarations(name: str) -> dict[str, str]:
    """The functions of a generated file, in their order: Go name to the rest of the signature."""
    found = re.findall(r"^func (\w+)(\(.*?)(?: \{)?$", (EBPF / name).read_text(), flags=re.M)
    return dict(found)


def split(signature: str) -> tuple[list[str], str]:
    """The parameters and the result of ``(a, b T, f func(x X) R) R``."""
    depth = 0
    params = [""]
    for at, letter in enumerate(signature):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return ([] if params == [""] else params), signature[at + 1 :].strip()
        if letter == "," and depth == 1:
            params.append("")
        elif at:
            params[-1] += letter
    raise AssertionError(signature)


def snake(name: str) -> str:
    """``MSSCache`` is ``mss_cache``, ``dataEnd`` is ``data_end``."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()


def test_the_generated_files_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/gen_go_helpers.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, f"run tools/gen_go_helpers.py: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("change", ["missing", "superfluous", "twice", "no version", "another name"])
def test_a_text_that_is_not_right_is_refused(change: str, tmp_path: Path) -> None:
    """The generator on a copy of the project's files."""
    for name in ("tools", "src/tinybpf/compiler/kernel", "go/ebpf", "docs"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if name == "tools":
            (tmp_path / name).mkdir()
            (tmp_path / name / "gen_go_helpers.py").write_text(
                (ROOT / name / "gen_go_helpers.py").read_text()
            )
        else:
            (tmp_path / name).symlink_to(ROOT / name)
    text = (ROOT / "tools/helper_docs.txt").read_text()
    head = "bpf_ktime_get_tai_ns 6.1 any\n"
    assert head in text
    text = {
        "missing": text.partition(head)[0],
        "superfluous": text + "bpf_nothing 6.1 any\n    Nothing is done.\n",
        "twice": text + "bpf_ktime_get_ns 4.1 any\n    KtimeGetNs is there.\n",
        "no version": text.replace(head, head.replace(" 6.1", "")),
        "another name": text.replace("KtimeGetTaiNs gives", "The time gives"),
    }[change]
    (tmp_path / "tools/helper_docs.txt").write_text(text)
    before = {path: path.read_bytes() for path in EBPF.glob("helpers_*.go")}
    done = subprocess.run(
        [sys.executable, tmp_path / "tools/gen_go_helpers.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 1
    what = {"superfluous": "bpf_nothing", "twice": "bpf_ktime_get_ns"}.get(change, "bpf_")
    assert "helper_docs.txt: " in done.stderr and what in done.stderr, done.stderr
    assert {path: path.read_bytes() for path in before} == before


def test_both_builds_have_the_same_signatures() -> None:
    native = declarations("helpers_native.go")
    assert list(native.items()) == list(declarations("helpers_bpf.go").items())
    assert len(native) == len(HELPERS) == 211


def test_names_and_numbers_of_arguments_are_the_kernels() -> None:
    text = (EBPF / "helpers_bpf.go").read_text()
    declared = re.findall(r"^//go:extern (bpf_\w+)\nfunc (\w+)(\(.*)$", text, flags=re.M)
    assert [name for name, _, _ in declared] == sorted(HELPERS, key=lambda name: HELPERS[name][0])
    for kernel_name, go_name, signature in declared:
        letters = kernel_name.removeprefix("bpf_").replace("_", "")
        assert go_name.lower() in (letters, "bpf" + letters)
        inside = HELPERS[kernel_name][1][0].partition("(")[2].removesuffix(")")
        wanted = 0 if inside == "void" else inside.count(",") + 1
        params, result = split(signature)
        assert len(params) == (wanted + 2 if "..." in inside else wanted), signature
        no_result = HELPERS[kernel_name][1][0].startswith("void bpf_") or kernel_name in LEAVE_NO_RESULT
        assert (result == "") == no_result, signature


def test_no_argument_is_wider_or_narrower_than_the_kernels() -> None:
    """Numbers have the size and sign that the C prototype gives them; an address is one of 64 bits."""
    sizes = {"__be16": "uint16", "__wsum": "uint32", "int": "int32", "long": "int64", "size_t": "uint64"}
    sizes |= {"u16": "uint16", "u32": "uint32", "s32": "int32", "u64": "uint64", "s64": "int64"}
    text = (EBPF / "helpers_bpf.go").read_text()
    for kernel_name, signature in re.findall(r"^//go:extern (bpf_\w+)\nfunc \w+(\(.*)$", text, flags=re.M):
        prototype = HELPERS[kernel_name][1][0]
        inside = prototype.partition("(")[2].removesuffix(")")
        params, result = split(signature)
        kinds: list[str] = []
        for param in reversed(params):  # a, b uint32: the type is that of the next one that has one
            _, _, kind = param.strip().partition(" ")
            kinds.insert(0, kind or kinds[0])
        for c_param, kind in zip(inside.split(","), kinds, strict=False):
            c_type = re.sub(r"\w+$", "", c_param.strip()).strip()
            if c_type in sizes:
                assert kind == sizes[c_type], f"{kernel_name}: {c_param}"
            elif c_param.strip() not in ("void", "..."):
                assert (
                    kind in ("Map", "Context", "unsafe.Pointer", "uint64")
                    or kind[0] == "*"
                    or (kind.startswith("func("))
                ), f"{kernel_name}: {c_param} is {kind}"
        c_result = prototype.partition(" bpf_")[0]
        if result and c_result in sizes and kernel_name != "bpf_task_pt_regs":
            assert result == sizes[c_result], kernel_name


def test_the_build_for_the_kernel_is_right_but_for_its_missing_bodies(tmp_path: Path) -> None:
    """An assembler file beside it lets gc accept functions without a body."""
    (tmp_path / "empty.s").write_text("")
    overlay = tmp_path / "overlay.json"
    overlay.write_text(json.dumps({"Replace": {str(EBPF / "empty.s"): str(tmp_path / "empty.s")}}))
    done = go("build", "-tags=bpf,tinygo", f"-overlay={overlay}", "-gcflags=-e", "./ebpf/")
    wrong = [line for line in done.stderr.splitlines() if "helpers_bpf.go" in line or "types.go" in line]
    assert not wrong, done.stderr


def test_structs_are_laid_out_as_the_kernels(tmp_path: Path) -> None:
    values = ", ".join(f"ebpf.{name}{{}}" for name in LAYOUTS)
    text = f"""package main
import ("fmt"; "reflect"; "tinybpf/ebpf")
func main() {{
	for _, v := range []any{{{values}}} {{
		t := reflect.TypeOf(v)
		fmt.Println(t.Name(), "-", 0, t.Size())
		for i := range t.NumField() {{
			if f := t.Field(i); f.Name != "_" {{
				fmt.Println(t.Name(), f.Name, f.Offset, f.Type.Size())
			}}
		}}
	}}
}}
"""
    in_go = [line.split() for line in run_go(text, tmp_path).splitlines()]
    assert len(in_go) > 150
    lines = []
    for name, field, _, _ in in_go:
        c_type, fields = LAYOUTS[name]
        c_field = fields.get(field, snake(field))
        place = f"offsetof({c_type}, {c_field}), sizeof((({c_type} *)0)->{c_field})"
        lines.append(f'printf("%zu %zu\\n", {place if field != "-" else f"(size_t)0, sizeof({c_type})"});')
    numbers = list(map(int, run_c("int main() {" + "\n".join(lines) + "}", tmp_path)))
    in_c = [[str(n) for n in numbers[i : i + 2]] for i in range(0, len(numbers), 2)]
    for row, place in zip(in_go, in_c, strict=True):
        if (row[0], row[1]) not in UNIONS:
            assert row[2:] == place, f"{row}, but in C {place}"


def constants() -> list[tuple[str, str]]:
    """Go name and C name of each constant."""
    return re.findall(r"^\t(\w+) .*?= .*?// (\w+)", (EBPF / "constants.go").read_text(), flags=re.M)


def test_constants_have_the_kernels_names_and_values(tmp_path: Path) -> None:
    known = constants()
    assert len(known) > 120
    for go_name, c_name in known:
        assert go_name.lower() == c_name.removeprefix("BPF_").replace("_", "").lower()
    show = "".join(f"fmt.Println(uint64(ebpf.{name}))\n" for name, _ in known)
    text = f'package main\nimport ("fmt"; "tinybpf/ebpf")\nfunc main() {{\n{show}}}\n'
    in_go = run_go(text, tmp_path).split()
    rows = "".join(f'printf("%llu\\n", (unsigned long long)({name}));\n' for _, name in known)
    in_c = run_c("int main() {" + rows + "}", tmp_path)
    assert dict(zip(known, in_go, strict=True)) == dict(zip(known, in_c, strict=True))


def test_no_flag_of_a_helper_is_left_out() -> None:
    """All enumerators between the helpers' list and the contexts, where the header has their flags."""
    header = (UAPI / "linux/bpf.h").read_text()
    part = header[header.index("BPF_F_RECOMPUTE_CSUM") : header.index("struct __sk_buff {")]
    wanted = set(re.findall(r"^\t((?:BPF|BTF)_\w+)", re.sub(r"/\*.*?\*/", "", part, flags=re.S), flags=re.M))
    obsolete = {
        "BPF_SK_STORAGE_GET_F_CREATE",
        "BPF_SKB_TSTAMP_UNSPEC",
        "BPF_SKB_TSTAMP_DELIVERY_MONO",
    }
    for_user_space = {"BPF_RINGBUF_BUSY_BIT", "BPF_RINGBUF_DISCARD_BIT", "BPF_RINGBUF_HDR_SZ"}
    assert wanted - {c_name for _, c_name in constants()} == obsolete | for_user_space


def test_names_that_the_texts_mention_are_there() -> None:
    """What a doc comment calls a constant, type, function or parameter (FAdjRoom: several) is one."""
    text = re.sub(r"^#.*\n", "", (ROOT / "tools/helper_docs.txt").read_text(), flags=re.M)
    package = "".join(path.read_text() for path in EBPF.glob("*.go") if not path.name.endswith("_test.go"))
    code = re.sub(r"//.*", "", package)
    for word in re.findall(r"\b[a-zA-Z]*[a-z][A-Z]\w*", text):  # mixed case
        if word != "EtherType":
            assert re.search(rf"\b{word}", code), f"{word} is nothing of the package's"


def test_every_text_is_short_and_ends_with_its_version() -> None:
    text = (EBPF / "helpers_native.go").read_text()
    found = re.findall(r"((?:^// .*\n)+)func (\w+)\(", text, flags=re.M)
    assert len(found) == len(HELPERS)
    for comment, name in found:
        assert comment.startswith(f"// {name} ")
        assert re.search(r"Linux \d\.\d+\.\n$", comment), comment
        assert comment.count("\n") <= 6, f"{name}: too long for a doc comment"


def test_versions_rise_with_the_numbers() -> None:
    """The kernel numbers helpers in the order in which it gets them."""
    rows = re.findall(
        r"^\| (\d+) \| .* \| (\d)\.(\d+) \|$", (ROOT / "docs/helpers.md").read_text(), flags=re.M
    )
    versions = [(int(major), int(minor)) for _, major, minor in rows]
    assert [int(number) for number, _, _ in rows] == list(range(1, 212))
    assert versions == sorted(versions)
    assert versions[0] == (3, 19) and versions[-1] == (6, 2)
