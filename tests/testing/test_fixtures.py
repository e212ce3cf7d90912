"""The fixtures, on this kernel."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.kernel


def test_a_package_is_loaded_and_run_on_packets(pytester, run):
    pytester.makepyfile(
        """
        from packets import *

        def test_drops(bpf_object, test_run):
            obj = bpf_object("bpf", variables={"port": 5353})
            result = test_run("dropPort", udp(5353))
            assert (result.retval, result.data_out) == (DROP, udp(5353))
            assert test_run("dropPort", udp(80)).retval == PASS
            assert test_run(obj.program("dropPort"), data=udp(5353), repeat=10).duration_ns > 0
            assert obj.globals["dropped"] == 11

        def test_each_test_has_its_own(bpf_object, test_run):
            obj = bpf_object("bpf")
            test_run("dropPort", udp(53))
            assert obj.globals["dropped"] == 1
        """
    )
    run().assert_outcomes(passed=2)


def test_all_kinds_of_sources(pytester, run):
    pytester.makepyfile(
        """
        import pathlib, pytest, tinybpf
        from packets import *

        TEXT = pathlib.Path("bpf/filter.go").read_text()
        COMPILED = tinybpf.compile_go("bpf", name="made")
        COMPILED.write("made.o")

        @pytest.mark.parametrize(("source", "name"), [
            ("bpf", "bpf"), ("bpf/filter.go", "filter"), (pathlib.Path("bpf").absolute(), "bpf"),
            (TEXT, "source"), ("made.o", "made"), (bytes(COMPILED), "object"), (COMPILED, "made"),
        ], ids=range(7))
        def test_source(bpf_object, test_run, source, name):
            assert bpf_object(source).name == name
            assert test_run("dropPort", udp(53)).retval == DROP
        """
    )
    run().assert_outcomes(passed=7)


def test_options_of_the_compiler(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        def test_options(bpf_object):
            obj = bpf_object("bpf", name="other", sections={"dropPort": "xdp/cpumap"}, cpu="v2")
            assert (obj.name, obj.program("dropPort").section) == ("other", "xdp/cpumap")

        def test_options_that_do_not_fit(bpf_object):
            bpf_object("bpf", sections={"dropPort": "tc"})

        def test_no_options_for_an_object(bpf_object, bpf_compile):
            with pytest.raises(TypeError, match="cpu: an option for Go source, and this is compiled already"):
                bpf_object(bpf_compile("bpf"), cpu="v2")
        """
    )
    result = run()
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(
        ["bpf/filter.go:11:6: program dropPort takes *ebpf.XDP, *", "FAILED *_fit - bpf/fi*"]
    )


def test_what_was_loaded_is_closed_and_detached(pytester, run):
    pytester.makepyfile(
        """
        import os
        kept = []

        def test_loads(bpf_object):
            for _ in range(2):
                obj = bpf_object("package bpf\\n\\nimport \\"tinybpf/ebpf\\"\\n\\n"
                    "//bpf:section raw_tp/sys_enter\\nfunc f(ctx ebpf.Context) int32 { return 0 }\\n")
                obj.program("f").attach()
                kept.append(obj)
            kept.append(sorted(os.listdir("/proc/self/fd")))

        def test_is_closed():
            assert [obj.closed for obj in kept[:2]] == [True, True]
            assert kept[0].links == ()
            assert len(os.listdir("/proc/self/fd")) < len(kept[2]) - 4
        """
    )
    run().assert_outcomes(passed=2)


def test_two_objects_in_a_test(pytester, run):
    pytester.makepyfile(
        """
        import pytest, tinybpf
        from packets import *

        def test_last_first(bpf_object, test_run):
            with pytest.raises(tinybpf.MissingError, match="has loaded nothing yet"):
                test_run("dropPort", udp(53))
            bpf_object("bpf", variables={"port": 1})
            second = bpf_object("bpf", variables={"port": 2})
            assert test_run("dropPort", udp(1)).retval == PASS
            assert test_run("dropPort", udp(2)).retval == DROP
            second.close()
            assert test_run("dropPort", udp(1)).retval == DROP
            with pytest.raises(KeyError, match="no program 'drop' in what .*; there is: dropPort"):
                test_run("drop", udp(1))
        """
    )
    run().assert_outcomes(passed=1)


PRINTS = """package bpf

import "tinybpf/ebpf"

//bpf:section tracepoint/syscalls/sys_enter_getppid
func traced(ctx ebpf.Context) int32 { return 3 }

//bpf:section perf_event
func sampled(ctx ebpf.Context) int32 { return 3 }

//bpf:section raw_tp/sys_enter
func raw(ctx ebpf.Context) int32 { return 3 }
"""


def test_a_kernel_too_old_for_test_runs_skips(pytester, run, monkeypatch):
    from tinybpf import system
    from tinybpf.testing import running

    monkeypatch.setitem(running.SINCE, "TRACEPOINT", "6.2")  # no kernel can do it
    monkeypatch.setattr(system, "kernel_release", lambda: "6.1.0-old")
    pytester.path.joinpath("three.go").write_text(PRINTS)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("name", ["traced", "sampled", "raw"])
        def test_returns(bpf_object, test_run, name):
            bpf_object("three.go")
            assert test_run(name, ctx=bytes(16) if name == "raw" else None).retval == 3
        """
    )
    result = run()
    result.assert_outcomes(skipped=1, failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "SKIPPED *_skips.py:3: needs Linux 6.2, which brought test runs of "
            "TRACEPOINT programs; this kernel is 6.1.0-old",
            "FAILED *test_returns[[]sampled[]] - *",
        ],
        consecutive=False,
    )
    result.stdout.fnmatch_lines(["E *BpfError: test run of 'sampled' failed: *"])


SIZES = """package bpf

import "tinybpf/ebpf"

type Event struct{ Size uint32 }

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}
var sizes = ebpf.Hash[uint32, uint64]{MaxEntries: 8}

//bpf:section tc
func see(ctx *ebpf.SKB) int32 {
	e := Event{Size: ctx.Len}
	events.Output(&e)
	if n := sizes.LookupOrZero(e.Size); n != nil {
		*n++
	}
	return 0
}
"""


def test_events_and_maps_after_a_run(pytester, run):
    pytester.path.joinpath("sizes.go").write_text(SIZES)
    pytester.makepyfile(
        """
        def test_events(bpf_object, test_run):
            obj = bpf_object("sizes.go")
            for size in (60, 100, 60):
                test_run("see", bytes(size))
            assert [e.Size for e in obj.ring_buffer("events", count=3, timeout=5)] == [60, 100, 60]
            assert dict(obj.map("sizes").items()) == {60: 2, 100: 1}
        """
    )
    run().assert_outcomes(passed=1)
