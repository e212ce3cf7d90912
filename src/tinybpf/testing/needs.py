"""What a test needs of the kernel and of this process, and what becomes of it where that is not there."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tinybpf import system

if TYPE_CHECKING:
    from tinybpf.libbpf.features import Feature, Finding

# Other names for what the kernel calls otherwise.
ALIASES = {
    "ringbuffer": "ringbuf",
    "userringbuffer": "userringbuf",
    "perfbuffer": "perfeventarray",
    "perfbuf": "perfeventarray",
    "rawtp": "rawtracepoint",
    "tp": "tracepoint",
    "kretprobe": "kprobe",
    "uretprobe": "uprobe",
    "classifier": "tc",
}


def check(item: pytest.Item) -> None:
    """Skip the test, or fail it, where its markers ask for what is not there."""
    __tracebackhide__ = True
    versions = [_version(mark) for mark in item.iter_markers("bpf_kernel")]
    wanted = [found for mark in item.iter_markers("bpf_feature") for found in _features(mark)]
    for version in versions:
        if system.older_than(version):
            pytest.skip(f"needs Linux {version}; this kernel is {system.kernel_release()}")
    check_permission(item.config)
    for name, feature in wanted:
        _check_feature(item.config, name, feature)


def check_permission(config: pytest.Config) -> None:
    """Skip, or fail with ``--bpf-required``, where this process may not use eBPF at all."""
    __tracebackhide__ = True
    obstacle = _obstacle()
    if obstacle is not None:
        _lacking(config, f"needs eBPF: {obstacle}")


def _obstacle() -> str | None:
    """What keeps this process from eBPF, whatever the program."""
    if sys.platform != "linux":
        return f"this is {sys.platform}, no Linux: run the tests in a virtual machine"
    from tinybpf.libbpf import _hints, features

    # An array alone may be had without: where unprivileged_bpf_disabled is 0.
    lacking = _hints.lacks((_hints.BPF,))
    if lacking is not None:
        return f"{lacking}, or use --bpf-kernels, which needs neither"
    found = features.map_type("array").probe()
    return None if found.state is features.State.WORKS else found.reason


def _check_feature(config: pytest.Config, name: str, feature: Feature) -> None:
    __tracebackhide__ = True
    from tinybpf.libbpf.features import State

    found = feature.probe()
    if found.state is State.WORKS:
        found = _inactive(feature) or found
    if found.state is State.WORKS:
        return
    if found.state is State.FORBIDDEN:
        _lacking(config, f"needs {name}: {found.reason}")
    reason = f"needs {name}, which this kernel ({system.kernel_release()}) lacks: {found.reason}"
    if system.older_than(feature.since):
        pytest.skip(reason)
    _lacking(config, reason)


def _inactive(feature: Feature) -> Finding | None:
    """LSM programs load, and never run, where the kernel was booted without them."""
    from tinybpf.libbpf.features import Finding, State

    modules = system.security_modules()
    if feature.name not in ("lsm", "lsm_cgroup") or modules is None or "bpf" in modules:
        return None
    return Finding(
        State.MISSING, 0, f"it was booted without bpf among its security modules ({','.join(modules)})"
    )


def _lacking(config: pytest.Config, reason: str) -> NoReturn:
    __tracebackhide__ = True
    if config.getoption("bpf_required"):
        pytest.fail(f"--bpf-required, and this test {reason}", pytrace=False)
    pytest.skip(reason)


# ---- what the markers say ----


def _version(mark: pytest.Mark) -> str:
    """The version of ``bpf_kernel("5.15")``."""
    __tracebackhide__ = True
    if len(mark.args) != 1 or mark.kwargs:
        _wrong('bpf_kernel takes one version: bpf_kernel("5.15")')
    version = mark.args[0]
    if isinstance(version, float):
        _wrong(f'bpf_kernel({version}): write the version as text, "{version}": the number 6.10 is 6.1')
    if isinstance(version, str) and re.fullmatch(r"\d+\.\d+", version):
        return version
    if isinstance(version, str) and re.fullmatch(r"\d+\.\d+\.\d+.*", version):
        least = ".".join(version.split(".")[:2])
        why = "distributions do not count the third number as kernel.org does"
        _wrong(f'bpf_kernel("{version}"): {why}; write "{least}" and bpf_feature for what it brought')
    _wrong(f'bpf_kernel({version!r}): no version of Linux; write it as "5.15"')


def _features(mark: pytest.Mark) -> list[tuple[str, Feature]]:
    """The features of ``bpf_feature("xdp", "ring_buffer")`` by the names that the test has for them."""
    __tracebackhide__ = True
    if not mark.args or mark.kwargs:
        _wrong('bpf_feature takes names: bpf_feature("xdp", "ring_buffer")')
    from tinybpf.libbpf import features

    known: dict[str, list[Feature]] = {}
    for feature in (*features.PROGRAMS, *features.MAPS):
        known.setdefault(_plain(feature.name), []).append(feature)
    found = []
    for name in mark.args:
        plain = _plain(name) if isinstance(name, str) else ""
        there = known.get(ALIASES.get(plain, plain))
        if there is None:
            _wrong(f"bpf_feature({name!r}): no such feature{_nearest(name, plain, known)}")
        found += [(name, feature) for feature in there]
    return found


def _plain(name: str) -> str:
    """A name without what its spellings differ in: ``RingBuf``, ``ring_buf``, ``RINGBUF``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _nearest(name: Any, plain: str, known: dict[str, list[Feature]]) -> str:
    import difflib

    near = difflib.get_close_matches(plain, [*known, *ALIASES], n=1)
    if near:
        return f'; did you mean "{known[ALIASES.get(near[0], near[0])][0].name}"?'
    return f"; there is: {', '.join(sorted(feature[0].name for feature in known.values()))}"


def _wrong(message: str) -> NoReturn:
    """The marker is wrong, whatever the kernel."""
    __tracebackhide__ = True
    pytest.fail(f"@pytest.mark.{message}", pytrace=False)
