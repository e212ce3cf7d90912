"""Keeps docs/verifier.md as the code is: the table of refusals, and what is said of each program on it.

python tools/docs_verifier.py            writes the page; needs root and a kernel with BPF
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "verifier.md"
TESTS = ROOT / "tests"
NAME = "program.go"
"""What the programs of the page are called in messages."""

_TABLE = re.compile(r"^\| the verifier says \|.*?\n(?=\n|\Z)", re.M | re.S)
_EXAMPLE = re.compile(
    r"^```go\n(?P<refused>.*?)^```\n\n```text\n(?P<said>.*?)^```\n\n.*?^```go\n(?P<cured>.*?)^```$",
    re.M | re.S,
)


def table() -> str:
    """The rows of the table of refusals, as the code has them."""
    from tinybpf.libbpf.verifier_hints import REFUSALS
    from tinybpf.libbpf.verifier_refusal import fill

    seen = refused()
    rows = ["| the verifier says | which means | what cures it | for example |", "|---|---|---|---|"]
    for refusal in REFUSALS:
        words = [f"`{refusal.says}`", fill(refusal.reason, {}), fill(refusal.hint, {})]
        words.append(", ".join(f"`{name}`" for name in seen.get(refusal.says, [])[:2]))
        rows.append("| " + " | ".join(word.replace("|", "\\|") for word in words) + " |")
    return "\n".join(rows) + "\n"


def refused() -> dict[str, list[str]]:
    """The tests' programs that are refused: in Go, and logs of those in C, by what is said of them."""
    from tinybpf.libbpf.verifier import parse_log, refusal_of

    spec = importlib.util.spec_from_file_location("refused_programs", TESTS / "support/refused_programs.py")
    assert spec is not None and spec.loader is not None
    programs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(programs)
    found: dict[str, list[str]] = {}
    for name, says in programs.SAYS.items():
        found.setdefault(says, []).append(f"{name}.go")
    for path in sorted((TESTS / "libbpf/data/verifier").glob("*.log")):
        known = refusal_of(parse_log(path.read_text()).messages)
        if known is not None:
            found.setdefault(known[0].says, []).append(path.name)
    return found


def examples(text: str) -> list[tuple[str, str, str]]:
    """Each program that is refused, what is said of it, and the program that is not."""
    return [(m["refused"], m["said"], m["cured"]) for m in _EXAMPLE.finditer(text)]


def said_of(program: str) -> str:
    """What the error for a program says; empty where it loads."""
    import tinybpf

    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            Path(NAME).write_text(program)
            tinybpf.load_go(NAME).close()
        except tinybpf.VerifierError as error:
            return f"{error}\n"
        finally:
            os.chdir(before)
    return ""


def with_table(text: str) -> str:
    return _TABLE.sub(lambda _: table(), text)


def with_words(text: str) -> str:
    """The page with what is said of each program now."""
    return _EXAMPLE.sub(
        lambda m: m[0].replace(f"```text\n{m['said']}", f"```text\n{said_of(m['refused'])}", 1), text
    )


def main() -> int:
    PAGE.write_text(with_words(with_table(PAGE.read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
