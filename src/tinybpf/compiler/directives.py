"""Comment lines that speak to the compiler: one that nobody would read is an error, not silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tinybpf.compiler import ssa

Report = Callable[[ssa.Pos, str, "str | None"], None]
Placed = tuple[ssa.Directive, "ssa.Function | None"]
"""A directive, and the function that it stands above, if it does."""

OF_PACKAGE = ("//bpf:license", "//bpf:panics")
OF_PROGRAMS = ("//bpf:onpanic", "//bpf:section")
KNOWN = (*OF_PACKAGE, *OF_PROGRAMS)


def check(placed: Iterable[Placed], is_program: Callable[[ssa.Function], bool], report: Report) -> None:
    """Report directives that are misspelt, stand where nobody reads them, or say two things."""
    said: dict[tuple[str, str], str] = {}
    for d, owner in placed:
        if owner is not None and owner.path:
            continue  # of another package
        word, _, rest = d.text.partition(" ")
        if word.startswith("//bpf:") and word not in KNOWN:
            _unknown(d, word, report)
        elif word == "//export" and owner is None:
            report(d.pos, "//export belongs above a function", "put it directly above func")
        elif word == "//bpf:panics" and owner is not None:
            report(
                d.pos,
                f"{word} is for all programs of the package, not for a function",
                "put it above the package clause, or between two empty lines",
            )
        elif word in OF_PROGRAMS and not (owner is not None and is_program(owner)):
            _misplaced(d, word, report)
        elif word in KNOWN:
            whose = owner.name if owner is not None and word in OF_PROGRAMS else ""
            if (word, whose) in said:
                _again(d, word, whose, said[word, whose], report)
            said.setdefault((word, whose), rest.strip())


def _unknown(d: ssa.Directive, word: str, report: Report) -> None:
    import difflib

    if word == "//bpf:":
        hint = f"write it without a space behind the colon; there are {', '.join(KNOWN)}"
    else:
        near = difflib.get_close_matches(word.lower(), KNOWN, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KNOWN)}"
    report(d.pos, f"unknown directive {word}", hint)


def _misplaced(d: ssa.Directive, word: str, report: Report) -> None:
    if word == "//bpf:section":
        hint = "put it directly above func, without an empty line between"
        report(d.pos, f"{word} belongs above a function", hint)
    else:
        hint = "write //bpf:section SECTION above the function, too"
        report(d.pos, f"{word} belongs above a program", hint)


def _again(d: ssa.Directive, word: str, whose: str, before: str, report: Report) -> None:
    if word == "//bpf:section":
        report(
            d.pos,
            f"function {whose} has two sections: {before} is given above this line",
            "a function is one program; write a second one that calls what both share",
        )
    else:
        report(d.pos, f"{word} is given twice: {before} before this", "take one of the two lines away")
