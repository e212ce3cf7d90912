"""Handing a compile over to a process that compiles for this one, such as a virtual machine's host.

``TINYBPF_COMPILER`` names a folder that both see. ``service.json`` in it says what the other side has:
the same compiler, by its path, and the same files, but for some folders of which each side has its
own. Source files that lie in those are sent along. A request and its answer are files, which get
their names when they are complete.

What comes back is what compiling here would give: the same object or the same messages. Where that
is not certain, or nobody answers, the compile is done here.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from tinybpf.compiler import llvm
from tinybpf.compiler.diagnostics import Diagnostic
from tinybpf.compiler.object import CompiledObject
from tinybpf.compiler.options import Options
from tinybpf.compiler.project import Project
from tinybpf.errors import CompileError, InternalCompilerError

SERVICE, ASK, ANSWER = "service.json", ".ask", ".answer"

PATIENCE = 300.0
"""Seconds to wait for an answer; others may be asking, too."""

PAUSE = 0.002
FILES, BYTES = 4000, 16 << 20
"""What is sent along at the most."""

_DECIDING = ("GOWORK", "TINYBPF_FRONTEND")
"""Variables that change what the front end does, which the other side does not have."""

_MARKS = ("go.mod", "go.work", os.path.join("vendor", "modules.txt"))
"""What the front end looks for above a package."""


class Service(msgspec.Struct):
    """What the other side has: its ``tinybpf``, and the same files but for those below ``own``.

    ``changed`` is a folder with what was changed here below the rest; empty where nothing can be.
    """

    package: str
    own: tuple[str, ...]
    changed: str = ""


class Request(msgspec.Struct):
    """A compile, and the files that the other side does not see, by path; None where it sees them all."""

    package: str
    project: Project
    options: Options
    files: dict[str, bytes] | None


class Unsure(Exception):
    """The other side may not have the same as this one."""


class Answer(msgspec.Struct):
    """The object, or the messages of a refusal; neither where the other side can't say."""

    made: CompiledObject | None = None
    messages: tuple[Diagnostic, ...] = ()
    kind: Literal["made", "refused", "fault", "unable"] = "unable"


def package() -> str:
    """The folder of this process's tinybpf: both sides have the same code if it is the same."""
    return str(Path(__file__).resolve().parents[1])


# ---- who asks ----


def ask(project: Project, options: Options) -> CompiledObject | None:
    """The object from the other side, ``CompileError`` as from here, or None: compile it here."""
    folder = os.environ.get(llvm.ELSEWHERE, "")
    service = _service(folder)
    if service is None or options.dump is not None or any(os.environ.get(name) for name in _DECIDING):
        return None
    try:
        files = to_send(service, project.directory)
        request = _encoder.encode(Request(package(), project, options, files))
        answer = _exchange(folder, request)
    except (Unsure, OSError, UnicodeError, msgspec.MsgspecError):
        return None
    if answer is None or answer.kind == "unable":
        return None
    if answer.made is not None:
        return answer.made
    raise (InternalCompilerError if answer.kind == "fault" else CompileError)(answer.messages)


def _service(folder: str) -> Service | None:
    """What serves a folder, where it is of this process's code."""
    try:
        with open(os.path.join(folder, SERVICE), "rb") as file:
            found = msgspec.json.decode(file.read(), type=Service)
    except (OSError, msgspec.MsgspecError):
        return None
    ours = package()
    same = found.package == ours and not _has_files(found.changed + ours if found.changed else "", _is_code)
    return found if same else None


def _is_code(name: str) -> bool:
    return not name.endswith(".pyc")


def _has_files(folder: str, wanted: Any) -> bool:
    """Whether a folder that exists has files of a kind at any depth."""
    return bool(folder) and any(wanted(name) for _, _, names in os.walk(folder) for name in names)


def to_send(service: Service, directory: Path) -> dict[str, bytes] | None:
    """The files that the other side does not have, None where it has all; ``Unsure``."""
    real = os.path.realpath(directory)
    if not _below(real, service.own):
        if service.changed and _touched(service.changed, Path(real)):
            raise Unsure
        return None
    if real != str(directory):
        raise Unsure
    return _contents(_top(Path(real)))


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def _touched(changed: str, directory: Path) -> bool:
    """Whether anything that the front end may read for a package was changed here."""
    above = [directory, *directory.parents]
    if any(os.path.lexists(f"{changed}{place}/{mark}") for place in above for mark in _MARKS):
        return True
    return _has_files(f"{changed}{_top(directory)}", lambda name: name.endswith(".go") or name in _MARKS)


