"""Go code around the cases: a BPF program for each, and one ordinary program that has them all."""

from __future__ import annotations

from .source import Case, CaseFile

WORDS = 12
"""How many inputs and how many results there may be, each in 8 bytes."""

PANICKED = 86
"""What a BPF program returns after a panic."""


def _arguments(case: Case) -> str:
    return ", ".join(f"in[{n}] != 0" if t == "bool" else f"{t}(in[{n}])" for n, t in enumerate(case.params))


def _keep(case: Case, indent: str) -> list[str]:
    lines = []
    for n, t in enumerate(case.results):
        if t == "bool":
            text = f"if r{n} {{\n\tout[{n}] = 1\n}} else {{\n\tout[{n}] = 0\n}}"
            lines += [indent + line for line in text.split("\n")]
        else:
            lines.append(f"{indent}out[{n}] = uint64(r{n})")
    return lines


def _call(case: Case, indent: str) -> list[str]:
    results = ", ".join(f"r{n}" for n in range(len(case.results)))
    return [f"{indent}{results} := {case.name}({_arguments(case)})", *_keep(case, indent)]


def bpf(file: CaseFile) -> str:
    """The file beside the cases that makes a program ``t_NAME`` of each."""
    lines = [f"package {file.stem}", "", 'import "unsafe"', ""]
    lines += ["type harnessContext struct {", f"\tin, out [{WORDS}]uint64", "}", ""]
    for case in file.cases:
        lines += [
            f"//export t_{case.name}", "//bpf:section syscall", f"//bpf:onpanic {PANICKED}",
            f"func t_{case.name}(ctx unsafe.Pointer) int32 {{",
            "\tin, out := &(*harnessContext)(ctx).in, &(*harnessContext)(ctx).out",
        ]  # fmt: skip
        if file.has_effects:
            lines.append("\tEffects = 0")
        if not case.params:
            lines.append("\t_ = in")
        lines += [*_call(case, "\t"), "\treturn 0", "}", ""]
    if file.has_effects:
        lines += _EFFECTS.split("\n")
    return "\n".join(lines)


_EFFECTS = """\
//export harness_effects
//bpf:section syscall
func harness_effects(ctx unsafe.Pointer) int32 {
	(*harnessContext)(ctx).out[0] = Effects
	return 0
}
"""


def table(file: CaseFile) -> str:
    """The file beside the cases that lists them for the ordinary program."""
    lines = [f"package {file.stem}", "", "var Table = []func(in, out []uint64){"]
    for case in file.cases:
        lines += ["\tfunc(in, out []uint64) {", *_call(case, "\t\t"), "\t},"]
    lines += ["}", ""]
    setter, getter = ("Effects = 0", "Effects") if file.has_effects else ("", "0")
    lines += [f"func Reset() {{ {setter} }}", f"func Seen() uint64 {{ return {getter} }}", ""]
    return "\n".join(lines)


def main(files: list[CaseFile]) -> str:
    """Reads ``file case inputs...`` by lines, writes ``panicked effects results...`` by lines."""
    imports = "\n".join(f'\t"cases/{f.stem}"' for f in files)
    packages = "\n".join(f"\t{{{f.stem}.Table, {f.stem}.Reset, {f.stem}.Seen}}," for f in files)
    return _MAIN.replace("IMPORTS", imports).replace("PACKAGES", packages).replace("WORDS", str(WORDS))


_MAIN = """\
package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"

IMPORTS
)

type pkg struct {
	table []func(in, out []uint64)
	reset func()
	seen  func() uint64
}

var packages = []pkg{
PACKAGES
}

func call(f func(in, out []uint64), in, out []uint64) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f(in, out)
	return
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
		p := packages[in[0]]
		out := make([]uint64, WORDS)
		p.reset()
		status := uint64(0)
		if call(p.table[in[1]], in[2:], out) {
			status = 1
		}
		w.WriteString(strconv.FormatUint(status, 10) + " " + strconv.FormatUint(p.seen(), 10))
		for _, x := range out {
			w.WriteString(" " + strconv.FormatUint(x, 10))
		}
		w.WriteString("\\n")
	}
}
"""
