"""The way that the verifier took, read from its log."""

from __future__ import annotations

from tinybpf.errors import SourceLine
from tinybpf.libbpf.verifier_trace import Trace

BRANCHES = """\
0: R1=ctx() R10=fp0
; a @ p.go:1
0: (bf) r6 = r1                       ; R1=ctx() R6=ctx()
; b @ p.go:2
1: (85) call bpf_get_prandom_u32#7    ; R0=scalar()
2: (15) if r0 == 0x0 goto pc+3        ; R0=scalar()
; c @ p.go:3
3: (b7) r0 = 1                        ; R0=1
4: (95) exit

from 2 to 6: R0=0 R6=ctx() R10=fp0
; d @ p.go:4
6: (bf) r1 = r6                       ; R1=ctx() R6=ctx()
7: (85) call bpf_ringbuf_submit#132
"""

CALLS = """\
0: (bf) r6 = r1                       ; R6=ctx()
1: (85) call pc+2
caller:
 R6=ctx() R10=fp0
callee:
 frame1: R1=ctx() R10=fp0
; func inner(x uint64) { @ q.go:20
4: (85) call bpf_xdp_adjust_head#44   ; frame1: R0=scalar()
; return @ q.go:22
5: (95) exit
returning from callee:
 frame1: R0=0
to caller at 2:
 R0=0 R6=ctx()
2: (71) r0 = *(u8 *)(r6 +0)
"""


def test_the_way_goes_back_over_branches() -> None:
    trace = Trace(BRANCHES.splitlines())
    assert [step.number for step in trace.path()] == [7, 6, 2, 1, 0]
    assert next(trace.path()).helper == "bpf_ringbuf_submit"
    assert trace.steps[0].logged == SourceLine("p.go", 1, 0, "a")


def test_where_a_value_comes_from() -> None:
    origin = Trace(BRANCHES.splitlines()).origin(0)
    assert origin is not None and origin.step.number == 1
    assert Trace(BRANCHES.splitlines()).origin(9) is None
    spilled = ["0: (85) call bpf_x#1", "1: (7b) *(u64 *)(r10 -8) = r0", "2: (b7) r0 = 0"]
    spilled += [
        "3: (79) r7 = *(u64 *)(r10 -8)",
        "4: (07) r7 += 8",
        "5: (0f) r7 += r3",
        "6: (61) r0 = *(u32 *)(r7 +0)",
    ]
    found = Trace(spilled).origin(7)
    assert found is not None and found.step.number == 0
    assert [s.number for s in found.sums] == [5, 4]


def test_calls_of_functions() -> None:
    """What a function that was called did is on the way; what it kept in registers of its own is not."""

    def inside(first: SourceLine, number: int) -> SourceLine | None:
        return SourceLine("dir/q.go", first.line + number, 3, "whole")

    trace = Trace(CALLS.splitlines(), lambda number: SourceLine("dir/p.go", number + 1, 1, ""), inside)
    found = trace.origin(6)
    assert found is None  # the context was there from the beginning
    assert [s.helper for s in trace.path() if s.helper] == ["bpf_xdp_adjust_head"]
    assert trace.source(trace.steps[2]) == SourceLine("dir/q.go", 20, 3, "whole")
    assert trace.source(trace.steps[3]) == SourceLine("dir/q.go", 21, 3, "whole")
    assert trace.source(trace.steps[0]) == SourceLine("dir/p.go", 1, 1, "")
