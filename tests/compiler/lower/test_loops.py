"""Loops that do not end: what the compiler says of them, and that the verifier says so, too."""

from __future__ import annotations

import pytest

import tinybpf
from tinybpf.compiler import compile_go
from tinybpf.compiler.lower import module

HEAD = """package bpf

import "tinybpf/ebpf"

const never = false

var (
	seed   uint64
	knob   uint64
	limits = ebpf.Array[uint32]{MaxEntries: 1}
	table  [8]uint32
	jumps  = ebpf.ProgArray{MaxEntries: 1}
)

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func spins(ctx *ebpf.SysEnter) int32 {
	seed++
	n, sum := seed, uint64(0)
	p := limits.Lookup(0)
	if p == nil {
		return 0
	}
"""
TAIL = """	return int32(sum + n)
}
"""

NO_WAY_OUT = {
    "for @{\n\t\tsum++\n\t}": "for {",
    "for @{ }": "for { }",
    "for {\n\t}": "for {",
    "o:\n\tfor {\n\t\tfor i := 0; i < 4; i++ {\n\t\t\tcontinue o\n\t\t}\n\t}": "for i := 0; i < 4; i++ {",
    "for true {\n\t}": "for true {",
    "again:\n\tsum++\n\tgoto again": "sum++",
    "for true {\n\t\tebpf.KtimeGetNs()\n\t}": "for true {",
    "for i := 0; ; i++ {\n\t\tsum += uint64(i)\n\t}": "for i := 0; ; i++ {",
    "if n > 5 {\n\t\tfor {\n\t\t\tn++\n\t\t}\n\t}": "for {",
}
NEVER_ENDS = {
    "for n < 10 {\n\t\tsum++\n\t}": "n",
    "for m := n; m != 3 && n > 2; {\n\t\tsum++\n\t}": "m, n",
    "for n < 10 {\n\t\tif n == 4 {\n\t\t\tbreak\n\t\t}\n\t\tsum++\n\t}": "n",
    "for i := uint64(0); n < 10; i++ {\n\t\tsum += i\n\t}": "n",
    "for i := 0; i < 10; i++ {\n\t\tfor n < 10 {\n\t\t\tsum++\n\t\t}\n\t}": "n",
}
UP_TO_OTHERS = {
    "for *p == 0 {\n\t}": "p",
    "for ebpf.GetPrandomU32() != 3 {\n\t\tsum++\n\t}": "",
    "v := ebpf.GetPrandomU32()\n\tfor v != 5 {\n\t\tv = ebpf.GetPrandomU32()\n\t}": "v",
    "for *p == 0 && n == 9 {\n\t\tsum++\n\t}": "p, n",
    "for {\n\t\tif *p > 3 {\n\t\t\tbreak\n\t\t}\n\t\tebpf.KtimeGetNs()\n\t}": "p",
}
NOTHING_SAID = [
    "for n > 0 {\n\t\tn >>= 1\n\t\tsum++\n\t}",
    "for i := 0; i < 10; i++ {\n\t\tsum += n\n\t}",
    "for i := uint32(0); i < 64 && i < *p; i++ {\n\t\tsum++\n\t}",
    "for {\n\t\tif sum++; sum > 100 {\n\t\t\tbreak\n\t\t}\n\t}",
    "for i := uint64(0); i < knob; i++ {\n\t\tsum++\n\t}",
    "if never {\n\t\tfor {\n\t\t}\n\t}",
    "i := 0\nagain:\n\tif i < 10 {\n\t\ti++\n\t\tgoto again\n\t}",
    "for range 10 {\n\t\tsum++\n\t}",
    "for i := 0; ; i++ {\n\t\tsum += uint64(table[i])\n\t}",
    "for i := 0; table[i&7] == 0 && i < 9; i++ {\n\t\tsum++\n\t}",
    "for i := 8; i > 0; i-- {\n\t\tif *p == 3 {\n\t\t\tbreak\n\t\t}\n\t}",
    "var a [4]uint64\n\tfor a[0] < 3 {\n\t\ta[0]++\n\t}\n\tsum += a[0]",
    "done := false\n\tfor i := 0; !done; i++ {\n\t\tdone = i == 7\n\t}",
    "done, q := false, &sum\n\tfor !done {\n\t\t*q++\n\t\tdone = *q > 5\n\t}",
]
"""Loops that end, as far as the verifier sees, too."""


def source(body: str) -> str:
    return HEAD + "\t" + body.replace("@", "") + "\n" + TAIL


def refused(body: str) -> list[tuple[str, str]]:
    with pytest.raises(tinybpf.CompileError) as caught:
        compile_go(source(body), name="spins")
    return [(d.message, (d.source or "").strip()) for d in caught.value.diagnostics if d.severity == "error"]


@pytest.mark.parametrize("body", NO_WAY_OUT)
def test_no_way_out(body: str) -> None:
    said = [("this loop has no way out: the verifier wants to see its end", NO_WAY_OUT[body])]
    assert refused(body) == said


@pytest.mark.parametrize("body", NEVER_ENDS)
def test_nothing_changes_what_it_depends_on(body: str) -> None:
    [(message, _)] = refused(body)
    assert message == f"this loop never ends once it has begun: nothing in it changes {NEVER_ENDS[body]}"


@pytest.mark.parametrize("body", UP_TO_OTHERS)
def test_up_to_others(body: str) -> None:
    [warning] = compile_go(source(body), name="spins").warnings
    assert warning.severity == "warning"
    by = f" ({UP_TO_OTHERS[body]})" if UP_TO_OTHERS[body] else ""
    assert warning.message == (
        f"the verifier will not see this loop end: it goes on while memory or a helper says so{by}"
    )


@pytest.mark.kernel
@pytest.mark.usefixtures("compiles_here")
@pytest.mark.parametrize("body", [*NO_WAY_OUT, *NEVER_ENDS, *UP_TO_OTHERS])
def test_the_verifier_refuses_them(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the check, too: nothing is refused or warned of that would do."""
    monkeypatch.setattr(module, "check_loops", lambda *_: None)
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load_go(source(body), name="spins")
    assert caught.value.reason is not None


@pytest.mark.kernel
@pytest.mark.parametrize("body", NOTHING_SAID)
def test_loops_that_end(body: str) -> None:
    compiled = compile_go(source(body), name="spins")
    assert compiled.warnings == ()
    tinybpf.load(compiled).close()