def _top(directory: Path) -> Path:
    """The outermost folder above a package that has a mark of a module; else the package's own."""
    marked = [p for p in (directory, *directory.parents) if any((p / mark).exists() for mark in _MARKS)]
    return marked[-1] if marked else directory


def _contents(top: Path) -> dict[str, bytes]:
    """All that Go's tools may read below a folder; ``Unsure`` where there are links, or too much."""
    found: dict[str, bytes] = {}
    size = 0
    for folder, folders, names in os.walk(top):
        for name in names + folders:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                raise Unsure
            if name in folders or not (
                name.endswith((".go", ".s")) or name in ("go.mod", "go.work", "modules.txt")
            ):
                continue
            if not os.path.isfile(path):
                raise Unsure
            with open(path, "rb") as file:
                found[path] = file.read()
            size += len(found[path])
            if size > BYTES or len(found) > FILES:
                raise Unsure
    return found


_numbers = itertools.count()


def _exchange(folder: str, request: bytes) -> Answer | None:
    name = os.path.join(folder, f"{os.getpid()}-{next(_numbers)}")
    _write(name + ASK, request)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(PAUSE)
        try:
            with open(name + ANSWER, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            continue
        os.unlink(name + ANSWER)
        answered: Answer = _decoder(Answer).decode(data)
        return answered
    return None


def _write(path: str, data: bytes) -> None:
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.rename(path + ".new", path)


# ---- who answers ----


def serve(folder: Path, service: Service) -> None:
    """Say in a folder that it is served."""
    _write(str(folder / SERVICE), msgspec.json.encode(service))


def answer_all(folder: Path) -> int:
    """Carry out the requests that lie in a folder; how many there were."""
    count = 0
    for name in sorted(os.listdir(folder)):
        if name.endswith(ASK):
            path = folder / name
            data = path.read_bytes()
            path.unlink()
            _write(str(path.with_suffix(ANSWER)), _encoder.encode(answer(data)))
            count += 1
    return count


def answer(data: bytes) -> Answer:
    """The answer to one request, which may be anything."""
    try:
        request: Request = _decoder(Request).decode(data)
        if request.package != package():
            return Answer()
        with _placed(request.project, request.files) as project:
            if project is None:
                return Answer()
            found = _compiled(project, request.options)
    except Exception:
        return Answer()  # the other side meets it, too, and says it where somebody reads it
    root = str(project.directory).removesuffix(str(request.project.directory))
    if request.files is not None and root.encode() in _encoder.encode(found):
        return Answer()  # it names a folder that is another one there
    return found


def _compiled(project: Project, options: Options) -> Answer:
    from tinybpf.compiler.compilation import Compilation

    try:
        return Answer(Compilation(project, options).run(), kind="made")
    except InternalCompilerError as error:
        return Answer(messages=error.diagnostics, kind="fault")
    except CompileError as error:
        return Answer(messages=error.diagnostics, kind="refused")


@contextlib.contextmanager
def _placed(project: Project, files: Mapping[str, bytes] | None) -> Iterator[Project | None]:
    """The project below a root where the sent files are at their paths, beside all that is here.

    None where something above that root, which the other side does not have, would count.
    """
    if files is None:
        yield project
        return
    with tempfile.TemporaryDirectory(prefix="tinybpf-compile-") as folder:
        root = Path(folder).resolve()
        if any((place / mark).exists() for place in root.parents for mark in _MARKS):
            yield None
            return
        directory = _inside(root, project.directory)
        directory.mkdir(parents=True)
        for path, data in files.items():
            place = _inside(root, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        for name in os.listdir("/"):
            if not (root / name).exists():
                (root / name).symlink_to(f"/{name}")
        yield msgspec.structs.replace(project, directory=directory)


def _inside(root: Path, path: str | Path) -> Path:
    """Where a path of the other side is below a root; ``ValueError`` where it leads out of it."""
    if not os.path.isabs(path) or ".." in Path(path).parts:
        raise ValueError(f"{path} is not absolute")
    return root / Path(path).relative_to("/")


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value))


def _made(kind: type, value: Any) -> Any:
    if kind is Path or issubclass(kind, Path):
        return Path(value)
    raise NotImplementedError(kind)


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)


def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind, dec_hook=_made)
