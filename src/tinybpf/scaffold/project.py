"""Writes a project, or refreshes the vendored package of one."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinybpf.errors import BpfError
from tinybpf.scaffold import vendor

TEMPLATES = {
    "bpf/{name}.go": "program.go.tmpl",
    "bpf/{name}_test.go": "program_test.go.tmpl",
    "main.py": "main.py.tmpl",
    "README.md": "README.md.tmpl",
    ".gitignore": "gitignore.tmpl",
}
GO_MOD = f"module {{name}}\n\ngo {vendor.GO}\n"


class InitError(BpfError):
    """A project that cannot be written where it should be."""


@dataclass(frozen=True)
class Vendored:
    """What became of the vendored package: the number of files that are new, changed or gone."""

    files: int
    changed: int
    required: bool
    """Whether ``go.mod`` was changed to require it."""


def create(where: Path, name: str, *, force: bool = False) -> list[str]:
    """Write the project ``name`` into a directory, which is made where it is missing; the files' paths.

    `InitError` names the files that are there already, unless ``force``. A ``go.mod`` that is there
    stays, and gets a ``require``. ``OSError`` where something cannot be written.
    """
    texts = _texts(name)
    if where.is_dir() and not force:
        _check_free(where, texts)
    if (where / "go.mod").exists():
        _check_vendor(where)
    else:
        texts = {"go.mod": GO_MOD.replace("{name}", name), **texts}
    is_new = not where.exists()
    try:
        for path, text in texts.items():
            target = where / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, text)
        update(where)
    except BaseException:
        if is_new:
            shutil.rmtree(where, ignore_errors=True)
        raise
    return ["go.mod", *(path for path in texts if path != "go.mod")]


def update(where: Path) -> Vendored:
    """Bring the vendored package of the project in a directory to this version; nothing else changes.

    `InitError` where there is no ``go.mod``, or where modules that it requires are not vendored.
    """
    from tinybpf.compiler.packages import go_source

    before = _check_vendor(where)
    files = vendor.files(go_source() / "ebpf")
    changed = _replace(where / vendor.FOLDER, files)
    modules = where / vendor.MODULES
    text = vendor.modules_text(_read(modules) or "", vendor.packages(files))
    if text != _read(modules):
        _write(modules, text)
    go_mod = vendor.go_mod_text(before)
    if go_mod != before:
        _write(where / "go.mod", go_mod)
    return Vendored(len(files), changed, go_mod != before)


def workspace(where: Path) -> Path | None:
    """The ``go.work`` above a directory: with one, Go looks for no package in ``vendor``."""
    chosen = os.environ.get("GOWORK", "")
    if chosen:
        return None if chosen == "off" else Path(chosen)
    here = where.absolute()
    return next((found for above in (here, *here.parents) if (found := above / "go.work").is_file()), None)


def _texts(name: str) -> dict[str, str]:
    """The project's files but for ``go.mod`` and ``vendor``, by path."""
    from importlib.resources import files

    folder = files("tinybpf.scaffold") / "templates"
    return {
        path.format(name=name): (folder / template).read_text().replace("{{name}}", name)
        for path, template in TEMPLATES.items()
    }


def _check_free(where: Path, texts: Mapping[str, str]) -> None:
    there = [
        path for path, text in texts.items() if os.path.lexists(where / path) and _read(where / path) != text
    ]
    programs = sorted(path.name for path in (where / "bpf").glob("*.go"))
    there += [f"bpf/{name}" for name in programs if f"bpf/{name}" not in texts]
    if not there:
        return
    what = there[0] if len(there) == 1 else f"{', '.join(there[:-1])} and {there[-1]}"
    raise InitError(
        f"{what} {'is' if len(there) == 1 else 'are'} there already, and nothing was written\n"
        "  hint: --force writes the project's files over those of the same name; "
        "--update adds the vendored package alone",
        errno.EEXIST,
    )


def _check_vendor(where: Path) -> str:
    """The text of ``go.mod``, to which the package can be added."""
    text = _read(where / "go.mod")
    if text is None:
        raise InitError(f"no go.mod in {where.absolute()}\n  hint: {_module_near(where)}", errno.ENOENT)
    try:
        vendor.check(text, _read(where / vendor.MODULES))
    except vendor.Unvendorable as problem:
        raise InitError(str(problem)) from None
    return text


def _module_near(where: Path) -> str:
    for above in where.absolute().parents:
        if (above / "go.mod").is_file():
            return f"the project begins in {above}: change to it"
    return "tinybpf init NAME makes a project"


def _read(path: Path) -> str | None:
    """A file's text; None where there is none."""
    try:
        return path.read_text(errors="surrogateescape")
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        return ""


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode(errors="surrogateescape"))


def _replace(folder: Path, files: Mapping[str, bytes]) -> int:
    """Let a folder have these files and no others; the number of those that change, come or go."""
    before = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    changed = sum(before.get(path) != data for path, data in files.items()) + len(
        before.keys() - files.keys()
    )
    if not changed:
        return 0
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        new.chmod(0o777 & ~_umask())
        for path, data in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_bytes(data)
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return changed


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
