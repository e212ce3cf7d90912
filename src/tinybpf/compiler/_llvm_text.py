"""What is made of a module's text between LLVM's optimiser and code generator, for the verifier's sake."""

from __future__ import annotations

import itertools
import re
from typing import Any


def for_verifier(llvm: Any, module: Any) -> Any:
    """The module with addresses and comparisons as the verifier can follow them.

    The same module where nothing of it is to be changed.
    """
    parts = str(module).split("\ndefine ")  # printing one function would number the whole module
    found = False
    for n, part in enumerate(parts[1:], 1):
        body, end, rest = part.partition("\n}")
        changed = compared(summed(body) if " = alloca " in body else body)
        if changed != body:
            parts[n], found = changed + end + rest, True
    return llvm.parse_assembly("\ndefine ".join(parts)) if found else module


def summed(text: str) -> str:
    """A function's text with the addresses of parts of variables as sums: offsets into variables, and the
    second of two places, are hidden.

    Of two places in a variable the code generator makes one, the offset chosen or computed; and where it
    knows the bits to be free it writes ``fp | offset``, which the verifier refuses. So it must not know them.
    """
    places = set(re.findall(r"^  (%[^ ]+) = alloca ", text, flags=re.M))
    opaque = set(re.findall(r"^  (%[^ ]+) = (?:tail )?call i64 asm ", text, flags=re.M))
    found = 0

    def hide(line: re.Match[str], of: str) -> str:
        nonlocal found
        found += 1
        name, value = f"%apart.{found}", line["hidden"]
        made = f'  {name} = call {of} asm "", "=r,0"({of} {value}) memory(none)'
        return f"{made}{line['place']}\n{line['before']}{name}{line['notes']}{line['place']}"

    def element(line: re.Match[str]) -> str:
        offset = line["hidden"]
        if line["base"] not in places or offset in opaque:
            return line[0]
        if offset.startswith("%"):
            return hide(line, "i64")
        places.add(line["made"])
        return line[0]

    def choice(line: re.Match[str]) -> str:
        return hide(line, "ptr") if {line["base"], line["hidden"]} <= places else line[0]

    end = r"(?P<hidden>[^ ,\n]+)(?P<notes>(?:, !.*?)?)(?P<place>(?:, !dbg !\d+)?)$"
    at = r"^(?P<before>  (?P<made>%[^ ]+) = "
    text = re.sub(
        at + r"getelementptr [^\n]*?, ptr (?P<base>%[^ ,]+)(?:, i64 0)?, i64 )" + end,
        element,
        text,
        flags=re.M,
    )
    return re.sub(at + r"select i1 [^ ]+, ptr (?P<base>[^ ,]+), ptr )" + end, choice, text, flags=re.M)


_SHIFTED = re.compile(r"^  (%[^ ]+) = add (?:nuw )?(?:nsw )?(i32|i64) (%[^ ,]+), -(\d+)", re.M)
_BRANCH = re.compile(r"^  br i1 (%[^ ,]+), ", re.M)


def compared(text: str) -> str:
    """A function's text in which a range is two comparisons again.

    ``n > 0 && n <= 56`` LLVM makes ``n - 1 < 56``, of which verifiers up to Linux 6.12 learn nothing about
    ``n``. The first of the two is signed: before 6.8 they learn nothing of ``n != 0`` either.
    """
    if "icmp ult" not in text:
        return text
    tests = set(_BRANCH.findall(text))
    for number, (made, of, value, least) in enumerate(_SHIFTED.findall(text)):
        limit = re.search(rf"^  (%[^ ]+) = icmp ult {of} {re.escape(made)}, (\d+)(.*)$", text, re.M)
        if limit is None or limit[1] not in tests or int(least) + int(limit[2]) >= 1 << (int(of[1:]) - 1):
            continue
        if len(re.findall(rf"{re.escape(value)}(?![\w.$-])", text)) <= 2:
            continue  # where it comes from, and the sum: nobody else wants to know
        place = limit[3]
        text = text.replace(
            limit[0],
            f"  %least.{number} = icmp sge {of} {value}, {least}{place}\n"
            f"  %below.{number} = icmp ult {of} {value}, {int(least) + int(limit[2])}{place}\n"
            f"  {limit[1]} = and i1 %least.{number}, %below.{number}{place}",
        )
    return text


def with_results(llvm: Any, module: Any) -> Any:
    """The module with a result for every function.

    The verifier looks at the result of each subprogram and refuses the address of a variable there. That
    is what may be left in the register where LLVM found that there is no result, or that nobody wants it.
    """
    own = [f for f in module.functions if not f.is_declaration and f.linkage == llvm.Linkage.internal]
    if not own:
        return module
    void = {f.name for f in own if str(f.global_value_type).startswith("void ")}
    text = re.sub(r"^  ret (i\d+) (?:poison|undef)", r"  ret \1 0", str(module), flags=re.M)
    if void:
        names = "|".join(map(re.escape, void))
        body = rf"^(define [^@\n]*)void (@(?:{names})\(.*?^}}$)"
        text = re.sub(
            body, lambda m: f"{m[1]}i64 {m[2].replace('  ret void', '  ret i64 0')}", text, flags=re.M | re.S
        )
        number = itertools.count()
        call = rf"^(  )((?:tail |notail )?call [^@\n]*)void (@(?:{names})\()"
        text = re.sub(call, lambda m: f"  %no.result.{next(number)} = {m[2]}i64 {m[3]}", text, flags=re.M)
    return llvm.parse_assembly(text)
