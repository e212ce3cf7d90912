"""Refusals about pointers, memory and the stack."""

from __future__ import annotations

from tinybpf.libbpf.verifier_refusal import Refusal

AGAIN = "get it again after the call (ebpf.Header, or ctx.Data), and test it again"
_KEEP = "use it before that call, and copy what is needed afterwards into a variable"

_UNWRITTEN = (
    "{call|the program} reads {size} bytes at {argument|a variable}, and not all of them were written",
    "these bytes of the stack were never written: pass the address of a variable of {size} bytes, and give "
    "it a value first, padding included (`var v T` is zeroed; a struct with gaps needs explicit padding "
    "fields)",
)
_TOO_SMALL = (
    "{call|the call} writes {size} bytes to {argument|a variable}, which has fewer",
    "the call writes or reads more bytes than the variable has: compare the size that is passed "
    "({size_argument|{size}}) with the variable's, such as uint32(unsafe.Sizeof({variable|v}))",
)

_BEYOND = {
    "constant": (
        "what is accessed through {read|the pointer} is not within the memory that it points to{span}",
        "the type that {read|the pointer} has is larger than what it points to, or lies at another place: "
        "look "
        "at the conversion and at the offset",
    ),
    "call": (
        "{call} is told to use {size} bytes at {argument|an argument}, and there are {have}",
        "compare the size that is passed ({size_argument|{size}}) with the variable's, and bound it by that "
        "(`if {size_variable|n} > {have} {{ {size_variable|n} = {have} }}`)",
    ),
}

