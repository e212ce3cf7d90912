"""Go around a program: what sets its package variables back, runs it, and tells what is in them.

The same functions for gc and for the kernel: ``reset_N``, ``state_N``, and a call of ``run_N``.
"""

from __future__ import annotations

import re

from .generate import OUTPUTS
from .tree import SERIAL, Program, imports
from .types import Type

INPUTS = 4
WORDS = OUTPUTS + 2
"""What is seen of a run: the trace, the outputs, and all other package variables as one number."""

PANICKED = 86
"""What the program in the kernel returns after a panic."""


def functions(program: Program, serial: str) -> str:
    """``reset_N`` and ``state_N``."""
    lines = [f"func reset_{SERIAL}() {{"]
    for name, t, initial in program.state:
        lines += [f"\tvar zero_{name} {t}" + (f" = {initial}" if initial else ""), f"\t{name} = zero_{name}"]
    lines += ["}", "", f"func state_{SERIAL}(to *[{WORDS}]uint64) {{", f"\tto[0] = trace_{SERIAL}"]
    lines += [f"\tto[{n + 1}] = out_{SERIAL}[{n}]" for n in range(OUTPUTS)]
    lines.append("\th := uint64(0)")
    for name, t, _ in program.state[2:]:
        lines += _mix(name, t, 1)
    lines += [f"\tto[{WORDS - 1}] = h", "}", ""]
    return "\n".join(lines).replace(SERIAL, serial)


def _mix(path: str, t: Type, depth: int) -> list[str]:
    indent = "\t" * depth
    if t.kind == "bool":
        return [f"{indent}h *= 31", f"{indent}if {path} {{", f"{indent}\th++", f"{indent}}}"]
    if t.kind == "array":
        i = f"i{depth}"
        return [
            f"{indent}for {i} := range {t.len} {{",
            *_mix(f"{path}[{i}]", t.element, depth + 1),
            f"{indent}}}",
        ]
    if t.kind == "struct":
        return [line for name, of in t.fields for line in _mix(f"{path}.{name}", of, depth)]
    return [f"{indent}h = h*31 + uint64({path})"]


def _call(program: Program, words: str) -> str:
    return f"run_{SERIAL}({', '.join(f'{t}({words}[{n}])' for n, t in enumerate(program.parameters))})"


def bpf(programs: list[Program], lines: bool = False) -> str:
    """One package with programs ``t_N``, which runs, and ``s_N``, which tells; panics are counted by line
    where that is asked for."""
    parts = [_CONTEXT.replace("INPUTS", str(INPUTS)).replace("WORDS", str(WORDS))]
    for n, program in enumerate(programs):
        frame = _PROGRAM.replace("CALL", _call(program, "c.in")).replace("PANICKED", str(PANICKED))
        parts += [
            _begin(n),
            program.source(str(n)),
            functions(program, str(n)),
            frame.replace(SERIAL, str(n)),
        ]
    return ("//bpf:panics lines\n" if lines else "") + _package(parts, ["unsafe"])


def native(programs: list[Program]) -> str:
    """One package with a table of all programs, and what reads inputs and writes states by lines."""
    parts, table = [], []
    for n, program in enumerate(programs):
        parts += [_begin(n), program.source(str(n)), functions(program, str(n))]
        run = f"func(in []uint64) {{ {_call(program, 'in')} }}"
        table.append(f"\t{{reset_{SERIAL}, {run}, state_{SERIAL}}},".replace(SERIAL, str(n)))
    main = _MAIN.replace("TABLE", "\n".join(table)).replace("WORDS", str(WORDS))
    return _package([*parts, main], ["bufio", "fmt", "os", "runtime", "strconv", "strings"])


def _begin(n: int) -> str:
    return f"// program {n}"


_BEGIN = re.compile(r"^// program (\d+)$", re.M)


def first_lines(text: str) -> dict[int, int]:
    """In which line of a package's source each program begins."""
    return {int(m[1]): text.count("\n", 0, m.start()) + 1 for m in _BEGIN.finditer(text)}


def _package(parts: list[str], others: list[str]) -> str:
    body = "\n".join(parts)
    wanted = sorted({*imports(body), *(f'import "{name}"' for name in others)})
    return "\n".join(["package main", "", *wanted, "", body])


_CONTEXT = """\
type harness struct {
	in  [INPUTS]uint64
	out [WORDS]uint64
}

func main() {}
"""

_PROGRAM = f"""\
//export t_{SERIAL}
//bpf:section syscall
//bpf:onpanic PANICKED
func t_{SERIAL}(ctx unsafe.Pointer) int32 {{
	c := (*harness)(ctx)
	reset_{SERIAL}()
	CALL
	return 0
}}

//export s_{SERIAL}
//bpf:section syscall
func s_{SERIAL}(ctx unsafe.Pointer) int32 {{
	state_{SERIAL}(&(*harness)(ctx).out)
	return 0
}}
"""

_MAIN = """\
type entry struct {
	reset func()
	run   func(in []uint64)
	state func(to *[WORDS]uint64)
}

var table = []entry{
TABLE
}

// place is the line where a panic began, 0 if there was none, and its reason.
func place(run func([]uint64), in []uint64) (line int, reason string) {
	defer func() {
		if value := recover(); value != nil {
			line, reason = origin(), fmt.Sprint(value)
		}
	}()
	run(in)
	return
}

// origin is the first line of this file below where the runtime began to panic.
func origin() int {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for below := false; ; {
		frame, more := frames.Next()
		if below && strings.HasPrefix(frame.Function, "main.") {
			return frame.Line
		}
		below = below || frame.Function == "runtime.gopanic"
		if !more {
			return -1
		}
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		in := make([]uint64, len(words))
		for i, word := range words {
			in[i], _ = strconv.ParseUint(word, 10, 64)
		}
		at := table[in[0]]
		at.reset()
		line, reason := place(at.run, in[1:])
		var seen [WORDS]uint64
		at.state(&seen)
		w.WriteString(strconv.Itoa(line))
		for _, x := range seen {
			w.WriteString(" " + strconv.FormatUint(x, 10))
		}
		w.WriteString(" " + strings.ReplaceAll(reason, "\\n", " ") + "\\n")
	}
}
"""
