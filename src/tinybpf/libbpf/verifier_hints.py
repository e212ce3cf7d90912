"""What to do about a refusal of the verifier: a table, the first entry that matches wins.

An entry is a pattern for the verifier's words and the advice for who wrote the program in Go. The
words are the same in the kernel's logs before and after Linux 7.3. In the advice ``{name}`` stands
for a group of the pattern.
"""

from __future__ import annotations

HINTS: tuple[tuple[str, str], ...] = (
    # Pointers that may be nil
    (
        r"invalid mem access '(?:trusted_|rcu_|untrusted_)*(?:map_value|ringbuf_mem|mem|alloc_mem)_or_null",
        "the result of the lookup or reservation can be nil: test it (`if p == nil { return 0 }`) before it "
        "is used",
    ),
    (
        r"invalid mem access '\w*_or_null'|_or_null' pointer|type=\w*_or_null expected",
        "the pointer can be nil here: test it (`if p == nil { return 0 }`) before it is used",
    ),
    (
        r"Possibly NULL pointer passed to (?:trusted|helper)? ?arg(?P<arg>\d)",
        "argument {arg} (counted from 0) can be nil: test it before the call",
    ),
    # Memory that is not the program's to read
    (
        r"invalid mem access '(?:scalar|inv)'",
        "the value is a number to the verifier, no pointer: kernel and user memory is read through "
        "bpf_probe_read_kernel or bpf_probe_read_user, and a pointer is gone after a call that releases it "
        "(submit, discard) or moves the packet's data",
    ),
    (
        r"invalid mem access '(?P<kind>\w+)'",
        "memory of kind {kind} can't be read or written like this: use the helper that is made for it",
    ),
    (
        r"offset is outside of the packet|invalid access to packet",
        "compare with the packet's end first: `if data+N > dataEnd { return }` with N up to the end of what "
        "is read, on the pointer that is read through",
    ),
    (
        r"math between (?P<what>\w+) pointer and register with unbounded min value",
        "the index can be negative or of any size: use an unsigned index and bound it right before its use "
        "(`if i >= uint32(len(a)) { return 0 }`)",
    ),
    (
        r"unbounded (?:min|max) value|unbounded memory access|min value is negative",
        "the size or index has no bound: make it unsigned and bound it right before its use "
        "(`if n > 64 { n = 64 }`, or `n &= 63` where the size is a power of two)",
    ),
    (
        r"min value is outside of the allowed memory range",
        "the offset can lie before or behind the value: use an unsigned index, test it against the length "
        "right before its use, and look whether the type is as big as what is read",
    ),
    (
        r"max value is outside of the allowed memory range",
        "the index can be too large: test it against the length right before its use "
        "(`if i >= uint32(len(a)) { return 0 }`); a mask must be below the length",
    ),
    (
        r"invalid access to map (?:value|key)",
        "the map's value is smaller than what is read or written: compare its type with the one in use",
    ),
    # Stack
    (
        r"variable-offset (?:write|read|indirect).* stack|variable offset stack",
        "an array on the stack is indexed by a value without bound: test the index right before its use, "
        "or keep the array in a map",
    ),
    (
        r"invalid (?:indirect )?read from stack|invalid stack type",
        "these bytes of the stack were never written: give the variable a value first, padding included "
        "(`var v T` is zeroed; a struct with gaps needs explicit padding fields)",
    ),
    (
        r"invalid write to stack|invalid indirect access to stack|invalid stack off|beyond stack",
        "the call writes or reads more bytes than the variable has: compare the size that is passed with "
        "the variable's",
    ),
    (
        r"combined stack size of \d+ calls is \d+|stack depth|stack size .* exceeds",
        "512 bytes of stack are all there is, over all functions that are active: move large variables into "
        "a per-CPU array map",
    ),
    # Loops and size
    (
        r"infinite loop detected|back-edge from insn",
        "the verifier can't see that the loop ends: bound it by a constant (`for i := 0; i < 64; i++`), or "
        "use ebpf.Loop (the helper bpf_loop)",
    ),
    (
        r"too large\. Processed \d+ insn|program is too large|sequence of \d+ jumps is too complex",
        "the verifier walks every turn of every loop and every branch in it: make loops shorter, use "
        "ebpf.Loop (the helper bpf_loop), whose body it walks once, or move parts into functions that are "
        "not inlined",
    ),
    (
        r"may_goto|too many states",
        "too many different states in a loop: fewer variables that change in it, or ebpf.Loop (the helper "
        "bpf_loop)",
    ),
    # References and locks
    (
        r"Unreleased reference|reference leak|reference has not been (?:acquired|released)",
        "what was reserved or acquired must be given back on every path: submit or discard it before each "
        "return",
    ),
    (
        r"progs cannot use bpf_spin_lock",
        "programs of sections tracepoint, raw_tracepoint, kprobe, uprobe, perf_event and socket can't lock: "
        "count with sync/atomic, or in a per-CPU map; programs of section tp_btf can",
    ),
    (
        r"bpf_spin_(?:un)?lock|spin_lock-ed region|while holding a lock|holding a lock",
        "while a spin lock is held the program can only read and write memory: no calls and no return until "
        "it is unlocked, on every path",
    ),
    (
        r"rcu_read_(?:un)?lock|RCU",
        "bpf_rcu_read_lock and bpf_rcu_read_unlock must come in pairs on every path",
    ),
    (
        r"arg#?\d+ expected pointer to an iterator|unreleased iter|iter(?:ator)? .*(?:not|leak)",
        "an iterator must be made, stepped until it is done, and destroyed on every path",
    ),
    # Values returned
    (
        r"At .+ the register R\d .*should have been in \[(?P<low>-?\d+), (?P<high>-?\d+)\]",
        "this kind of program or callback may return {low} to {high} only: return one of them on every path",
    ),
    (
        r"R0 (?:!read_ok|is not a known value)|R0 leaks addr",
        "a value must be returned on every path, and it can't be a pointer",
    ),
    (
        r"R(?P<reg>\d+) !read_ok",
        "a value is used that was never set on this path: what a helper call took as arguments is gone "
        "after it, and each variable needs a value on every path",
    ),
    # Helpers, kfuncs, contexts
    (
        r"program of this type cannot use helper (?P<helper>\w+)",
        "{helper} is not available in this kind of program: another kind of program, or another helper",
    ),
    (
        r"unknown func (?P<helper>\S+)|invalid func (?P<other>\S+)",
        "the running kernel has no such helper, or not for this kind of program: it may need a newer kernel",
    ),
    (
        r"calling kernel function (?P<name>\w+) is not allowed",
        "the kernel function {name} is not available in this kind of program",
    ),
    (
        r"GPL[- ](?:restricted|only|compatible)|from non-GPL",
        'the helper is for programs under the GPL: say so with the license "GPL" or "Dual MIT/GPL"',
    ),
    (
        r"invalid bpf_context access off=(?P<off>-?\d+) size=(?P<size>\d+)",
        "the context has no field of {size} bytes at offset {off} that this kind of program may use so: "
        "compare the context's type with the kernel's; some fields can only be read, or only whole",
    ),
    (
        r"dereference of modified ctx|modified ctx ptr|variable ctx access",
        "read fields of the context at constant offsets only: no index, no pointer into it",
    ),
    (
        r"R(?P<reg>\d+) type=(?P<got>\S+) expected=(?P<want>.+)",
        "argument {reg} of the call is of kind {got}, but must be {want} (map_ptr: a map; fp: memory on the "
        "stack; scalar: a number)",
    ),
    (
        r"invalid zero-sized read",
        "the size can be 0: return before the call where it is, or make sure of at least 1",
    ),
    (
        r"write into map forbidden|cannot write into|R\d+ cannot write",
        "this memory can only be read: constants (`.rodata`) and read-only maps are not written by programs",
    ),
    (
        r"read into map forbidden|cannot read from",
        "this memory can only be written",
    ),
    (
        r"pointer \S+ pointer prohibited|pointer arithmetic|bitwise operator",
        "a pointer can only have a number added to it or taken from it, in 64 bits",
    ),
    (
        r"leaks? addr|leak pointer|addr into (?:map|mem|ctx)",
        "a kernel address would be stored where user space can read it: store a number instead",
    ),
    (
        r"misaligned",
        "the field is read across its natural boundary: read it byte by byte, or align the struct",
    ),
    # Shape of the program
    (
        r"unreachable insn|last insn is not an exit|jump out of range|invalid func proto|!root",
        "the instructions make no complete function: this is a fault of what compiled them",
    ),
    (
        r"Caller passes invalid args|expects? (?:a )?pointer|must be a known constant|is not a known const",
        "the function is verified on its own with its declared types: a pointer must be tested for nil in "
        "it, and constants must be constants in the source",
    ),
    (
        r"attach_btf_id|is not a kernel function|Tracing prog",
        "the function or hook to attach to does not exist in this kernel's BTF, or can't be attached to",
    ),
    (
        r"sleepable|might sleep|may sleep",
        'this call can sleep, which only sleepable programs may (sections with ".s")',
    ),
    (
        r"tail_call",
        "a tail call needs a program array map, and functions with small stacks around it",
    ),
)