MEMORY: tuple[Refusal, ...] = (
    # Pointers that may be nil
    Refusal(
        "R0 invalid mem access 'map_value_or_null'",
        r"invalid mem access '(?:trusted_|rcu_|untrusted_)*(?:map_value|ringbuf_mem|mem|alloc_mem)_or_null",
        "{variable|the pointer} can be nil here",
        "the result of the lookup or reservation can be nil: test it (`if {variable|p} == nil {{ return 0 "
        "}}`) "
        "before it is used",
        "pointer",
    ),
    Refusal(
        "R1 invalid mem access 'sock_or_null'",
        r"invalid mem access '\w*_or_null'|_or_null' pointer|arithmetic on \w*_or_null",
        "{variable|the pointer} can be nil here",
        "the pointer can be nil here: test it (`if {variable|p} == nil {{ return 0 }}`) before it is used",
        "pointer",
    ),
    Refusal(
        "R1 type=sock_or_null expected=sock_common",
        r"R(?P<reg>\d+) type=\w*_or_null expected",
        "{argument|argument {reg}} can be nil where it is passed to {call|the call}",
        "the pointer can be nil here: test it (`if {variable|p} == nil {{ return 0 }}`) before it is used",
        "argument",
    ),
    Refusal(
        "Possibly NULL pointer passed to trusted arg0",
        r"Possibly NULL pointer passed to (?:trusted|helper)? ?arg(?P<arg>\d)",
        "the call takes no nil, and argument {arg} can be nil",
        "argument {arg} (counted from 0) can be nil: test it before the call",
    ),
    # Memory that is not the program's to read
    Refusal(
        "R0 invalid mem access 'scalar'",
        r"invalid mem access '(?:scalar|inv)'",
        "{variable|the value} is a number to the verifier, no pointer",
        "the value is a number to the verifier, no pointer: kernel and user memory is read through "
        "bpf_probe_read_kernel or bpf_probe_read_user (ebpf.ReadKernel, ebpf.ReadUser), and a pointer is "
        "gone "
        "after a call that releases it (submit, discard) or moves the packet's data",
        "pointer",
        {
            "moved": (
                "{variable|the pointer} leads into the packet, which {call|a call} may have moved since",
                AGAIN,
            ),
            "released": ("{variable|the pointer} is used after {call|a call} gave it back", _KEEP),
            "loaded": (
                "{variable|the value} is an address that came as a number, and no pointer to the verifier",
                "copy from there with ebpf.ReadUser (bpf_probe_read_user) where it is memory of the process, "
                "or ebpf.ReadKernel (bpf_probe_read_kernel) where it is the kernel's",
            ),
            "number": (
                "{variable|the value} is a number that {call|the kernel} returned, and no pointer to the "
                "verifier",
                "copy from there with ebpf.ReadKernel (bpf_probe_read_kernel), or ebpf.ReadUser "
                "(bpf_probe_read_user) where it is memory of the process",
            ),
        },
    ),
    Refusal(
        "R1 invalid mem access 'map_ptr'",
        r"invalid mem access '(?P<kind>\w+)'",
        "{variable|this pointer} can't be read or written through",
        "memory of kind {kind} can't be read or written like this: use the helper that is made for it",
        "pointer",
    ),
    Refusal(
        "R1 offset is outside of the packet",
        r"offset is outside of the packet|invalid access to packet",
        "the packet may end before what {read|{variable|this}} reads",
        "compare with the packet's end first: `if data+N > dataEnd {{ return }}` with N up to the end of "
        "what "
        "is read, on the pointer that is read through (or let ebpf.Header do it)",
        "offset",
    ),
    Refusal(
        "math between map_value pointer and register with unbounded min value is not allowed",
        r"math between (?P<what>\w+) pointer and register with unbounded min value",
        "{variable|the index} can be negative or of any size, and is added to {pointer|a pointer}",
        "the index can be negative or of any size: use an unsigned index and bound it right before its use "
        "(`if {variable|i} >= uint32(len(a)) {{ return 0 }}`)",
        "offset",
    ),
    Refusal(
        "value -2147483648 makes map_value pointer be out of bounds",
        r"value (?P<value>-?\d+) makes (?P<what>\w+) pointer be out of bounds",
        "{variable|the index} can be {value}, and is added to {pointer|a pointer}",
        "use an unsigned index and bound it right before its use "
        "(`if {variable|i} >= uint32(len(a)) {{ return 0 }}`)",
        "offset",
    ),
    Refusal(
        "math between map_value pointer and 4294967296 is not allowed",
        r"math between (?P<what>\w+) pointer and (?P<value>-?\d+) is not allowed"
        r"|pointer offset (?P<offset>-?\d+) is not allowed",
        "{pointer|a pointer} is moved by {value}{offset} bytes, which is more than any memory has",
        "look at the number that is added; the verifier takes offsets below 2^29",
        "offset",
    ),
    Refusal(
        "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
        r"unbounded memory access, use|min value is negative, either use unsigned or",
        "{variable|the size} has no bound that the verifier knows, and {call|the call} takes it for a size",
        "the size or index has no bound: make it unsigned and bound it right before its use "
        "(`if {variable|n} > 64 {{ {variable|n} = 64 }}`, or `{variable|n} &= 63` where the size is a power "
        "of "
        "two)",
        "argument",
    ),
    Refusal(
        "R6 unbounded memory access, make sure to bounds check any such access",
        r"unbounded (?:min|max) value|unbounded memory access|min value is negative",
        "{variable|the size or index} has no bound that the verifier knows",
        "the size or index has no bound: make it unsigned and bound it right before its use "
        "(`if n > 64 {{ n = 64 }}`, or `n &= 63` where the size is a power of two)",
        "offset",
    ),
    Refusal(
        "R0 min value is outside of the allowed memory range",
        r"min value is outside of the allowed memory range",
        "{read|{variable|what is accessed}} leads out of the memory that it points to{span}",
        "the offset can lie before or behind the value: use an unsigned index, test it against the length "
        "right before its use, and look whether the type is as big as what is read",
        "offset",
        _BEYOND,
    ),
    Refusal(
        "R7 max value is outside of the allowed memory range",
        r"max value is outside of the allowed memory range",
        "{variable|the index} can lead beyond the end of what {pointer|the pointer} points to{span}",
        "the index can be too large: test it against the length right before its use "
        "(`if {variable|i} >= uint32(len(a)) {{ return 0 }}`); a mask must be below the length",
        "offset",
        _BEYOND,
    ),
    Refusal(
        "invalid access to map value, value_size=16 off=16 size=8",
        r"invalid access to map (?:value|key)",
        "{variable|what is accessed} leads out of the map's value",
        "the map's value is smaller than what is read or written: compare its type with the one in use",
        "offset",
    ),
    # Stack
    Refusal(
        "invalid unbounded variable-offset write to stack R2",
        r"variable-offset (?:write|read|indirect).* stack|variable offset stack",
        "{variable|the index} into a local array has no bound that the verifier knows",
        "an array on the stack is indexed by a value without bound: test the index right before its use, "
        "or keep the array in a map",
        "offset",
    ),
    Refusal(
        "invalid read from stack R2 off=-4 size=16",
        r"invalid (?:indirect )?read from stack (?:R\d+ )?off[= ](?P<off>-?[\d+]+) size[= ](?P<size>\d+)",
        *_UNWRITTEN,
        "argument",
    ),
    Refusal(
        "invalid stack type R1 off=-8 access_size=16",
        r"invalid (?:indirect )?read from stack|invalid stack type",
        "bytes of the stack are read that were never written",
        "these bytes of the stack were never written: give the variable a value first, padding included "
        "(`var v T` is zeroed; a struct with gaps needs explicit padding fields)",
        "argument",
    ),
    Refusal(
        "invalid write to stack R1 off=-8 size=16",
        r"invalid write to stack R\d+ off=(?P<off>-?\d+) size=(?P<size>\d+)",
        *_TOO_SMALL,
        "argument",
    ),
    Refusal(
        "invalid indirect access to stack R1 off=-8 size=16",
        r"invalid indirect access to stack R\d+ off=(?P<off>-?\d+) size=(?P<size>\d+)",
        "{call|the call} takes {size} bytes at {argument|a variable}, which has fewer",
        "the call writes or reads more bytes than the variable has: compare the size that is passed "
        "({size_argument|{size}}) with the variable's, such as uint32(unsafe.Sizeof({variable|v}))",
        "argument",
        {"written": _TOO_SMALL, "read": _UNWRITTEN},
    ),
    Refusal(
        "invalid stack off=-520 size=8",
        r"invalid write to stack|invalid indirect access to stack|invalid stack off|beyond stack",
        "memory beside the stack's variables is accessed",
        "the call writes or reads more bytes than the variable has: compare the size that is passed with "
        "the variable's",
        "argument",
    ),
    Refusal(
        "combined stack size of 3 calls is 544. Too large",
        r"combined stack size of (?P<frames>\d+) calls is (?P<bytes>\d+)",
        "{frames} functions that are active at once take {bytes} bytes of stack",
        "512 bytes of stack are all there is, over all functions that are active: move large variables into "
        "a per-CPU array map",
        "whole",
    ),
    Refusal(
        "tail_calls are not allowed when call stack of previous frames is 320 bytes. Too large",
        r"tail_calls are not allowed when call stack of previous frames is (?P<bytes>\d+) bytes",
        "a function that makes a tail call is called from frames of {bytes} bytes; it may be 256 at most",
        "move large variables into a per-CPU array map, or make the tail call in the program itself",
        "whole",
    ),
    Refusal(
        "the call stack of 9 frames is too deep !",
        r"call stack of (?P<frames>\d+) frames is too deep",
        "{frames} functions call each other in a row; it may be 8 at most",
        "inline some of them: take away //go:noinline",
        "whole",
    ),
)
