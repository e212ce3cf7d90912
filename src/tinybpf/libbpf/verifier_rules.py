"""Refusals about calls, contexts, and what programs may do with pointers."""

from __future__ import annotations

from tinybpf.libbpf.verifier_memory import AGAIN
from tinybpf.libbpf.verifier_refusal import Refusal

RULES: tuple[Refusal, ...] = (
    # Helpers, kfuncs, contexts
    Refusal(
        "program of this type cannot use helper bpf_override_return#58",
        r"program of this type cannot use helper (?P<helper>\w+)",
        "{call|{helper}} can't be called in {kind|this kind of program}",
        "{helper} is not available in this kind of program: another kind of program, or another helper",
        "call",
    ),
    Refusal(
        "unknown func bpf_override_return#58",
        r"unknown func (?P<helper>\w+)|invalid func (?P<other>\w+)",
        "{call|{helper}{other}} can't be called in {kind|this kind of program}, or not in this kernel",
        "the running kernel has no such helper, or not for this kind of program: it may need a newer kernel",
        "call",
        {
            "kind": (
                "{call|{helper}} can't be called in {kind|this kind of program}",
                "{helper} is not available in this kind of program: another kind of program, or another "
                "helper",
            )
        },
    ),
    Refusal(
        "failed to resolve CO-RE relocation <byte_off> [5] struct task_struct.gone (0:1)",
        r"failed to resolve CO-RE relocation <\w+> \[\d+\] (?P<type>(?:\w+ )?[^\s.:\[(]+)"
        r"(?P<member>(?:\.|::)[^\s(]+)?",
        "this kernel has no {type|type or field of that name}{member|}",
        "the running kernel has other types than the program was made for: where only some kernels have it, "
        "programs in C ask before the use (bpf_core_field_exists)",
    ),
    Refusal(
        "kfunc 'bpf_task_gone' is referenced but wasn't resolved",
        r"kfunc '(?P<name>[^']+)' is referenced but wasn't resolved",
        "this kernel has no function {name|of that name} for programs",
        "a newer kernel, or a module that is not loaded, may have it: test its address before the call",
    ),
    Refusal(
        "calling kernel function bpf_task_release is not allowed",
        r"calling kernel function (?P<name>\w+) is not allowed",
        "the kernel function {name} can't be called in {kind|this kind of program}",
        "the kernel function {name} is not available in this kind of program",
    ),
    Refusal(
        "cannot call GPL-restricted function from non-GPL compatible program",
        r"GPL[- ](?:restricted|only|compatible)|from non-GPL",
        "{call|the helper} is for programs under the GPL, and this one has another license",
        'the helper is for programs under the GPL: say so with the license "GPL" or "Dual MIT/GPL" '
        "(`//bpf:license GPL`), or leave the line out",
        "call",
    ),
    Refusal(
        "invalid bpf_context access off=40 size=4",
        r"invalid bpf_context access off=(?P<off>-?\d+) size=(?P<size>\d+)",
        "{field|this part of the context} can't be used in this kind of program",
        "the context has no field of {size} bytes at offset {off} that this kind of program may use so: "
        "compare the context's type with the kernel's; some fields can only be read, or only whole",
        "context",
        {
            "write": (
                "{field|what {variable|the pointer} leads to in the context} can't be written in {kind|this "
                "kind of program}",
                "the context has no field of {size} bytes at offset {off} that this kind of program may "
                "write: "
                "{writable|there are helpers that change what it describes}",
            ),
            "read": (
                "{field|what {variable|the pointer} leads to in the context} can't be read in {kind|this "
                "kind of program}",
                "the context has no field of {size} bytes at offset {off} that this kind of program may use "
                "so: other kinds of program on the same hook may, or a helper tells the same",
            ),
        },
    ),
    Refusal(
        "dereference of modified ctx ptr R1 off=8 disallowed",
        r"dereference of modified|modified ctx ptr|variable ctx access|negative offset ctx ptr",
        "the context is read at an offset that is not constant",
        "read fields of the context at constant offsets only: no index, no pointer into it",
        "context",
    ),
    Refusal(
        "R1 type=fp expected=ctx",
        r"R(?P<reg>\d+) type=(?P<got>\S+) expected=(?P<want>.+)",
        "{call|the call} takes {argument|argument {reg}} for something else than it is",
        "argument {reg} of the call is of kind {got}, but must be {want} (map_ptr: a map; fp: memory on the "
        "stack; scalar: a number)",
        "argument",
        {
            "moved": (
                "{argument|argument {reg}} leads into the packet, which {before|a call} may have moved since",
                AGAIN,
            ),
            "released": (
                "{argument|argument {reg}} is passed to {call|a call} after {before|a call} gave it back",
                "submit or discard a record once; argument {reg} of the call is of kind {got}, but must be "
                "{want}",
            ),
        },
    ),
    Refusal(
        "R2 invalid zero-sized read: u64=[0,0]",
        r"invalid zero-sized read",
        "the size that {call|the call} gets can be 0: {argument|it has no lower bound}",
        "the size can be 0: return before the call where it is, or make sure of at least 1",
        "argument",
    ),
    Refusal(
        "write into map forbidden, value_size=4 off=0 size=4",
        r"write into map forbidden|cannot write into|R\d+ cannot write",
        "{variable|what is written} can only be read",
        "this memory can only be read: constants (`.rodata`) and read-only maps are not written by programs",
        "pointer",
    ),
    Refusal(
        "read into map forbidden, value_size=4 off=0 size=4",
        r"read into map forbidden|cannot read from",
        "{variable|what is read} can only be written",
        "this memory can only be written",
        "pointer",
    ),
    Refusal(
        "R0 bitwise operator &= on pointer prohibited",
        r"(?P<sign>\S+) on pointer prohibited|pointer \S+ pointer prohibited|pointer arithmetic"
        r"|bitwise operator",
        "a pointer is calculated with as if it were a number",
        "a pointer can only have a number added to it or taken from it, in 64 bits: to move one, use "
        "unsafe.Add with an offset that is calculated before",
        "computed",
    ),
    Refusal(
        "R6 leaks addr into map",
        r"leaks? addr|leak pointer|addr into (?:map|mem|ctx)",
        "an address of the kernel would get to where user space can read it",
        "a kernel address would be stored where user space can read it: store a number instead",
        "pointer",
    ),
    Refusal(
        "misaligned value access off 0+0+4 size 8",
        r"misaligned (?P<where>\w+ )?access off .*size (?P<size>\d+)",
        "{size} bytes are accessed through {variable|a pointer} at an address that is no multiple of {size}",
        "the field is read across its natural boundary: read it byte by byte, or align the struct",
        "pointer",
    ),
    # Shape of the program
    Refusal(
        "unreachable insn 2",
        r"unreachable insn|last insn is not an exit|jump out of range|invalid func proto|!root",
        "the instructions make no complete function",
        "the instructions make no complete function: this is a fault of what compiled them",
    ),
    Refusal(
        "Caller passes invalid args into func#1 ('read_it')",
        r"Caller passes invalid args|expects? (?:a )?pointer|must be a known constant|is not a known const",
        "a function is called with arguments that its own verification does not allow",
        "the function is verified on its own with its declared types: a pointer must be tested for nil in "
        "it, and constants must be constants in the source",
    ),
    Refusal(
        "attach_btf_id 7 is not a function",
        r"attach_btf_id|is not a function|is not a kernel function|Tracing prog",
        "what the program should be attached to is not in this kernel",
        "the function or hook to attach to does not exist in this kernel's BTF, or can't be attached to",
    ),
    Refusal(
        "Sleepable programs can only use array, hash, and ringbuf maps",
        r"Sleepable programs can only use (?P<maps>.+)",
        "programs that may sleep can use {maps} only in this kernel",
        "newer kernels allow more (6.12 does, 6.1 does not): take another map, or a section whose programs "
        "do not sleep",
        "whole",
    ),
    Refusal(
        "helper call might sleep in a non-sleepable prog",
        r"sleepable|might sleep|may sleep",
        "{call|the call} can sleep, and this program may not",
        'this call can sleep, which only sleepable programs may (sections with ".s")',
        "call",
    ),
    Refusal(
        "tail_call abusing map_ptr",
        r"tail_call",
        "a tail call is made where there may be none",
        "a tail call needs a program array map, and functions with small stacks around it",
    ),
)
