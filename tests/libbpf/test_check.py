"""From what C returns to exceptions: words, errno, hints."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading

import pytest

from tinybpf import errors
from tinybpf.libbpf import _check
from tinybpf.libbpf._lib import ffi, lib, log_text, text


def test_a_negative_errno_is_raised_with_its_hint():
    with pytest.raises(errors.BpfError) as caught:
        _check.attempt("do it to 'x'", lambda: -errno.EBUSY, hints={errno.EBUSY: "wait"})
    assert str(caught.value) == "do it to 'x' failed: Device or resource busy\n  hint: wait"
    assert (caught.value.errno, caught.value.libbpf_log) == (errno.EBUSY, None)
    assert _check.attempt("do it", lambda a: a + 1, 2) == 3
    assert _check.check("do it", 0) == 0


def test_null_is_raised_with_errno():
    with pytest.raises(errors.BpfError, match="find it failed: No such file or directory") as caught:
        _check.attempt("find it", lambda: (setattr(ffi, "errno", errno.ENOENT), ffi.NULL)[1])
    assert caught.value.errno == errno.ENOENT


def test_a_hint_may_be_found_out_when_it_is_needed():
    asked = []
    hints = {errno.EINVAL: lambda: asked.append(1)}
    assert _check.attempt("do it", lambda: 0, hints=hints) == 0 and not asked
    with pytest.raises(errors.BpfError, match=r"^do it failed: Invalid argument$"):
        _check.attempt("do it", lambda: -errno.EINVAL, hints=hints)
    assert asked == [1]


def test_the_kernels_own_errno_has_words():
    error = _check.error_from("run", 524, None)
    assert str(error) == "run failed: Operation not supported by the kernel (ENOTSUPP)"


def test_not_found_is_both():
    error = _check.not_found("open 'x' failed: there is no such pin")
    assert isinstance(error, FileNotFoundError) and isinstance(error, errors.BpfError)
    assert (str(error), error.errno) == ("open 'x' failed: there is no such pin", errno.ENOENT)


def test_the_log_belongs_to_the_thread_and_the_operation():
    content = b"no object"
    logs = {}

    def fail(name: str) -> None:
        lib.tb_log_clear()
        assert lib.bpf_object__open_mem(content, len(content), ffi.NULL) == ffi.NULL
        logs[name] = log_text()

    fail("here")
    thread = threading.Thread(target=lambda: logs.setdefault("before", log_text()) or fail("there"))
    thread.start()
    thread.join()
    assert (
        logs["before"] == "" and logs["here"].startswith("libbpf: ") and logs["there"].startswith("libbpf: ")
    )
    assert log_text() == logs["here"]
    lib.tb_log_clear()
    assert log_text() == ""


def test_nothing_is_written_to_standard_error(capfd: pytest.CaptureFixture[str]):
    lib.bpf_object__open_mem(b"no object", 9, ffi.NULL)
    assert capfd.readouterr() == ("", "")


@pytest.mark.kernel
def test_an_ordinary_user_is_told_what_is_missing(build):
    """A load without any capability: in a child that gives up root."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            import tinybpf

            tinybpf.load(CONTENT)
        except errors.BpfError as error:
            os.write(writer, f"{type(error).__name__}|{error.errno}|{error}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        kind, code, message = file.read().split("|")
    os.waitpid(child, 0)
    assert (kind, int(code)) == ("BpfError", errno.EPERM)
    assert message.startswith("load 'object' failed: Operation not permitted")
    assert "this process lacks CAP_BPF and CAP_NET_ADMIN to load 'block_4444' (CGROUP_SOCK_ADDR)" in message


CONTENT = b""


@pytest.fixture(autouse=True)
def content(request: pytest.FixtureRequest):
    global CONTENT
    if "build" in request.fixturenames:
        CONTENT = request.getfixturevalue("build")("connect")


class TestAnotherLibrary:
    """`init` and ``TINYBPF_LIBBPF``, each in a process of its own."""

    def run(self, code: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def test_what_is_no_library(self):
        code = (
            "from tinybpf.libbpf import init\n"
            "for path in ('/nowhere/libbpf.so', 'libc.so.6'):\n"
            "    try: init(path)\n"
            "    except OSError as error: print(error)\n"
        )
        first, second = self.run(code).splitlines()
        assert first.startswith("cannot use '/nowhere/libbpf.so' as libbpf: ")
        assert second.startswith(
            "cannot use 'libc.so.6' as libbpf: it has no libbpf_major_version(); libbpf 1.1"
        )

    def test_the_environment_names_it(self):
        code = "try:\n import tinybpf.libbpf\nexcept OSError as error: print(error)"
        assert "/nowhere/x.so" in self.run(code, TINYBPF_LIBBPF="/nowhere/x.so")

    def test_too_late(self):
        code = (
            "import tinybpf\n"
            "try: tinybpf.load(b'')\nexcept tinybpf.BpfError: pass\n"
            "try: tinybpf.load('/nowhere')\nexcept tinybpf.BpfError: pass\n"
            "tinybpf.init(None)\n"
            "from tinybpf.libbpf import _lib\n_lib.mark_used()\n"
            "try: tinybpf.init('libbpf.so.1')\nexcept RuntimeError as error: print(error)"
        )
        assert self.run(code) == "init() must come first: libbpf is in use already"

    @pytest.mark.kernel
    def test_an_older_library_works_and_says_what_it_lacks(self, build, tmp_path):
        import ctypes

        try:
            ctypes.CDLL("libbpf.so.1")
        except OSError:
            pytest.skip("no libbpf.so.1 on this machine")
        path = tmp_path / "tracing.bpf.o"
        path.write_bytes(build("tracing"))
        code = (
            "import os, sys, tinybpf\n"
            "tinybpf.init('libbpf.so.1')\n"
            "from tinybpf.libbpf import _check\n"
            "from tinybpf.libbpf._lib import lib\n"
            "obj = tinybpf.load(sys.argv[1] if len(sys.argv) > 1 else os.environ['OBJECT'])\n"
            "obj.program('on_getppid').attach()\n"
            "obj.map('counts')[obj.program('whoami').test_run(ctx=bytes(8)).retval] = 0\n"
            "os.getppid()\n"
            "print(tinybpf.libbpf_version(), next(obj.ring_buffer('events', timeout=5)).Number)\n"
            "try: _check.attempt('get lines', lib.bpf_program__line_info, obj.program('on_any').pointer)\n"
            "except tinybpf.UnsupportedError as error: print(error)\n"
        )
        first, *rest = self.run(code, OBJECT=str(path)).splitlines()
        version, number = first.split()
        assert version.startswith("v1.") and number == "1"
        if version in ("v1.1", "v1.2", "v1.3", "v1.4", "v1.5"):
            assert rest == [
                f"get lines failed: libbpf {version} has no bpf_program__line_info(); libbpf 1.6 brought it"
            ]


def test_the_version_is_that_of_the_library():
    import tinybpf

    assert tinybpf.libbpf_version() == text(lib.libbpf_version_string())
    major, minor = tinybpf.libbpf_version().lstrip("v").split(".")[:2]
    assert (int(major), int(minor)) >= (1, 7)
