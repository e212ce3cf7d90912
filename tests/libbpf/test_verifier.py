"""The logs under data/verifier are what Linux 6.18 said of real programs: of C, compiled by clang, where
they have source lines, of the instructions in their first line where they have none. Of `too_many` only
both ends are kept. `report_7_3` is written from the published example of Linux 7.3's report (cilium/ebpf,
pull request 2111), which has no source lines; in the folder linux-7.3 is what it says of programs in Go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinybpf.errors import SourceLine
from tinybpf.libbpf.verifier import VerifierFailure, parse_log
from tinybpf.libbpf.verifier_facts import SUBJECTS
from tinybpf.libbpf.verifier_hints import REFUSALS
from tinybpf.libbpf.verifier_refusal import fill
from tinybpf.libbpf.verifier_trace import CUT

LOGS = Path(__file__).parent / "data" / "verifier"

# name: (instruction, line of the source or None, the summary, words of the hint)
EXPECTED: dict[str, tuple[int | None, str | None, str, str]] = {
    "nil_lookup": (7, "*n += 1;", "R0 invalid mem access 'map_value_or_null'", "can be nil: test it"),
    "global_null": (10, "return *p;", "R1 invalid mem access 'mem_or_null'", "can be nil: test it"),
    "null_kfunc": (3, "bpf_task_release(p);", "Possibly NULL pointer passed to trusted arg0", "argument 0"),
    "scalar_deref": (1, "return *p;", "R0 invalid mem access 'scalar'", "bpf_probe_read_kernel"),
    "use_after_submit": (
        11,
        "*e = 1;",
        "R6 invalid mem access 'scalar'",
        "use it before that call",
    ),
    "packet_bounds": (
        1,
        "return data[14] == 6 ? XDP_DROP : XDP_PASS;",
        "R1 offset is outside of the packet (invalid access to packet, off=14 size=1, R1(id=0,off=14,r=0))",
        "packet's end first",
    ),
    "map_value_max": (
        13,
        "return t->a[i];",
        "R7 max value is outside of the allowed memory range "
        "(invalid access to map value, value_size=64 off=124 size=4)",
        "index can be too large",
    ),
    "map_value_unbounded": (
        11,
        "return t->a[i];",
        "math between map_value pointer and register with unbounded min value is not allowed",
        "unsigned index",
    ),
    "map_value_negative": (
        15,
        "return t->a[i];",
        "math between map_value pointer and register with unbounded min value is not allowed",
        "negative",
    ),
    "event_too_small": (
        7,
        "e[1] = 5;",
        "R0 min value is outside of the allowed memory range "
        "(invalid access to memory, mem_size=8 off=8 size=8)",
        "larger than what it points to",
    ),
    "reference_leak": (
        15,
        "if (*e & 1)",
        "BPF_EXIT instruction in main prog would lead to reference leak "
        "(Unreleased reference id=2 alloc_insn=4)",
        "given back on every path: submit or discard it before each return",
    ),
    "double_submit": (
        12,
        "bpf_ringbuf_submit(e, 0);",
        "R1 type=scalar expected=ringbuf_mem",
        "argument 1 of the call is of kind scalar, but must be ringbuf_mem",
    ),
    "wrong_arg_type": (
        5,
        "__u64 *n = bpf_map_lookup_elem((void *)&key, &key);",
        "R1 type=fp expected=map_ptr",
        "must be map_ptr",
    ),
    "return_range": (
        1,
        "return ctx->user_port;",
        "At program exit the register R0 has smin=0 smax=4294967295 should have been in [0, 1]",
        "may return 0 to 1 only",
    ),
    "callback_return": (
        12,
        "return i;",
        "At callback return the register R0 has smin=0 smax=4294967295 should have been in [0, 1]",
        "may return 0 to 1 only",
    ),
    "helper_not_allowed": (
        8,
        "return bpf_get_current_pid_tgid() ? XDP_PASS : bpf_probe_write_user(ctx, ctx, 4);",
        "program of this type cannot use helper bpf_probe_write_user#36",
        "bpf_probe_write_user is not available in this kind of program",
    ),
    "unknown_func": (0, "return nope();", "invalid func unknown#9999", "no such helper"),
    "gpl_only": (
        7,
        "bpf_probe_read_kernel(buf, 8, ctx);",
        "cannot call GPL-restricted function from non-GPL compatible program",
        'license "GPL"',
    ),
    "sleeps": (
        6,
        "bpf_copy_from_user(&v, 8, (void *)ctx[1]);",
        "helper call might sleep in a non-sleepable prog",
        "only sleepable programs",
    ),
    "bad_context": (
        0,
        "return *(__u32 *)((void *)ctx + 400);",
        "invalid bpf_context access off=400 size=4",
        "no field of 4 bytes at offset 400",
    ),
    "context_index": (
        5,
        "return *(__u32 *)((void *)ctx + i * 4);",
        "variable ctx access var_off=(0x0; 0xc) disallowed",
        "constant offsets",
    ),
    "stack_index": (9, "buf[i] = 1;", "invalid unbounded variable-offset write to stack R2", "without bound"),
    "stack_beyond": (
        6,
        "bpf_get_current_comm(buf, 32);",
        "invalid write to stack R1 off=-16 size=32",
        "than the variable has",
    ),
    "stack_depth": (None, None, "combined stack size of 2 calls is 800. Too large", "512 bytes of stack"),
    "size_unbounded": (
        9,
        "bpf_probe_read_kernel(buf, n, ctx);",
        "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
        "has no bound",
    ),
    "size_zero": (
        16,
        "bpf_trace_printk((char*)buf, n);",
        "R2 invalid zero-sized read: u64=[0,15]",
        "size can be 0",
    ),
    "pointer_leak": (1, "return v * 3;", "R0 32-bit pointer arithmetic prohibited", "in 64 bits"),
    "lock_held": (
        15,
        "bpf_spin_lock(&v->lock);",
        "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
        "spin lock",
    ),
    "lock_call": (
        11,
        "v->n = bpf_get_prandom_u32();",
        "function calls are not allowed while holding a lock",
        "spin lock",
    ),
    "unlock_twice": (9, "bpf_spin_unlock(&v->lock);", "bpf_spin_unlock without taking a lock", "spin lock"),
    "lock_tracing": (None, None, "tracing progs cannot use bpf_spin_lock yet", "per-CPU map"),
    "lock_socket": (None, None, "socket filter progs cannot use bpf_spin_lock yet", "per-CPU map"),
    "constant_write": (
        3,
        "*p = 4;",
        "write into map forbidden, value_size=4 off=0 size=4",
        "can only be read: constants",
    ),
    "global_arg": (
        2,
        "return read_it((void *)(long)bpf_get_prandom_u32());",
        "Caller passes invalid args into func#1 ('read_it') (R1 type=scalar expected=fp)",
        "verified on its own",
    ),
    "unbounded_loop": (8, "while (n != 7)", "infinite loop detected at insn 8", "bound it by a constant"),
    "too_many": (
        3,
        "for (__u32 i = 0; i < 10000000; i++)",
        "BPF program is too large. Processed 1000001 insn",
        "make loops shorter",
    ),
    "uninitialised_register": (0, None, "R0 !read_ok", "returned on every path"),
    "clobbered": (2, None, "R1 !read_ok", "never set on this path"),
    "beyond_stack": (0, None, "invalid write to stack R10 off=-520 size=8", "than the variable has"),
    "pointer_or": (1, None, "R2 pointer |= pointer prohibited", "in 64 bits"),
    "misaligned": (2, None, "misaligned stack access off 0+0+-7 size 4", "align the struct"),
    "unreachable": (2, None, "unreachable insn 2", "fault of what compiled them"),
    "jump_outside": (0, None, "jump out of range from insn 0 to 11", "fault of what compiled them"),
    "no_exit": (None, None, "last insn is not an exit or jmp", "fault of what compiled them"),
    "report_7_3": (
        0,
        None,
        "Unreadable register: R0 has never been initialized on this path, so the verifier cannot use it "
        "as an input.",
        "returned on every path",
    ),
}


def read(name: str) -> str:
    log = (LOGS / f"{name}.log").read_text()
    return log.partition("\n")[2] if log.startswith("#") else log


def test_each_log_is_expected_something_of() -> None:
    assert {path.stem for path in LOGS.glob("*.log")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_real_logs(name: str) -> None:
    instruction, text, summary, hint = EXPECTED[name]
    failure = parse_log(read(name))
    assert failure.summary == summary
    assert failure.instruction == instruction
    assert (failure.source.text.strip() if failure.source else None) == text
    assert failure.hint is not None and hint in failure.hint
    if failure.source:
        assert failure.source.path == f"{name}.c" and failure.source.line > 0


def test_the_verdict_is_the_last_message() -> None:
    failure = parse_log(read("packet_bounds"))
    assert failure.messages == (
        "invalid access to packet, off=14 size=1, R1(id=0,off=14,r=0)",
        "R1 offset is outside of the packet",
    )


def test_a_report_of_linux_7_3() -> None:
    log = read("report_7_3")
    assert parse_log(log).messages == (
        "R0 !read_ok",
        "error: R0 is not readable",
        "Register Type Safety: Unreadable register",
    )
    unknown = log.replace("R0 !read_ok", "new words").replace("Unreadable register", "Something new")
    failure = parse_log(unknown)
    assert failure.hint == "Initialize R0 on every path before this instruction."
    assert failure.summary.startswith("Something new: R0 has never been initialized")
    without_trace = log[log.index("Verification failed:") :]
    assert parse_log(without_trace).instruction == 0
    assert parse_log(without_trace).summary == parse_log(log).summary


def test_a_report_keeps_the_source_that_the_trace_gave() -> None:
    """The trace of instructions stands before the report and names the lines as before."""
    report = read("report_7_3")
    trace = "; return x; @ count.go:12\n" + report[: report.index("R0 !read_ok")]
    failure = parse_log(trace + report[report.index("R0 !read_ok") :])
    assert failure.source == SourceLine("count.go", 12, 0, "return x;")


def test_line_information_goes_before_the_log() -> None:
    """Before Linux 6.10 the log has the text of a line alone; the object knows the rest."""
    old = re.sub(r" @ \S+:\d+$", "", read("nil_lookup"), flags=re.MULTILINE)
    assert parse_log(old).source is None
    line = SourceLine("bpf/count.go", 41, 2, "\t*n += 1")
    assert parse_log(old, lambda index: line if index == 7 else None).source == line
    assert parse_log(read("nil_lookup"), lambda index: line).source == line
    found = parse_log(read("nil_lookup"), lambda index: None).source
    assert found is not None and found.line == 33


def test_libbpfs_words_around_the_log_do_not_matter() -> None:
    log = read("nil_lookup")
    wrapped = (
        "libbpf: prog 'nil_lookup': BPF program load failed: Permission denied\n"
        f"libbpf: prog 'nil_lookup': -- BEGIN PROG LOAD LOG --\n{log}-- END PROG LOAD LOG --\n"
        "libbpf: prog 'nil_lookup': failed to load: -13\nlibbpf: failed to load object 'x'\n"
    )
    assert parse_log(wrapped) == parse_log(log)


@pytest.mark.parametrize("log", ["", "\n\n", "processed 0 insns (limit 1000000)\n", "\x00\xff\n" * 3])
def test_logs_without_a_reason(log: str) -> None:
    failure = parse_log(log)
    assert isinstance(failure, VerifierFailure) and failure.summary and failure.instruction is None


def test_cut_logs_are_read_as_far_as_they_go() -> None:
    log = read("reference_leak")
    for length in range(len(log)):
        assert parse_log(log[:length]).summary


def test_what_stands_for_the_end_of_a_cut_log() -> None:
    """The steps before a cut tell of a loop, and of nothing else."""
    log = read("too_many")
    end = log.index("BPF program is too large")
    failure = parse_log(f"{log[:end]}\n{CUT}\n{log[end:]}")
    assert failure.summary == parse_log(log).summary
    assert failure.source is not None and failure.source.text.strip().startswith("for (__u32 i = 0")
    assert failure.reason == parse_log(log).reason and "most of them in this loop" in (failure.reason or "")
    walked = read("nil_lookup").replace("R0 invalid mem access 'map_value_or_null'", "")
    failure = parse_log(f"{walked}\n{CUT}\nR3 !read_ok\nprocessed 900000 insns (limit 1000000)\n")
    assert failure.summary == "R3 !read_ok" and failure.hint
    assert failure.source is None and failure.instruction is None


def test_old_state_lines_are_no_messages() -> None:
    """As Linux 5.4 wrote them: registers indented, no file names."""
    log = (
        "Unrecognized arg#0 type PTR\n"
        "0: (bf) r6 = r1\n"
        "1: (85) call bpf_map_lookup_elem#1\n"
        " R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0) R6_w=ctx(id=0,off=0,imm=0) R10=fp0\n"
        "; *n += 1;\n"
        "2: (79) r1 = *(u64 *)(r0 +0)\n"
        "R0 invalid mem access 'map_value_or_null'\n"
        "verification time 83 usec\nstack depth 8\n"
        "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
    )
    failure = parse_log(log)
    assert failure.messages == ("R0 invalid mem access 'map_value_or_null'",) and failure.instruction == 2


@pytest.mark.parametrize(
    "depths",
    [
        "stack depth 8",
        "stack depth 0+16",
        "stack depth 0+16 max 16",
        "stack depth max 0\nsubprog 0 (careless) main insns_self 2 insns_total 2 stack 0",
    ],
)
def test_statistics_are_no_messages(depths: str) -> None:
    """As Linux 6.12 and, with the largest, 7.2 write them; function by function, 7.3."""
    log = (
        f"0: (95) exit\nR0 !read_ok\nverification time 9 usec\n{depths}\nprocessed 1 insns (limit 1000000)\n"
    )
    assert parse_log(log).messages == ("R0 !read_ok",)


def test_the_table_of_refusals() -> None:
    """Each entry is found by its own example, and asks for no name that there is not."""
    known = {"variable", "pointer", "read", "span", "have", "size", "call", "argument", "size_argument"}
    known |= {
        "size_variable",
        "before",
        "value",
        "field",
        "condition",
        "limit",
        "counter",
        "kind",
        "writable",
        "low",
        "high",
        "least",
        "most",
    }
    for refusal in REFUSALS:
        assert next(r for r in REFUSALS if re.search(r.pattern, refusal.says)) is refusal, refusal.says
        assert refusal.subject in (*SUBJECTS, "")
        assert not refusal.cases or refusal.subject
        words = [refusal.reason, refusal.hint, *(w for case in refusal.cases.values() for w in case)]
        names = {name for text in words for name in re.findall(r"(?<!\{)\{(\w+)", text)}
        assert names <= known | set(re.compile(refusal.pattern).groupindex), refusal.says
        for text in words:
            assert "{" not in re.sub(r"\{[^{}|]*\}", "", fill(text, {})), text


def test_names_fill_the_words() -> None:
    words = "{a} and {b|the {c|other}}: `if {a|x} {{ return }}`"
    assert fill(words, {"a": "A", "b": None}) == "A and the other: `if A { return }`"
    assert fill(words, {"a": None, "b": "B"}) == " and B: `if x { return }`"


def test_a_long_log_takes_linear_time() -> None:
    import time

    step = "3: (07) r1 += 1                       ; R1=scalar(smin=0,smax=255)\n"
    log = step * 200_000 + "BPF program is too large. Processed 1000001 insn\n"
    started = time.monotonic()
    assert parse_log(log).instruction == 3
    assert time.monotonic() - started < 5


def test_what_old_kernels_say_of_parameters_is_no_cause() -> None:
    """Linux 5.10 begins so, and where a log was cut nothing but messages is left."""
    verdict = "BPF program is too large. Processed 1000001 insn"
    log = f"0: (bf) r6 = r1\n{CUT}\nUnrecognized arg#0 type PTR\n{verdict}\n"
    assert parse_log(log).summary == verdict
