"""What a plain load imports: each module here is time and memory of every process that loads an object."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "dataclasses",
    "inspect",
    "ctypes",
    "subprocess",
    "socket",
    "mmap",
    "json",
    "asyncio",
    "difflib",
    "logging",
}
LATER = {"btf", "codec", "info", "link", "system", "types", "verifier", "_pins", "_since", "_elf"}


def modules(code: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); {code}; print(*set(sys.modules) - before)"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, text=True
        ).stdout.split()
    )


def test_import_is_two_modules() -> None:
    assert modules("import tinybpf") == {"tinybpf", "tinybpf._version"}


@pytest.mark.kernel
def test_a_plain_load_imports_what_it_needs(build, tmp_path) -> None:
    path = tmp_path / "connect.o"
    path.write_bytes(build("connect"))
    found = modules(f"import tinybpf; tinybpf.load({str(path)!r}).close()")
    assert "tinybpf.libbpf.open" in found
    assert found & HEAVY == set()
    assert found & {f"tinybpf.libbpf.{name}" for name in LATER} == set() and "tinybpf.system" not in found
