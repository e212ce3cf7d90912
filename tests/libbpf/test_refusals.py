"""Programs in Go that the verifier refuses, and what is said of each: line, variable, reason, cure.

Each file in refusals/ is a whole program that the compiler takes: the verifier finds what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import old_kernels
import pytest
from observing import observed
from refused_programs import SAYS

import tinybpf
from tinybpf import vm
from tinybpf.errors import SourceLine
from tinybpf.libbpf.verifier import parse_log, refusal_of

pytestmark = pytest.mark.kernel

PROGRAMS = Path(__file__).parent / "refusals"


class Said(NamedTuple):
    text: str
    """The line that the refusal is about."""
    column: int
    variable: str | None
    reason: str
    note: str | None
    """Another line, and what is said of it."""
    hint: str
    """How the hint begins."""
    older: tuple[str, ...] = ()
    """The reasons of older verifiers, which know less or look at other things first."""


EXPECTED = {
    "atomic_misaligned": Said(
        "atomic.AddUint64((*uint64)(unsafe.Add(unsafe.Pointer(v), 4)), 1)",
        9,
        "v",
        "8 bytes are accessed through v at an address that is no multiple of 8",
        None,
        "the field is read across its natural boundary: read it byte by byte, o",
    ),
    "context_beyond": Said(
        "return ebpf.XDPAction(*p)",
        24,
        "p",
        "what p leads to in the context can't be read in a program of section xdp",
        None,
        "the context has no field of 4 bytes at offset 128 that this kind of pr",
    ),
    "context_read": Said(
        "if ctx.MsgSrcIP4.Uint32() == 0 {",
        9,
        "ctx.MsgSrcIP4",
        "ctx.MsgSrcIP4 can't be read in a program of section cgroup/connect4",
        None,
        "the context has no field of 4 bytes at offset 40 that this kind of pro",
    ),
    "context_write": Said(
        "ctx.Len = 4",
        6,
        "ctx.Len",
        "ctx.Len can't be written in a program of section tc",
        None,
        "the context has no field of 4 bytes at offset 0 that this kind of prog",
    ),
    "context_write_cgroup": Said(
        "ctx.TCIndex = 4",
        6,
        "ctx.TCIndex",
        "ctx.TCIndex can't be written in a program of section cgroup_skb/egress",
        None,
        "the context has no field of 4 bytes at offset 44 that this kind of pro",
    ),
    "core_field": Said(
        "if ebpf.ReadKernel(&t, ebpf.CurrentTask()) != 0 {",
        10,
        None,
        "this kernel has no struct task_struct.real_parentt",
        None,
        "struct task_struct of this kernel has no field 'real_parentt' (did you mean real_parent?)",
    ),
    "helper_context": Said(
        "ebpf.SkbPullData((*ebpf.SKB)(unsafe.Pointer(&o)), 4)",
        7,
        "o",
        "ebpf.SkbPullData takes &o for something else than it is",
        None,
        "argument 1 of the call is of kind fp, but must be ctx (map_ptr: a map;",
    ),
    "helper_kind": Said(
        "ebpf.OverrideReturn(ctx, 1)",
        7,
        None,
        "ebpf.OverrideReturn can't be called in a program of section xdp",
        None,
        "bpf_override_return is not available in this kind of program: another",
    ),
    "helper_license": Said(
        "ebpf.ProbeReadUser(unsafe.Pointer(&b), 1, ctx.Args[1])",
        7,
        None,
        "ebpf.ProbeReadUser is for programs under the GPL, and this one has another license",
        None,
        'the helper is for programs under the GPL: say so with the license "GPL',
    ),
    "helper_number": Said(
        "ebpf.GetCurrentComm(unsafe.Pointer(uintptr(ebpf.KtimeGetNs())), 16)",
        7,
        None,
        "ebpf.GetCurrentComm takes ebpf.KtimeGetNs() for something else than it is",
        None,
        "argument 1 of the call is of kind scalar, but must be fp",
    ),
    "helper_sleeps": Said(
        "ebpf.CopyFromUser(unsafe.Pointer(&b), 1, 4096)",
        7,
        None,
        "ebpf.CopyFromUser can sleep, and this program may not",
        None,
        "this call can sleep, which only sleepable programs may (sections with",
        ("ebpf.CopyFromUser can't be called in a program of section kprobe/do_nanosleep",),
    ),
    "lock_calls": Said(
        "v.N = ebpf.KtimeGetNs()",
        13,
        "v.Lock",
        "ebpf.KtimeGetNs is called while v.Lock is locked",
        "v.Lock.Lock() | it is locked here",
        "while a spin lock is held the program can only read and write memory:",
    ),
    "lock_kept": Said(
        "if v.N > 10 {",
        9,
        "v.Lock",
        "v.Lock is still locked on the way from here to the return",
        "v.Lock.Lock() | it is locked here",
        "while a spin lock is held the program can only read and write memory:",
    ),
    "lock_tracing": Said(
        "func holds(ctx *ebpf.SysEnter) int32 {",
        0,
        None,
        "tracing programs can't use a map whose value has a spin lock",
        None,
        "programs of sections tracepoint, raw_tracepoint, kprobe, uprobe, perf_",
    ),
    "loop_branches": Said(
        "for i := uint64(0); i < 20000; i++ {",
        24,
        "i",
        "the verifier gave up with 8193 branches to come back to: each turn of this loop leaves one",
        None,
        "make loops shorter: fewer turns, or no branch in each; or use ebpf.Loo",
    ),
    "loop_breaks": Said(
        "for {",
        2,
        None,
        "the verifier can't see that this loop ends: nothing in its head bounds it",
        None,
        "bound it by a constant (`for i := 0; i < 64; i++`) and leave it early,",
    ),
    "loop_flag": Said(
        "for *p == 0 {",
        9,
        "p",
        "the verifier can't see that this loop ends: it depends on p alone",
        None,
        "bound it by a constant as well (`for i := 0; i < 64 && *p == 0; i++`),",
    ),
    "loop_limit": Said(
        "for i := uint32(0); i < n; i++ {",
        24,
        "n",
        "the verifier gave up after 1000001 instructions, most of them in this loop: it walks every "
        "turn up to the largest n",
        None,
        "bound it by a constant as well (`i < 64 && i < n`), or use ebpf.Loop (",
    ),
    "loop_list": Said(
        "for at != 0 {",
        9,
        "at",
        "the verifier gave up with 8193 branches to come back to: each turn of this loop leaves "
        "one, and it depends on at alone",
        None,
        "bound it by a constant as well (`for i := 0; i < 64 && at != 0; i++`),",
    ),
    "loop_long": Said(
        "for i := uint64(0); i < 10_000_000; i++ {",
        24,
        "i",
        "the verifier gave up after 1000001 instructions, most of them in this loop: it walks every turn",
        None,
        "make loops shorter: fewer turns, or fewer branches in each; or use ebp",
    ),
    "loop_memory": Said(
        "for n != 7 {",
        8,
        "n",
        "the verifier gave up after 1000001 instructions, most of them in this loop, which depends "
        "on n alone",
        None,
        "bound it by a constant as well (`for i := 0; i < 64 && n != 7; i++`),",
    ),
    "loop_nested": Said(
        "for j := uint32(0); j < 2000; j++ {",
        25,
        "j",
        "the verifier gave up after 1000001 instructions, most of them in this loop: it walks every turn",
        "for i := uint32(0); i < 2000; i++ { | inside this loop",
        "make loops shorter: fewer turns, or fewer branches in each; or use ebp",
    ),
    "memory_kernel": Said(
        "return int32(*task)",
        15,
        "task",
        "task is a number that ebpf.GetCurrentTask returned, and no pointer to the verifier",
        "task := (*uint32)(unsafe.Pointer(uintptr(ebpf.GetCurrentTask()))) | it comes from here",
        "copy from there with ebpf.ReadKernel (bpf_probe_read_kernel), or ebpf.",
    ),
    "memory_user": Said(
        "return int32(*text)",
        15,
        "text",
        "text is an address that came as a number, and no pointer to the verifier",
        None,
        "copy from there with ebpf.ReadUser (bpf_probe_read_user) where it is m",
    ),
    "packet_function": Said(
        "ip.TTL--",
        5,
        "ip",
        "ip leads into the packet, which ebpf.SkbChangeTail may have moved since",
        "return ebpf.SkbChangeTail(ctx, 1400, 0) == 0 | the packet may move here",
        "get it again after the call (ebpf.Header, or ctx.Data), and test it ag",
    ),
    "packet_head": Said(
        "eth.Src = eth.Dst",
        6,
        "eth",
        "eth leads into the packet, which ebpf.XdpAdjustHead may have moved since",
        "if ebpf.XdpAdjustHead(ctx, -4) != 0 { | the packet may move here",
        "get it again after the call (ebpf.Header, or ctx.Data), and test it ag",
    ),
    "packet_index": Said(
        "if *(*byte)(unsafe.Pointer(start + i)) == 6 {",
        5,
        "i",
        "the packet may end before what start reads",
        None,
        "compare with the packet's end first: `if data+N > dataEnd { return }`",
    ),
    "packet_pulled": Said(
        "if eth.Type.Uint16() == ebpf.EtherTypeIPv4 {",
        9,
        "eth",
        "eth leads into the packet, which ebpf.SkbPullData may have moved since",
        "ebpf.SkbPullData(ctx, 64) | the packet may move here",
        "get it again after the call (ebpf.Header, or ctx.Data), and test it ag",
    ),
    "packet_short": Said(
        "proto := *(*byte)(unsafe.Pointer(start + 23))",
        11,
        "start",
        "the packet may end before what start reads",
        None,
        "compare with the packet's end first: `if data+N > dataEnd { return }`",
    ),
    "packet_trimmed": Said(
        "if *proto == 6 {",
        5,
        "proto",
        "proto leads into the packet, which bpfXdpAdjustTail may have moved since",
        "bpfXdpAdjustTail(ctx, -4) | the packet may move here",
        "get it again after the call (ebpf.Header, or ctx.Data), and test it ag",
    ),
    "pointer_mask": Said(
        "p := (*uint64)(unsafe.Pointer(uintptr(unsafe.Pointer(v)) &^ 15))",
        59,
        "v",
        "a pointer is calculated with as if it were a number",
        None,
        "a pointer can only have a number added to it or taken from it, in 64 b",
    ),
    "record_function": Said(
        "e.A = 2",
        4,
        "e",
        "e is used after events.Submit gave it back",
        "events.Submit(e) | it is given back here",
        "use it before that call, and copy what is needed afterwards into a var",
    ),
    "record_late": Said(
        "e.A = 2",
        4,
        "e",
        "e is used after events.Submit gave it back",
        "events.Submit(e) | it is given back here",
        "use it before that call, and copy what is needed afterwards into a var",
    ),
    "record_leaks": Said(
        "if e.A&1 == 0 {",
        11,
        "e",
        "e is not given back on the way from here to the return",
        "e := events.Reserve() | it is acquired here",
        "what was reserved or acquired must be given back on every path: submit",
    ),
    "record_leaks_old": Said(
        "if *record == 1 {",
        13,
        "record",
        "record is not given back on the way from here to the return",
        "record := (*uint64)(bpfRingbufReserve(unsafe.Pointer(&events), 8, 0)) | it is acquired here",
        "what was reserved or acquired must be given back on every path: submit",
    ),
    "record_twice": Said(
        "events.Submit(e)",
        9,
        "e",
        "e is passed to events.Submit after events.Submit gave it back",
        "events.Submit(e) | it is given back here",
        "submit or discard a record once; argument 1 of the call is of kind sca",
    ),
    "return_range": Said(
        "return ebpf.Verdict(ctx.Port())",
        2,
        "ctx",
        "ebpf.Verdict(ctx.Port()) can be 0 to 65535, and must be 0 to 1 here",
        None,
        "this kind of program or callback may return 0 to 1 only: return one of",
        ("ebpf.Verdict(ctx.Port()) can be anything, and must be 0 to 1 here",),
    ),
    "size_any": Said(
        "ebpf.ProbeReadUser(unsafe.Pointer(&buf), n, ctx.Args[1])",
        7,
        "n",
        "n has no bound that the verifier knows, and ebpf.ProbeReadUser takes it for a size",
        None,
        "the size or index has no bound: make it unsigned and bound it right be",
    ),
    "size_large": Said(
        "ebpf.ProbeReadUser(unsafe.Pointer(&buf), n, ctx.Args[1])",
        7,
        "buf",
        "ebpf.ProbeReadUser writes 128 bytes to &buf, which has fewer",
        None,
        "the call writes or reads more bytes than the variable has: compare the",
    ),
    "size_record": Said(
        "ebpf.ProbeReadUser(unsafe.Pointer(&e.Text), n, ctx.Args[1])",
        7,
        "e.Text",
        "ebpf.ProbeReadUser is told to use 127 bytes at &e.Text, and there are 64",
        None,
        "compare the size that is passed (n) with the variable's, and bound it",
    ),
    "size_signed": Said(
        "ebpf.GetStack(ctx, unsafe.Pointer(&buf), uint32(n), 0)",
        7,
        "n",
        "n has no bound that the verifier knows, and ebpf.GetStack takes it for a size",
        None,
        "the size or index has no bound: make it unsigned and bound it right be",
    ),
    "size_zero": Said(
        "ebpf.TracePrintk(unsafe.Pointer(&format), 0, 1, 2, 3)",
        7,
        None,
        "the size that ebpf.TracePrintk gets can be 0: 0",
        None,
        "the size can be 0: return before the call where it is, or make sure of",
    ),
    "socket_leaks": Said(
        "if sock != nil {",
        10,
        "sock",
        "sock is not given back on the way from here to the return",
        "sock := ebpf.SkLookupTcp(ctx, &tuple, 12, 0, 0) | it is acquired here",
        "call ebpf.SkRelease(sock) (bpf_sk_release) before each return",
    ),
    "socket_nil": Said(
        "ebpf.SkRelease(sock)",
        7,
        "sock",
        "sock can be nil where it is passed to ebpf.SkRelease",
        None,
        "the pointer can be nil here: test it (`if sock == nil { return 0 }`) b",
    ),
    "stack_frames": Said(
        "x := ebpf.KtimeGetNs()",
        12,
        None,
        "3 functions that are active at once take 528 bytes of stack",
        None,
        "512 bytes of stack are all there is, over all functions that are activ",
        ("3 functions that are active at once take 544 bytes of stack",),
    ),
    "stack_index": Said(
        "*p = 1",
        2,
        "i",
        "i into a local array has no bound that the verifier knows",
        "p := (*byte)(unsafe.Add(unsafe.Pointer(&a), i)) | i is added here",
        "an array on the stack is indexed by a value without bound: test the in",
    ),
    "stack_key": Said(
        "p := (*uint64)(ebpf.MapLookupElem(&counts, unsafe.Pointer(&pid)))",
        22,
        "pid",
        "ebpf.MapLookupElem reads 16 bytes at &pid, and not all of them were written",
        None,
        "these bytes of the stack were never written: pass the address of a var",
    ),
    "stack_key_old": Said(
        "n := (*uint64)(bpfMapLookupElem(unsafe.Pointer(&counts), unsafe.Pointer(&pid)))",
        17,
        "pid",
        "bpfMapLookupElem reads 8 bytes at &pid, and not all of them were written",
        None,
        "these bytes of the stack were never written: pass the address of a var",
    ),
    "stack_short": Said(
        "ebpf.GetCurrentComm(unsafe.Pointer(&name), 16)",
        7,
        "name",
        "ebpf.GetCurrentComm writes 16 bytes to &name, which has fewer",
        None,
        "the call writes or reads more bytes than the variable has: compare the",
    ),
    "stack_unwritten": Said(
        "events.Output(e)",
        9,
        "e",
        "events.Output reads 16 bytes at e, and not all of them were written",
        None,
        "these bytes of the stack were never written: pass the address of a var",
    ),
    "value_any": Said(
        "word := (*uint32)(unsafe.Add(unsafe.Pointer(v), i))",
        27,
        "i",
        "i can be negative or of any size, and is added to v",
        None,
        "the index can be negative or of any size: use an unsigned index and bo",
    ),
    "value_far": Said(
        "p := (*uint64)(unsafe.Add(unsafe.Pointer(v), 1<<32))",
        2,
        "v",
        "v is moved by 4294967296 bytes, which is more than any memory has",
        None,
        "look at the number that is added; the verifier takes offsets below 2^2",
    ),
    "value_index": Said(
        "return int32(*word)",
        15,
        "i",
        "i can lead beyond the end of what v points to: bytes 28 to 31, and it has 16",
        "word := (*uint32)(unsafe.Add(unsafe.Pointer(v), i*4)) | i is added here",
        "the index can be too large: test it against the length right before it",
    ),
    "value_index_function": Said(
        "return *(*uint32)(unsafe.Add(unsafe.Pointer(v), i*4))",
        9,
        "i",
        "i can lead beyond the end of what v points to: bytes 28 to 31, and it has 16",
        None,
        "the index can be too large: test it against the length right before it",
    ),
    "value_negative": Said(
        "word := (*uint32)(unsafe.Add(unsafe.Pointer(v), i))",
        27,
        "i",
        "i can be -2147483648, and is added to v",
        None,
        "use an unsigned index and bound it right before its use (`if i >= uint",
    ),
    "value_nil": Said(
        "ebpf.MapUpdateElem(&b, unsafe.Pointer(&key), found, 0)",
        7,
        "found",
        "found can be nil where it is passed to ebpf.MapUpdateElem",
        None,
        "the pointer can be nil here: test it (`if found == nil { return 0 }`)",
    ),
    "value_short": Said(
        "ebpf.GetCurrentComm(unsafe.Pointer(v), 16)",
        7,
        "v",
        "ebpf.GetCurrentComm is told to use 16 bytes at v, and there are 8",
        None,
        "compare the size that is passed (16) with the variable's, and bound it",
    ),
    "value_type": Said(
        "return int32(*last)",
        15,
        "last",
        "what is accessed through last is not within the memory that it points to: bytes 16 to 23, "
        "and it has 16",
        None,
        "the type that last has is larger than what it points to, or lies at an",
    ),
}


def test_each_program_is_expected_something_of() -> None:
    assert {path.stem for path in PROGRAMS.glob("*.go")} == set(EXPECTED) == set(SAYS)


def skip_where_it_is_said_otherwise(error: tinybpf.VerifierError, said: Said) -> None:
    """Older kernels may lack what the program uses, or know less of it."""
    if vm.running() and error.reason != said.reason:
        lacking = old_kernels.lacking(error)
        assert error.reason in said.older or lacking, (error.reason, error.summary)
        pytest.skip(lacking or f"this kernel says it otherwise: {error.summary}")


OLDER_WORDS = [
    ("helper_kind", "unknown func bpf_override_return#58"),
    ("lock_kept", "bpf_spin_unlock is missing"),
    ("record_twice", "R1 type=inv expected=mem"),
    (
        "return_range",
        "At program exit the register R0 has value (0x0; 0xffff) should have been in (0x0; 0x1)",
    ),
    (
        "return_range",
        "At program exit the register R0 has unknown scalar value should have been in (0x0; 0x1)",
    ),
    ("return_range", "At program exit the register R0 has unknown scalar value should have been in [0, 1]"),
    ("size_large", "invalid indirect access to stack R1 off=-64 size=128"),
    ("size_zero", "invalid zero-sized read"),
    ("stack_frames", "combined stack size of 3 calls is 544. Too large"),
    ("stack_key", "invalid indirect access to stack R2 off=-4 size=16"),
    ("stack_key_old", "invalid indirect access to stack R2 off=-4 size=8"),
    ("stack_short", "invalid indirect access to stack R1 off=-8 size=16"),
    ("stack_unwritten", "invalid indirect access to stack R2 off=-8 size=16"),
]
"""What Linux 5.10, 6.1 and 6.12 say of these programs in place of Linux 6.18's words."""


