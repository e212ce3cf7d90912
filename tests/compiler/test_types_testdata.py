"""Go's own test data of the type checker: each expected error is told at its line, and no other.

The files are read from the Go that is installed (``GOROOT/src/internal/types/testdata``). A comment
``/* ERROR "text" */`` after a token says that there is an error at that token whose message has the text;
``ERRORx`` gives a regular expression. Flags stand in a file's first line, as in ``// -lang=go1.20``.
``assert``, which exists in those files only, is a function here; that its argument holds is not looked at.

Where there are syntax errors, the front end tells these alone, as gc does. Of such a file they are
compared first, and the rest without the lines that have them.
"""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from fuzz.native import GO_VERSION, go_command

from tinybpf.compiler import frontend, packages, ssa
from tinybpf.compiler.project import TAGS

# Packages that the kernel has no use for, or not yet.
IMPORTS = [
    "check/chans.go",
    "check/decls2",
    "check/decls3.go",
    "check/funcinference.go",
    "check/importdecl0",
    "check/importdecl1",
    "check/issue25008",
    "check/issues0.go",
    "check/issues1.go",
    "check/lookup1.go",
    "check/lookup2.go",
    "check/map0.go",
    "fixedbugs/issue40789.go",
    "fixedbugs/issue48082.go",
    "fixedbugs/issue49736.go",
    "fixedbugs/issue50929.go",
    "fixedbugs/issue51145.go",
    "fixedbugs/issue53535.go",
    "fixedbugs/issue53650.go",
    "fixedbugs/issue54942.go",
    "fixedbugs/issue58611.go",
    "fixedbugs/issue60933.go",
    "fixedbugs/issue61879.go",
    "fixedbugs/issue66285.go",
    "fixedbugs/issue67962.go",
    "fixedbugs/issue6977.go",
    "fixedbugs/issue69955.go",
]

# Names that the kernel's own such package does not have.
NAMES = [
    "check/constdecl.go",
    "fixedbugs/issue66064.go",
    "fixedbugs/issue66323.go",
    "fixedbugs/issue70549.go",
]

SYNTAX = [
    "check/stmt0.go",
    "check/typeinst0.go",
    "examples/functions.go",
    "fixedbugs/issue39634.go",
    "fixedbugs/issue45635.go",
    "fixedbugs/issue48827.go",
    "fixedbugs/issue50372.go",
]

OTHERS = {
    "check/builtins0.go": "tests the checker's own assert and trace, too",
    "fixedbugs/issue75986.go": "wants to be told of strings.Builder",
    "fixedbugs/issue78346.go": "left out by its build constraint",
    "check/expr3.go": "wants the fields of time.Time",
    "check/vardecl.go": "calls math.Sin",
    "check/importC.go": "cgo: -fakeImportC",
    "examples/types.go": "without the lines of its syntax errors it is another program",
    "fixedbugs/issue43109.go": "an import path that Go forbids, in our words",
    "fixedbugs/issue43190.go": "without the lines of its syntax errors it is another program",
    "fixedbugs/issue50427a.go": "without the lines of its syntax errors it is another program",
    "fixedbugs/issue50427b.go": "without the lines of its syntax errors it is another program",
    "spec/range.go": "without the lines of its syntax errors it is another program",
}
"""What is left out for another reason."""

LISTED = [*IMPORTS, *NAMES, *SYNTAX, *OTHERS]

TOKEN = re.compile(
    r"""(?P<space>\s+) | (?P<comment>//[^\n]*|/\*.*?\*/) | `[^`]*`
    | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | \w+ | .""",
    re.X | re.S,
)
EXPECTED = re.compile(r"(?://|/\*) (ERRORx?) (.*?)\s*(?:\*/)?", re.S)
FLAGS = re.compile(r"// -(\w+)(?:=(\S+))?$", re.M)
CHECKS_ITSELF = re.compile(r".*\b(?:assert|trace)\(")

LACKING = "is not in the kernel's"


class Error(NamedTuple):
    file: str
    line: int
    text: str
    pattern: bool = False  # the text is one


