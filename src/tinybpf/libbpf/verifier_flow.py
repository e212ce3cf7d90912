"""Refusals about loops, what must be given back, and what is returned."""

from __future__ import annotations

from tinybpf.libbpf.verifier_refusal import Refusal

_LOOP_HELPER = "ebpf.Loop (the helper bpf_loop), whose body the verifier walks once"
_ONE_OF = "this kind of program or callback may return {low} to {high} only: return one of them on every path"
_BOUNDED = "(`for i := 0; i < 64 && {condition|...}; i++`)"

FLOW: tuple[Refusal, ...] = (
    # Loops and size
    Refusal(
        "infinite loop detected at insn 9",
        r"infinite loop detected|back-edge from insn",
        "the verifier can't see that this loop ends",
        "the verifier can't see that the loop ends: bound it by a constant (`for i := 0; i < 64; i++`), or "
        f"use {_LOOP_HELPER}",
        "loop",
        {
            "endless": (
                "the verifier can't see that this loop ends: nothing in its head bounds it",
                f"bound it by a constant (`for i := 0; i < 64; i++`) and leave it early, or use "
                f"{_LOOP_HELPER}",
            ),
            "condition": (
                "the verifier can't see that this loop ends: it depends on {variable|its condition} alone",
                f"bound it by a constant as well {_BOUNDED}, or use {_LOOP_HELPER}",
            ),
        },
    ),
    Refusal(
        "BPF program is too large. Processed 1000001 insn",
        r"(?:program is )?too large\. Processed (?P<count>\d+) insn|program is too large",
        "the verifier gave up after {count|a million} instructions, without a loop that it went round in",
        "the verifier walks every turn of every loop and every branch in it: make loops shorter, use "
        "ebpf.Loop (the helper bpf_loop), whose body it walks once, or move parts into functions that are "
        "not inlined",
        "loop",
        {
            "endless": (
                "the verifier gave up after {count|a million} instructions, most of them in this loop, "
                "which nothing in "
                "its head bounds",
                f"bound it by a constant (`for i := 0; i < 64; i++`) and leave it early, or use "
                f"{_LOOP_HELPER}",
            ),
            "condition": (
                "the verifier gave up after {count|a million} instructions, most of them in this loop, "
                "which depends on "
                "{variable|its condition} alone",
                f"bound it by a constant as well {_BOUNDED}, or use {_LOOP_HELPER}",
            ),
            "limit": (
                "the verifier gave up after {count|a million} instructions, most of them in this loop: it "
                "walks every turn "
                "up to the largest {variable}",
                "bound it by a constant as well (`{counter|i} < 64 && {condition}`), or use "
                f"{_LOOP_HELPER}",
            ),
            "count": (
                "the verifier gave up after {count|a million} instructions, most of them in this loop: it "
                "walks every turn",
                f"make loops shorter: fewer turns, or fewer branches in each; or use {_LOOP_HELPER}",
            ),
        },
    ),
    Refusal(
        "The sequence of 8193 jumps is too complex.",
        r"sequence of (?P<count>\d+) jumps is too complex",
        "the verifier gave up with {count} branches to come back to, its limit",
        "the verifier walks every turn of every loop and every branch in it: make loops shorter, use "
        "ebpf.Loop (the helper bpf_loop), whose body it walks once, or move parts into functions that are "
        "not inlined",
        "loop",
        {
            "endless": (
                "the verifier gave up with {count} branches to come back to: each turn of this loop leaves "
                "one, "
                "and nothing in its head bounds it",
                f"bound it by a constant (`for i := 0; i < 64; i++`) and leave it early, or use "
                f"{_LOOP_HELPER}",
            ),
            "condition": (
                "the verifier gave up with {count} branches to come back to: each turn of this loop leaves "
                "one, "
                "and it depends on {variable|its condition} alone",
                f"bound it by a constant as well {_BOUNDED}, or use {_LOOP_HELPER}",
            ),
            "limit": (
                "the verifier gave up with {count} branches to come back to: each turn of this loop leaves "
                "one, "
                "up to the largest {variable}",
                "bound it by a constant as well (`{counter|i} < 64 && {condition}`), or use "
                f"{_LOOP_HELPER}",
            ),
            "count": (
                "the verifier gave up with {count} branches to come back to: each turn of this loop leaves "
                "one",
                f"make loops shorter: fewer turns, or no branch in each; or use {_LOOP_HELPER}",
            ),
        },
    ),
    # References and locks
    Refusal(
        "Unreleased reference id=2 alloc_insn=4",
        r"Unreleased reference|reference leak|reference has not been (?:acquired|released)",
        "{variable|what was acquired} is not given back on the way from here to the return",
        "what was reserved or acquired must be given back on every path: submit or discard it before each "
        "return",
        "acquired",
        {
            "socket": (
                "{variable|the socket} is not given back on the way from here to the return",
                "call ebpf.SkRelease({variable|sock}) (bpf_sk_release) before each return",
            )
        },
    ),
    Refusal(
        "tracing progs cannot use bpf_spin_lock yet",
        r"(?P<kind>tracing|socket filter) progs cannot use bpf_spin_lock",
        "{kind} programs can't use a map whose value has a spin lock",
        "programs of sections tracepoint, raw_tracepoint, kprobe, uprobe, perf_event and socket can't lock: "
        "count with sync/atomic, or in a per-CPU map; programs of section tp_btf can",
        "whole",
    ),
    Refusal(
        "sleepable progs cannot use bpf_spin_lock yet",
        r"sleepable progs cannot use bpf_spin_lock",
        "programs that may sleep can't use a map whose value has a spin lock in this kernel",
        "newer kernels allow it (6.12 does, 6.1 does not): count with sync/atomic, or in a per-CPU map, or "
        "take a section whose programs do not sleep",
        "whole",
    ),
    Refusal(
        "function calls are not allowed while holding a lock",
        r"function calls are not allowed while holding a lock",
        "{call|a function} is called while {variable|a spin lock} is locked",
        "while a spin lock is held the program can only read and write memory: call it before the lock, or "
        "after the unlock",
        "lock",
    ),
    Refusal(
        "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
        r"(?:EXIT|exit)\b.*bpf_spin_lock-ed region|bpf_spin_unlock is missing",
        "{variable|the lock} is still locked on the way from here to the return",
        "while a spin lock is held the program can only read and write memory: no calls and no return until "
        "it is unlocked, on every path",
        "lock",
    ),
    Refusal(
        "bpf_spin_unlock without taking a lock",
        r"bpf_spin_(?:un)?lock|spin_lock-ed region|while holding a lock|holding a lock",
        "locks and unlocks don't come in pairs",
        "while a spin lock is held the program can only read and write memory: no calls and no return until "
        "it is unlocked, on every path",
        "lock",
    ),
    Refusal(
        "unmatched rcu_read_unlock (kernel function bpf_rcu_read_unlock)",
        r"rcu_read_(?:un)?lock|RCU",
        "bpf_rcu_read_lock and bpf_rcu_read_unlock don't come in pairs",
        "bpf_rcu_read_lock and bpf_rcu_read_unlock must come in pairs on every path",
    ),
    Refusal(
        "arg#0 expected pointer to an iterator on stack",
        r"arg#?\d+ expected pointer to an iterator|unreleased iter|iter(?:ator)? .*(?:not|leak)",
        "an iterator of the kernel is not used as it must be",
        "an iterator must be made, stepped until it is done, and destroyed on every path",
    ),
    # Values returned
    Refusal(
        "At program exit the register R0 has smin=0 smax=65535 should have been in [0, 1]",
        r"At .+ the register R\d has smin=(?P<least>-?\d+) smax=(?P<most>-?\d+) "
        r"should have been in \[(?P<low>-?\d+), (?P<high>-?\d+)\]",
        "{value|the result} can be {least|less} to {most|more}, and must be {low} to {high} here",
        _ONE_OF,
        "returned",
    ),
    Refusal(
        "At program exit the register R0 has unknown scalar value should have been in [0, 1]",
        r"At .+ the register R\d .*should have been in \[(?P<low>-?\d+), (?P<high>-?\d+)\]",
        "{value|the result} can be anything, and must be {low} to {high} here",
        _ONE_OF,
        "returned",
    ),
    Refusal(
        "At program exit the register R0 has value (0x0; 0xffff) should have been in (0x0; 0x1)",
        r"At .+ the register R\d .*should have been in \((?P<tnum>[^)]*)\)",
        "{value|the result} can be something that this kind of program may not return",
        "return a constant that is allowed, on every path; the allowed ones have the bits ({tnum}: value; "
        "mask)",
        "returned",
        {
            "bits": (
                "{value|the result} can be {least} to {most}, and must be {low} to {high} here",
                _ONE_OF,
            ),
            "any": ("{value|the result} can be anything, and must be {low} to {high} here", _ONE_OF),
        },
    ),
    Refusal(
        "R0 !read_ok",
        r"R0 (?:!read_ok|is not a known value)|R0 leaks addr",
        "nothing is returned on some path, or a pointer",
        "a value must be returned on every path, and it can't be a pointer",
        "returned",
    ),
    Refusal(
        "R3 !read_ok",
        r"R(?P<reg>\d+) !read_ok",
        "a value is used that was never set on this path",
        "a value is used that was never set on this path: what a helper call took as arguments is gone "
        "after it, and each variable needs a value on every path",
    ),
)
