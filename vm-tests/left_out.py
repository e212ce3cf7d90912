"""Tests of this project that do not run in virtual machines, each with the reason."""

from __future__ import annotations

MILLION = "the verifier walks a million instructions, minutes"

LEFT_OUT = {
    "tests/libbpf/attach/test_perf_event.py::test_a_clock_samples": "counts samples by the clock",
    "tests/libbpf/test_refusals.py::test_refused[loop_": MILLION,
    "tests/libbpf/test_refused.py::test_a_long_log": MILLION,
    "tests/libbpf/test_threads.py::test_the_lock_is_released_while_the_kernel_verifies": MILLION,
    "tests/libbpf/test_disasm.py::test_the_kernels_own_tool": "asks bpftool about each program, minutes",
    "tests/libbpf/test_foreign.py::test_compiled_": "clang compiles for each test, minutes when emulated",
    "tests/libbpf/test_batches.py::test_threads_that": "threads race for a minute when emulated",
    "tests/libbpf/test_interrupted.py::TestVerification": MILLION,
    "tests/docs/test_guide.py": "starts Python some times a test, and does what other tests do",
    "tests/cli/test_doctor.py": "starts Python some times a test, and looks at what the guest's own uses",
    "tests/cli/test_held.py::test_a_reader": "starts Python some times, which no kernel changes",
    "tests/cli/test_held.py::test_without_root": "starts Python some times, which no kernel changes",
    "tests/cli/test_top.py::test_a_reader": "starts Python some times, which no kernel changes",
    "tests/cli/test_run.py": "starts Python some times a test, and loads what other tests load",
    "tests/cli/test_init.py": "starts Python some times a test, and loads what other tests load",
    "tests/benchmarks/": "measures time, which an emulated processor does not tell",
    "tests/fuzzing/": "Go's own compiler builds a program for each test, minutes in an emulated processor",
    "tests/language/": "Go's own compiler builds the cases, minutes in an emulated processor",
    "tests/packaging/": "builds packages, which no kernel changes",
    "tests/interop/test_cilium.py": "Go's own compiler builds the program that loads, minutes when emulated",
    "tests/golang_package/test_same.py": "Go's own compiler builds the other half, minutes when emulated",
    "tests/docs/test_verifier.py": "compares with the words of one verifier, which change",
    "tests/docs/test_language.py": "Go's own compiler runs the examples, minutes when emulated",
}


def single() -> list[str]:
    """The places that are no whole file or folder."""
    return [place for place in LEFT_OUT if "::" in place]


def why(test: str) -> str | None:
    """Why a test, by its id, is left out; None where it is not."""
    return next((reason for place, reason in LEFT_OUT.items() if test.startswith(place)), None)
