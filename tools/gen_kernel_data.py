"""Write the compiler's kernel data from a libbpf source tree.

    python tools/gen_kernel_data.py TREE_OR_TARBALL      rewrites src/tinybpf/compiler/kernel/*_data.py
    python tools/gen_kernel_data.py --check TREE_OR_...  exits with 1 where the files would change

libbpf carries the kernel's UAPI header (``include/uapi/linux/bpf.h``) and defines what section
names mean (``section_defs`` in ``src/libbpf.c``). Taken from them: the number and the C prototype
of each helper, the numbers of map types, program types and attach types, and the section table.
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
from pathlib import Path

KERNEL = Path(__file__).resolve().parent.parent / "src/tinybpf/compiler/kernel"
FILES = {
    "header": "include/uapi/linux/bpf.h",
    "sections": "src/libbpf.c",
    "makefile": "src/Makefile",
}


def read_sources(where: Path) -> dict[str, str]:
    """The texts of ``FILES`` from a source tree or a tarball of one."""
    if where.is_dir():
        return {key: (where / name).read_text() for key, name in FILES.items()}
    found: dict[str, str] = {}
    with tarfile.open(where) as tar:
        for member in tar:
            for key, name in FILES.items():
                stream = tar.extractfile(member) if member.name.partition("/")[2] == name else None
                if stream is not None:
                    found[key] = stream.read().decode()
    missing = [name for key, name in FILES.items() if key not in found]
    if missing:
        raise SystemExit(f"{where}: no {', '.join(missing)} in it")
    return found


def libbpf_version(makefile: str) -> str:
    part = dict(re.findall(r"LIBBPF_(MAJOR|MINOR|PATCH)_VERSION := (\d+)", makefile))
    return f"{part['MAJOR']}.{part['MINOR']}.{part['PATCH']}"


def helper_numbers(header: str) -> dict[str, int]:
    """The rows of ``___BPF_FUNC_MAPPER``, without number 0."""
    start = header.index("#define ___BPF_FUNC_MAPPER")
    table = header[start : header.index("\n\n", start)]
    rows = re.findall(r"FN\((\w+), (\d+), ##ctx\)", table)
    return {f"bpf_{name}": int(number) for name, number in rows if name != "unspec"}


def helper_prototypes(header: str) -> dict[str, list[str]]:
    """Helper name to its prototypes: the paragraphs above each ``Description``."""
    start = header.index("Start of BPF helper function descriptions")
    comment = header[start : header.index("#define ___BPF_FUNC_MAPPER")]
    lines = [re.sub(r"^ \* ?", "", line) for line in comment.splitlines()]
    found: dict[str, list[str]] = {}
    for at, line in enumerate(lines):
        if line.strip() != "Description":
            continue
        first = at
        while lines[first - 1].strip():
            first -= 1
        prototype = " ".join(part.strip() for part in lines[first:at])
        name = re.search(r"\b(bpf_\w+)\(", prototype)
        if name is None:
            raise SystemExit(f"no prototype above this description: {prototype!r}")
        found.setdefault(name[1], []).append(prototype)
    return found


def enum_values(header: str, name: str) -> dict[str, int]:
    """The enumerators of ``enum name``, aliases among them, end markers left out."""
    start = header.index(f"enum {name} {{")
    body = header[header.index("{", start) + 1 : header.index("};", start)]
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    values: dict[str, int] = {}
    following = 0
    for item in filter(None, (part.strip() for part in body.split(","))):
        label, _, given = (part.strip() for part in item.partition("="))
        number = following if not given else values[given] if given in values else int(given, 0)
        values[label] = number
        following = number + 1
    return {label: number for label, number in values.items() if not label.startswith("__")}


def section_rows(source: str) -> list[tuple[str, str, str | None, str]]:
    """The rows of ``section_defs``: name, program type, attach type, flags."""
    start = source.index("section_defs[] = {")
    table = source[start : source.index("\n};", start)]
    rows = re.findall(r'SEC_DEF\("([^"]+)",\s*(\w+),\s*(\w+),\s*([\w |]+?)(?:,\s*\w+)?\)', table)
    if len(rows) != table.count("SEC_DEF("):
        raise SystemExit("a row of section_defs has a form that this tool does not know")
    return [(name, kind, None if attach == "0" else attach, flags) for name, kind, attach, flags in rows]


def note(version: str) -> str:
    return f"# From libbpf {version} by tools/gen_kernel_data.py; not edited by hand.\n"


def helpers_text(version: str, header: str) -> str:
    numbers, prototypes = helper_numbers(header), helper_prototypes(header)
    if set(numbers) != set(prototypes):
        raise SystemExit(f"helpers and prototypes differ: {sorted(set(numbers) ^ set(prototypes))}")
    lines = [
        '"""Each helper\'s number and its C prototypes."""\n',
        note(version) + "# ruff: noqa: E501\n# fmt: off\n",
    ]
    lines.append("HELPERS: dict[str, tuple[int, tuple[str, ...]]] = {")
    for name, number in sorted(numbers.items(), key=lambda row: row[1]):
        shown = ", ".join(f'"{text}"' for text in prototypes[name])
        lines.append(f'    "{name}": ({number}, ({shown},)),')
    return "\n".join([*lines, "}", ""])


def types_text(version: str, header: str) -> str:
    lines = ['"""The numbers of map types, program types and attach types."""\n', note(version)]
    tables = [
        ("MAP_TYPES", "bpf_map_type", "BPF_MAP_TYPE_"),
        ("PROGRAM_TYPES", "bpf_prog_type", "BPF_PROG_TYPE_"),
        ("ATTACH_TYPES", "bpf_attach_type", ""),
    ]
    for title, enum, prefix in tables:
        lines.append(f"{title}: dict[str, int] = {{")
        rows = enum_values(header, enum).items()
        lines += [f'    "{label.removeprefix(prefix)}": {number},' for label, number in rows]
        lines.append("}\n")
    return "\n".join(lines)


def sections_text(version: str, source: str) -> str:
    flags = {"SEC_SLEEPABLE": "sleepable", "SEC_ATTACH_BTF": "btf", "SEC_XDP_FRAGS": "frags"}
    lines = ['"""What each section name means, in the order in which libbpf looks."""\n', note(version)]
    lines.append("# name (+: may be followed by /target), program type, attach type, flags")
    lines.append("SECTIONS: list[tuple[str, str, str | None, str]] = [")
    for name, kind, attach, given in section_rows(source):
        shown = " ".join(word for flag, word in flags.items() if flag in given)
        attach_text = "None" if attach is None else f'"{attach}"'
        lines.append(f'    ("{name}", "{kind}", {attach_text}, "{shown}"),')
    return "\n".join([*lines, "]", ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path, help="libbpf source tree or tarball")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    options = parser.parse_args()
    sources = read_sources(options.source)
    version = libbpf_version(sources["makefile"])
    texts = {
        "helpers_data.py": helpers_text(version, sources["header"]),
        "types_data.py": types_text(version, sources["header"]),
        "sections_data.py": sections_text(version, sources["sections"]),
    }
    stale = [name for name, text in texts.items() if _differs(KERNEL / name, text)]
    if options.check:
        print("\n".join(f"{name} differs from libbpf {version}" for name in stale), end="")
        return 1 if stale else 0
    for name in stale:
        (KERNEL / name).write_text(texts[name])
        print(f"wrote {KERNEL / name}")
    return 0


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text() != text


if __name__ == "__main__":
    sys.exit(main())
