"""What this machine can do with eBPF, and what to do about what it cannot.

::

    report = doctor.examine()
    report.useful            # a program can be loaded and attached
    report.as_dict()         # all of it, as JSON has it

Works without root (it then says what root would add), on any system, and leaves nothing behind.
"""

from __future__ import annotations

from tinybpf.doctor.report import Ability, Check, Kind, Level, Report

__all__ = ["Ability", "Check", "Kind", "Level", "Report", "examine"]


def examine() -> Report:
    """Look at the machine and try each kind of program; takes about a quarter of a second."""
    from tinybpf.doctor import kernel, kinds, places, process, tools
    from tinybpf.doctor.report import run_checks

    tools.prepare()
    sections = {
        "kernel": run_checks(kernel.CHECKS),
        "process": run_checks(process.CHECKS),
        "places": run_checks(places.CHECKS),
    }
    programs = kinds.programs()
    maps = kinds.maps()
    sections["tinybpf"] = run_checks(tools.CHECKS)
    return Report(kinds.useful(programs), sections, programs, maps)
