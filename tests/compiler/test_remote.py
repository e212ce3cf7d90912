"""A compile that another process does for this one gives what compiling here gives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinybpf.compiler import compilation, compile_go, frontend, remote
from tinybpf.compiler.project import resolve
from tinybpf.errors import CompileError

GOOD = """package main

import "tinybpf/ebpf"

//bpf:section xdp
func pass(ctx *ebpf.XDP) ebpf.XDPAction {
	return ebpf.XDPPass
}
"""
BAD = GOOD.replace("XDPPass", "XDPPas")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[remote.Answer]]:
    """A service in this process, for which all of ``own`` is not there; its answers as they come."""
    folder = tmp_path / "service"
    folder.mkdir()
    remote.serve(
        folder, remote.Service(remote.package(), (str(tmp_path / "own"),), str(tmp_path / "changed"))
    )
    end = threading.Event()
    answers: list[remote.Answer] = []
    answer = remote.answer

    def noted(data: bytes) -> remote.Answer:
        answers.append(answer(data))
        return answers[-1]

    def serve() -> None:
        while not end.wait(0.001):
            remote.answer_all(folder)

    monkeypatch.setattr(remote, "answer", noted)
    monkeypatch.setenv("TINYBPF_COMPILER", str(folder))
    thread = threading.Thread(target=serve)
    thread.start()
    yield answers
    end.set()
    thread.join()
    assert sorted(path.name for path in folder.iterdir()) == ["service.json"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that the service does not see by itself, as the working directory."""
    folder = tmp_path / "own" / "project"
    folder.mkdir(parents=True)
    (folder / "pass.go").write_text(GOOD)
    monkeypatch.chdir(folder)
    return folder


def both(compile_it: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> tuple[object, object]:
    """What a compile gives by the service, and here."""
    there = compile_it()
    with monkeypatch.context() as patch:
        patch.delenv("TINYBPF_COMPILER")
        return there, compile_it()


def test_files_that_only_this_side_has(
    served: list[remote.Answer], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, own = both(lambda: compile_go("."), monkeypatch)
    assert [a.kind for a in served] == ["made"]
    assert bytes(there) == bytes(own) and b"pass.go" in bytes(own)  # type: ignore[call-overload]
    assert (there.name, there.programs, there.directory) == (own.name, own.programs, own.directory)  # type: ignore[attr-defined]


def test_files_that_both_have(served: list[remote.Answer], project: Path) -> None:
    made = compile_go(project / "tests" / "libbpf" / "programs" / "maps.go", cpu="v2")
    assert made.maps and served[0].made == made


def test_source_text_and_options(
    served: list[remote.Answer], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made() -> bytes:
        return bytes(
            compile_go(
                GOOD, name="x", sections={"pass": "xdp.frags"}, byte_order="big", opt_profile="aggressive"
            )
        )

    there, own = both(made, monkeypatch)
    assert there == own and served[0].kind == "made"


def test_modules_and_configuration(
    served: list[remote.Answer], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "go.mod").write_text("module example.org/it\n\ngo 1.24\n")
    (here / "tinybpf.json").write_text('{"build": {"cpu": "v2", "unknown": 1}}')
    (here / "sub").mkdir()
    (here / "sub" / "sub.go").write_text("package sub\n\nfunc Two() int32 { return 2 }\n")
    text = GOOD.replace('"tinybpf/ebpf"', '(\n"example.org/it/sub"\n"tinybpf/ebpf"\n)')
    (here / "pass.go").write_text(text.replace("ebpf.XDPPass", "ebpf.XDPAction(sub.Two())"))
    there, own = both(lambda: compile_go("."), monkeypatch)
    assert served[0].kind == "made"
    assert bytes(there) == bytes(own)  # type: ignore[call-overload]
    assert there.warnings == own.warnings != ()  # type: ignore[attr-defined]


@pytest.mark.parametrize("absolute", [False, True])
def test_the_same_messages(
    served: list[remote.Answer], here: Path, monkeypatch: pytest.MonkeyPatch, absolute: bool
) -> None:
    (here / "pass.go").write_text(BAD)

    def refused() -> tuple[type, object]:
        with pytest.raises(CompileError) as caught:
            compile_go(here if absolute else ".")
        return caught.type, caught.value.diagnostics

    there, own = both(refused, monkeypatch)
    assert there == own and "XDPPas" in str(own)
    assert served[0].kind == "refused"


def test_a_folder_that_only_this_side_has(
    served: list[remote.Answer], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other side makes it, empty."""
    (here / "pass.go").unlink()
    with remote._placed(resolve("."), remote.to_send(remote.Service("", (str(here),)), here)) as placed:
        assert placed is not None and placed.directory != here and list(placed.directory.iterdir()) == []


def test_no_files_at_all(served: list[remote.Answer], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "pass.go").unlink()

    def refused() -> str:
        with pytest.raises(CompileError) as caught:
            compile_go(".")
        return str(caught.value)

    there, own = both(refused, monkeypatch)
    assert there == own and "no Go files" in str(own)


def test_what_was_changed_in_shared_files_is_compiled_here(
    served: list[remote.Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "pass.go").write_text(GOOD)
    assert compile_go(folder).programs and len(served) == 1
    changed = tmp_path / "changed" / str(folder).lstrip("/")
    changed.mkdir(parents=True)
    assert compile_go(folder).programs and len(served) == 2
    (changed / "pass.go").write_text(GOOD)
    assert compile_go(folder).programs and len(served) == 2


@pytest.mark.parametrize("variable", ["GOWORK", "TINYBPF_FRONTEND"])
def test_what_the_other_side_does_not_have_is_compiled_here(
    served: list[remote.Answer], here: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "off" if variable == "GOWORK" else frontend.find_binary())
    assert compile_go(".").programs
    assert compile_go(GOOD, dump_ir=here / "dump").programs
    assert served == []


def test_links_are_compiled_here(served: list[remote.Answer], here: Path) -> None:
    (here / "more").symlink_to("/usr")
    assert compile_go(".").programs and served == []


def test_another_tinybpf_is_not_asked(served: list[remote.Answer], here: Path, tmp_path: Path) -> None:
    remote.serve(tmp_path / "service", remote.Service("/another/tinybpf", ()))
    assert compile_go(".").programs and served == []


def test_a_fault_of_the_other_side_is_met_here(
    served: list[remote.Answer], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    run = compilation.Compilation.run

    def once(self: compilation.Compilation) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("no more processes there")
        return run(self)

    monkeypatch.setattr(compilation.Compilation, "run", once)
    assert compile_go(".").programs
    assert [a.kind for a in served] == ["unable"] and len(calls) == 2


def test_nobody_answers(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "service"
    monkeypatch.setenv("TINYBPF_COMPILER", str(folder))
    assert compile_go(".").programs
    folder.mkdir()
    remote.serve(folder, remote.Service(remote.package(), (str(tmp_path),)))
    monkeypatch.setattr(remote, "PATIENCE", 0.05)
    assert compile_go(".").programs


def test_what_is_no_request() -> None:
    assert remote.answer(b"nothing").kind == "unable"


@pytest.mark.parametrize("path", ["relative", "/a/../../b"])
def test_files_stay_below_the_root(path: str, here: Path) -> None:
    with remote._placed(resolve("."), {"/x/y.go": b"1"}) as placed:
        assert placed is not None
        root = Path(str(placed.directory).removesuffix(str(here)))
        assert (root / "x" / "y.go").read_bytes() == b"1" and (root / "usr").samefile("/usr")
    assert not root.exists()
    with pytest.raises(ValueError, match="not absolute"), remote._placed(resolve("."), {path: b""}):
        pass