@pytest.mark.parametrize(("name", "words"), OLDER_WORDS)
def test_older_words_mean_the_same(
    name: str, words: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if vm.running():
        pytest.skip("the words of this kernel are in its own log")
    said = EXPECTED[name]
    error = refuse(name, monkeypatch, request)
    assert error.log.count(error.summary) == 1
    failure = parse_log(error.log.replace(error.summary, words), about={"kind": "a program of section xdp"})
    assert failure.summary == words
    assert failure.reason in (said.reason, *said.older)
    assert failure.hint is not None and failure.hint.startswith(said.hint)


LOGS = Path(__file__).parent / "data" / "verifier"
OTHERS = [(path.parent.name, path.stem) for path in sorted(LOGS.glob("linux-*/*.log"))]
"""What other kernels said of some: Linux 5.10 where it says it otherwise, 7.3 where it has a report."""


def lines_of(name: str, log: str) -> Callable[[int], SourceLine | None]:
    """The source lines that an object would know: old logs have their texts alone, reports some columns."""
    source = (PROGRAMS / f"{name}.go").read_text().split("\n")
    found: dict[int, SourceLine] = {}
    line = None

    def at(number: int, column: int = 0) -> SourceLine:
        return SourceLine(f"{name}.go", number, column, source[number - 1])

    steps, _, report = log.partition("Verification failed:")
    for written in steps.splitlines():
        text = re.match(r"; (.*?)(?: @ \S+:(\d+))?$", written)
        if text:
            same = [n for n, there in enumerate(source, 1) if there.strip() == text[1].strip()]
            line = at(int(text[2] or next((n for n in same if line is None or n > line.line), same[0])))
        step = re.match(r"(\d+): \(", written)
        if step and line is not None:
            found.setdefault(int(step[1]), line)
    places = re.findall(r"^  \S+ @ \S+:(\d+):(\d+)\n.*?n context:\n.*?>>> +(\d+) \| \(", report, re.M | re.S)
    return (found | {int(step): at(int(number), int(column)) for number, column, step in places}).get


@pytest.mark.parametrize(("kernel", "name"), OTHERS)
def test_logs_of_other_kernels(kernel: str, name: str) -> None:
    said, log = EXPECTED[name], (LOGS / kernel / f"{name}.log").read_text()
    kind = re.search(r"in (a program of section \S+)", " ".join((said.reason, *said.older)))
    failure = parse_log(log, lines_of(name, log), about={"kind": kind[1]} if kind else None)
    assert failure.reason in (said.reason, *said.older)
    assert failure.variable == said.variable
    if failure.reason == said.reason:
        assert failure.hint is not None and failure.hint.startswith(said.hint)
        noted = [said.note.partition(" | ")[2]] if said.note else []
        assert [words for _, words in failure.notes] == noted


def refuse(
    name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> tinybpf.VerifierError:
    if name == "stack_frames":  # the compiler says so first; an object from elsewhere may need as much
        request.getfixturevalue("compiles_here")
        monkeypatch.setattr("tinybpf.compiler.lower.refuse.STACK", 1024)
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load_go(PROGRAMS / f"{name}.go")
    return caught.value


@pytest.mark.parametrize("name", EXPECTED)
def test_refused(name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    said = EXPECTED[name]
    path = PROGRAMS / f"{name}.go"
    error = refuse(name, monkeypatch, request)
    known = refusal_of(parse_log(error.log).messages)
    if known is None:
        old_kernels.skip_where_it_says_so(str(error))
    assert known is not None and (vm.running() or known[0].says == SAYS[name])
    skip_where_it_is_said_otherwise(error, said)
    assert observed("reasons", error.reason) == said.reason
    assert error.variable == said.variable
    assert error.hint is not None and error.hint.startswith(said.hint)
    assert error.source is not None
    assert (error.source.text.strip(), error.source.column) == (said.text, said.column)
    assert error.source.path.endswith(f"refusals/{name}.go")
    line = path.read_text().split("\n")[error.source.line - 1]
    assert line == error.source.text
    assert [f"{at.text.strip()} | {words}" for at, words in error.notes] == [said.note] * bool(said.note)
    for at, _ in error.notes:
        assert path.read_text().split("\n")[at.line - 1] == at.text and at.line != error.source.line
    shown = str(error).splitlines()
    assert shown[0].startswith(f"{error.source.path}:{error.source.line}:")
    assert shown[0].endswith(f"was refused: {said.reason}")
    assert shown[-1] == f"    verifier: {error.summary}" and shown[-2] == f"    hint: {error.hint}"
