"""tinybpf itself: its version, and whether its parts are there and run."""

from __future__ import annotations

import os
import platform
import sys

from tinybpf.doctor.report import Check, Level

REINSTALL = "install tinybpf from a wheel again: pip install --force-reinstall tinybpf"


def prepare() -> None:
    """Start LLVM's worker, which takes longest, so that it comes up meanwhile."""
    try:
        from tinybpf.compiler import llvm

        llvm.start()
    except Exception:  # told by `compiler` in words
        return


def package() -> Check:
    import tinybpf

    where = os.path.dirname(os.path.abspath(tinybpf.__file__))
    return Check(
        "version",
        Level.OK,
        f"tinybpf {tinybpf.__version__}",
        None,
        {"version": tinybpf.__version__, "path": where},
    )


def python() -> Check:
    version = platform.python_version()
    name = platform.python_implementation()
    return Check(
        "python", Level.OK, f"{name} {version}", None, {"version": version, "executable": sys.executable}
    )


def libbpf() -> Check:
    try:
        from tinybpf.libbpf._lib import ENVIRONMENT, libbpf_version

        version = libbpf_version()
    except (OSError, ImportError) as error:
        chosen = os.environ.get("TINYBPF_LIBBPF")
        cure = f"TINYBPF_LIBBPF names {chosen}: correct it or unset it" if chosen else REINSTALL
        advice = f"nothing can be loaded, only compiled: {cure}"
        return Check("libbpf", Level.BAD, f"not usable: {error}", advice, {"version": None})
    chosen = os.environ.get(ENVIRONMENT)
    where = f"{chosen} ({ENVIRONMENT})" if chosen else "within the package"
    return Check("libbpf", Level.OK, f"{version}, {where}", None, {"version": version, "path": chosen})


def llvm() -> Check:
    binding = _llvmlite()
    try:
        from tinybpf.compiler import llvm as worker

        found = worker.version()
    except Exception as error:
        text = f"not usable: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        advice = f"nothing can be compiled: {REINSTALL}" if binding else "pip install 'llvmlite>=0.50,<0.51'"
        return Check("llvm", Level.BAD, text, advice, {"version": None, "llvmlite": binding})
    facts = {"version": found, "llvmlite": binding}
    return Check("llvm", Level.OK, f"LLVM {found}, of llvmlite {binding}", None, facts)


def _llvmlite() -> str | None:
    """The version of llvmlite, by the name of its folder: importlib.metadata would take 50 ms."""
    from importlib.util import find_spec

    found = find_spec("llvmlite")
    if found is None or found.origin is None:
        return None
    packages = os.path.dirname(os.path.dirname(found.origin))
    for name in os.listdir(packages):
        if name.startswith("llvmlite-") and name.endswith(".dist-info"):
            return name.removeprefix("llvmlite-").removesuffix(".dist-info")
    return "unknown"


def frontend() -> Check:
    try:
        from tinybpf.compiler.frontend import find_binary

        path = find_binary()
    except (OSError, ImportError) as error:
        cure = "correct it or unset it" if os.environ.get("TINYBPF_FRONTEND") else REINSTALL
        return Check("front end", Level.BAD, f"not usable: {error}", cure, {"path": None})
    facts = {"path": path}
    problem = _cannot_start(path)
    if problem:
        advice = f"is it on a file system without exec, or made for another machine? {REINSTALL}"
        return Check("front end", Level.BAD, f"{path} does not start: {problem}", advice, facts)
    return Check("front end", Level.OK, path, None, facts)


def _cannot_start(path: str) -> str | None:
    """Start the program with nothing to do; why it could not be started, or None."""
    null = os.devnull
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, null, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, null, os.O_WRONLY, 0),
    ]
    try:
        pid = os.posix_spawn(path, [path], dict(os.environ), file_actions=actions)
    except OSError as error:
        return error.strerror or str(error)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code < 0:
        return f"ended by signal {-code}"
    return "it could not be executed" if code in (126, 127) else None


CHECKS = {"version": package, "python": python, "libbpf": libbpf, "llvm": llvm, "front end": frontend}