@cache
def root() -> Path | None:
    """Where Go has its test data."""
    try:
        asked = subprocess.run([go_command(), "env", "GOROOT"], text=True, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    folder = Path(asked.stdout.strip()) / "src" / "internal" / "types" / "testdata"
    return folder if folder.is_dir() else None


def every() -> list[str]:
    """Files that are packages of their own, and directories that are one."""
    top = root()
    if top is None:
        return []
    found = [p for kind in sorted(top.iterdir()) if kind.is_dir() for p in sorted(kind.iterdir())]
    return [str(p.relative_to(top)) for p in found if p.suffix == ".go" or p.is_dir()]


def sources(name: str) -> dict[str, str]:
    """The texts of a package, by file name."""
    top = root()
    assert top is not None
    place = top / name
    files = sorted(place.glob("*.go")) if place.is_dir() else [place]
    return {f.name: f.read_text(errors="surrogateescape") for f in files}


def expected(file: str, text: str) -> list[Error]:
    """The errors that the comments of a file announce, each at the line of the token before."""
    found = []
    line = before = 1
    lines = text.split("\n")
    for token in TOKEN.finditer(text):
        wanted = EXPECTED.fullmatch(token["comment"]) if token["comment"] else None
        if wanted and not CHECKS_ITSELF.match(lines[before - 1]):
            said = wanted[2].strip()
            said = said[1:-1] if said[0] == "`" else str(ast.literal_eval(said))
            found.append(Error(file, before, said, wanted[1] == "ERRORx"))
        if not token["space"] and not token["comment"]:
            before = line
        line += token[0].count("\n")
    return found


def told(texts: dict[str, str], folder: Path) -> list[Error]:
    """The errors that the front end tells."""
    first = next(iter(texts.values()))
    flags = dict(FLAGS.findall(first.partition("\n")[0]))
    given = dict(texts)
    if any("assert(" in text for text in texts.values()):
        clause = re.search(r"^package \w+", first, re.M)
        assert clause
        given = {n: text.replace("= assert(", "= bool(") for n, text in given.items()}
        given["assert.go"] = f"{clause[0]}\n\nfunc assert[T ~bool](x T) T {{ return x }}\n"
    version = flags.get("lang", f"go{GO_VERSION}").removeprefix("go")
    (folder / "go.mod").write_text(f"module p\n\ngo {version}\n")
    request = ssa.Request(dir=str(folder), sources=given, tags=list(TAGS), packages=packages.provided())
    document = frontend.run(request)
    paths = dict(enumerate(f.path for f in document.files))
    found = [Error(paths.get(d.pos.file, ""), d.pos.line, d.message) for d in document.diagnostics]
    return [e for e in found if e.file != "assert.go"]


def fits(got: Error, wanted: Error) -> bool:
    if got[:2] != wanted[:2]:
        return False
    return re.search(wanted.text, got.text) is not None if wanted.pattern else wanted.text in got.text


def differences(texts: dict[str, str], got: list[Error]) -> tuple[list[Error], list[Error]]:
    """What was expected and not told; what was told and not expected.

    What is expected twice at a line in the same words is told once.
    """
    met: list[Error] = []
    missing = []
    for wanted in [w for file, text in texts.items() for w in expected(file, text)]:
        fitting = sorted((g for g in got if fits(g, wanted)), key=met.count)
        met += fitting[:1]
        if not fitting:
            missing.append(wanted)
    return missing, [g for g in got if g not in met]


def without(texts: dict[str, str], errors: list[Error]) -> dict[str, str]:
    """The texts, empty where there are errors."""
    gone = {(e.file, e.line) for e in errors}
    return {
        file: "\n".join("" if (file, n) in gone else line for n, line in enumerate(text.split("\n"), 1))
        for file, text in texts.items()
    }


def shown(missing: list[Error], unexpected: list[Error]) -> str:
    lines = [f"{e.file}:{e.line}: not told: {e.text}" for e in missing]
    return "\n".join(lines + [f"{e.file}:{e.line}: told: {e.text}" for e in unexpected])


pytestmark = pytest.mark.skipif(root() is None, reason="no Go with internal/types/testdata")


def test_each_expected_error_is_told(tmp_path: Path) -> None:
    wrong = []
    errors = 0
    for name in every():
        if name in LISTED:
            continue
        texts = sources(name)
        missing, unexpected = differences(texts, told(texts, tmp_path))
        errors += sum(len(expected(*file)) for file in texts.items())
        if missing or unexpected:
            wrong.append(f"{name}\n{shown(missing, unexpected)}")
    assert not wrong, "\n".join(wrong)
    assert errors > 1000


@pytest.mark.parametrize("name", SYNTAX)
def test_syntax_errors_come_alone(name: str, tmp_path: Path) -> None:
    texts = sources(name)
    got = told(texts, tmp_path)
    missing, unexpected = differences(texts, got)
    assert got and missing and not unexpected, shown([], unexpected)
    rest = without(texts, got)
    missing, unexpected = differences(rest, told(rest, tmp_path))
    assert not missing and not unexpected, shown(missing, unexpected)


@pytest.mark.parametrize("name", IMPORTS)
def test_what_is_left_out_for_its_imports_has_such(name: str, tmp_path: Path) -> None:
    heads = [re.split(r"(?m)^(?:func|type|var|const)\b", text)[0] for text in sources(name).values()]
    paths = [path for head in heads for path in re.findall(r'(?m)^[^/\n]*"([\w/]+)"', head)]
    clauses = "".join(f'import _ "{path}"\n' for path in paths)
    got = told({"imports.go": f"package p\n{clauses}"}, tmp_path)
    assert any("available" in e.text for e in got), paths


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_out_for_names_lacks_them(name: str, tmp_path: Path) -> None:
    assert any(LACKING in e.text for e in told(sources(name), tmp_path))


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_left_out_would_not_do(name: str, tmp_path: Path) -> None:
    texts = sources(name)
    assert any(differences(texts, told(texts, tmp_path)))


def test_the_lists_are_of_files_that_there_are() -> None:
    assert len(set(LISTED)) == len(LISTED)
    assert set(LISTED) <= set(every())
    assert len(every()) > 300
