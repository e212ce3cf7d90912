"""What becomes of QEMU, as far as it goes with a program that stands in for it."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from tinybpf import vm
from tinybpf.vm import Kernel, VmError, VmTimeout, accel, initrd, machine, service, tools

# What a QEMU that is no QEMU finds on its command line.
STAND_IN = """#!{python} -S
import os, re, sys, time
line = " ".join(sys.argv)
share = re.search(r"id=vm,path=([^,]*)", line)[1]
console = re.search(r"-serial file:(\\S*)", line)[1]
out, err = (os.open(path, os.O_WRONLY) for path in re.findall(r"path=(/dev/fd/\\d+)", line))
started = lambda: open(share + "/started", "w").close()
end = lambda status: open(share + "/status", "w").write(str(status) + "\\n")
{body}
"""


@pytest.fixture
def qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Give QEMU's body as Python."""
    program = tmp_path / "qemu"

    def give(body: str) -> None:
        program.write_text(STAND_IN.format(python=sys.executable, body=body))
        program.chmod(0o755)

    found = {"qemu-system-x86_64": str(program), "modprobe": "true"}
    monkeypatch.setattr(tools, "find", lambda names: {name: found.get(name, "true") for name in names})
    monkeypatch.setattr(tools, "busybox", lambda: "/bin/true")
    monkeypatch.setattr(initrd, "build", lambda kernel: b"")
    monkeypatch.setattr(accel, "works", lambda program, kernel: False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return give


def leftovers(tmp_path: Path) -> list[str]:
    return [path.name for path in tmp_path.iterdir() if path.name.startswith("tinybpf")]


def test_output_and_status(qemu, made: Kernel, tmp_path: Path) -> None:
    qemu("started(); os.write(out, b'one\\n'); os.write(err, 'zwei é\\n'.encode()); end(7)")
    shown = io.BytesIO()
    assert vm.run(["true"], kernel=made, output=shown) == 7
    assert sorted(shown.getvalue().decode().splitlines()) == ["one", "zwei é"]
    assert leftovers(tmp_path) == []


def test_output_to_text(qemu, made: Kernel) -> None:
    qemu("started()\nfor b in 'é'.encode(): os.write(out, bytes([b])); time.sleep(0.01)\nend(0)")
    shown = io.StringIO()
    assert vm.run(["true"], kernel=made, output=shown) == 0
    assert shown.getvalue() == "é"


def test_to_the_outputs_of_this_process(qemu, made: Kernel, capfd: pytest.CaptureFixture[str]) -> None:
    qemu("started(); os.write(out, b'one'); os.write(err, b'two'); end(0)")
    vm.run(["true"], kernel=made)
    assert tuple(capfd.readouterr()) == ("one", "two")


def test_a_kernel_that_dies(qemu, made: Kernel, tmp_path: Path) -> None:
    qemu("started(); open(console, 'w').write('x' * 9000 + 'Kernel panic - not syncing')")
    with pytest.raises(VmError, match=r"ended before the command did") as caught:
        vm.run(["true"], kernel=made)
    assert caught.value.console.endswith("Kernel panic - not syncing")
    assert len(caught.value.console) < 5000
    assert leftovers(tmp_path) == []


def test_no_qemu_to_speak_of(qemu, made: Kernel) -> None:
    qemu("print('qemu: not enough memory', file=sys.stderr); sys.exit(1)")
    with pytest.raises(VmError, match=r"QEMU could not start .*: qemu: not enough memory"):
        vm.run(["true"], kernel=made)


def test_a_guest_that_never_boots(qemu, made: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "BOOT", 0.5)
    qemu("open(console, 'w').write('Booting'); time.sleep(60)")
    with pytest.raises(VmError, match=r"had not booted after 0\.5 s(.|\n)*Booting") as caught:
        vm.run(["true"], kernel=made)
    assert not isinstance(caught.value, VmTimeout)


def test_a_command_that_does_not_end(qemu, made: Kernel, tmp_path: Path) -> None:
    qemu(f"started(); os.write(out, b'begun'); open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
         "time.sleep(60)")  # fmt: skip
    shown = io.BytesIO()
    with pytest.raises(VmTimeout, match="the command had not ended after 2 s"):
        vm.run(["true"], kernel=made, timeout=2, output=shown)
    assert shown.getvalue() == b"begun"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("command", "more", "message"),
    [
        (["no-such-command"], {}, "no command no-such-command on this machine"),
        (["true"], {"cwd": Path("/run")}, "the guest has a run of its own"),
        (["true"], {"shares": [Path("/dev/shm")]}, "the guest has a dev of its own"),
        (["true"], {"shares": [Path("/etc/passwd")]}, "/etc/passwd is no folder"),
    ],
)
def test_what_would_fail_in_the_guest_fails_before(
    qemu, made: Kernel, command: list[str], more: dict[str, object], message: str
) -> None:
    qemu("raise SystemExit('started')")
    with pytest.raises(VmError, match=message):
        vm.run(command, kernel=made, **more)


def test_the_guests_environment(qemu, made: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    monkeypatch.setenv("NO_COLOR", "1")
    env = machine._environment(made, {"MINE": "a b"})
    assert "SECRET" not in env
    assert (env["MINE"], env["TINYBPF_VM"], env["NO_COLOR"]) == ("a b", "6.12", "1")
    assert env["TINYBPF_COMPILER"].endswith(service.FOLDER)
    assert env["PATH"].split(":")[0] == os.path.dirname(sys.executable)


def test_where_this_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINYBPF_VM", raising=False)
    assert vm.running() is None
    monkeypatch.setenv("TINYBPF_VM", "6.1")
    assert vm.running() == "6.1"
