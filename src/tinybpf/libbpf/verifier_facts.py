"""What a refusal is about, in names of the Go source: variables, calls, the lines that matter.

There is a function for each kind of subject that the table of refusals names. It looks at the
refused line and at how the verifier came there, and gives the names that the table's words ask for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tinybpf.errors import SourceLine
from tinybpf.libbpf import _since, go_text
from tinybpf.libbpf.verifier_calls import MOVES_PACKET, RELEASES, argument, call_of, fills, size_register
from tinybpf.libbpf.verifier_trace import Step, Trace

Note = tuple[SourceLine, str]

_HOT = 40_000  # steps at the end of the log that tell where the verifier was going round


@dataclass(frozen=True)
class Facts:
    """``names`` fill the table's words; ``case`` chooses among them; ``source`` is a better line than
    that of the refused instruction."""

    names: dict[str, str | None] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    case: str = ""
    source: SourceLine | None = None


class Scene(NamedTuple):
    """The refusal: the verifier's words and their groups, the line, and the way there."""

    message: str
    groups: dict[str, str]
    source: SourceLine | None
    trace: Trace
    messages: tuple[str, ...] = ()

    @property
    def last(self) -> Step | None:
        return self.trace.steps[-1] if self.trace.steps else None

    @property
    def text(self) -> str:
        return self.source.text if self.source else ""

    @property
    def column(self) -> int:
        return self.source.column if self.source else 0

    def register(self) -> int | None:
        """The register that the words are about: the first in them."""
        found = re.search(r"\bR(\d+)\b", self.message)
        return int(found[1]) if found else None


def pointer(scene: Scene) -> Facts:
    """Memory is read or written through a pointer."""
    name = go_text.pointer_at(scene.text, scene.column)
    register = scene.register()
    origin = scene.trace.origin(register) if register is not None else None
    if origin is None:
        return Facts({"variable": name})
    for step in origin.passed:
        case = "moved" if step.helper in MOVES_PACKET else "released" if step.helper in RELEASES else ""
        if case and "invalid mem access" in scene.message:
            call, place = _called(scene, step)
            words = "the packet may move here" if case == "moved" else "it is given back here"
            return Facts({"variable": name, "call": call}, _note(place, words), case)
    made = scene.trace.source(origin.step)
    notes = _note(made, "it comes from here") if origin.step.helper and made else ()
    case = _number(origin.step) if "'scalar'" in scene.message or "'inv'" in scene.message else ""
    call, _ = _called(scene, origin.step)
    return Facts({"variable": name, "call": call}, _elsewhere(scene, notes), case)


def _number(made: Step) -> str:
    """How a number came that is used as a pointer."""
    if made.helper:
        return "number"
    return "loaded" if re.match(r"r\d+ = \*\(u(?:32|64) \*\)", made.text) else ""


def offset(scene: Scene) -> Facts:
    """Something was added to a pointer that leads out of what it points to."""
    names = _span(scene)
    direct = go_text.sum_at(scene.text, scene.column)
    if not direct[0] and scene.last is not None and "+=" in scene.last.text:
        direct = go_text.sum_in(scene.text)
    if direct[0]:
        return Facts({**names, "variable": direct[1] or direct[0], "pointer": direct[0]})
    register = scene.register()
    if scene.last is not None and scene.last.helper:
        found = argument_of(scene)
        return replace(found, names={**names, **found.names}, case="call" if names else "")
    read = go_text.pointer_at(scene.text, scene.column)
    origin = scene.trace.origin(register) if register is not None else None
    for step in origin.sums if origin else ():
        source = scene.trace.source(step)
        if source is None or not re.search(r"= r\d+$", step.text):
            continue
        base, added = go_text.sum_at(source.text, source.column)
        if added is None:
            base, added = go_text.sum_in(source.text)
        if added:
            notes = _elsewhere(scene, _note(source, f"{added} is added here"))
            return Facts({**names, "variable": added, "pointer": base, "read": read}, notes)
    return Facts({**names, "variable": read, "pointer": read, "read": read}, case="constant")


def _span(scene: Scene) -> dict[str, str | None]:
    """Which bytes of how many are accessed, where the verifier says so."""
    for message in scene.messages:
        found = re.search(r"(?:value|mem|key)_size=(\d+) off=(-?\d+) size=(\d+)", message)
        if found:
            have, off, size = found.groups()
            first, last = int(off), int(off) + int(size) - 1
            which = f"byte {first}" if first == last else f"bytes {first} to {last}"
            return {"have": have, "size": size, "span": f": {which}, and it has {have}"}
    return {}


def computed(scene: Scene) -> Facts:
    """A pointer is calculated with."""
    line = go_text.Line(scene.text)
    place = line.at(scene.column) if scene.column else None
    if place is None or not place:
        return Facts({"variable": None})
    return Facts({"variable": go_text.variable(line.between(line.chain_start(place - 1), place - 1))})


def argument_of(scene: Scene) -> Facts:
    """A helper was given what it does not take."""
    step = scene.last
    register = scene.register()
    if step is None or not step.helper:
        return Facts({"call": step.helper if step else None})
    if register is None and "zero-sized" in scene.message:  # before Linux 6.14
        register = size_register(step.helper)
    use = "written" if fills(step.helper, register) else "read"
    got = "scalar" if scene.groups.get("got") == "inv" else None  # before Linux 5.18
    call = call_of(step.helper, scene.text)
    if call is None:
        return Facts({"call": step.helper, "got": got}, case=use)
    given = argument(step.helper, call, register) if register else None
    given = go_text.without_cast(given) if given else None
    sized = argument(step.helper, call, register + 1) if register else None
    names = {"call": call.name, "argument": go_text.converted(given), "size_argument": sized, "got": got}
    names["variable"] = go_text.variable(given) if given else None
    names["size_variable"] = go_text.variable(sized) if sized else None
    case = use
    notes: tuple[Note, ...] = ()
    origin = scene.trace.origin(register) if register else None
    number = re.search(r"type=(?:scalar|inv)\b", scene.message)
    for passed in origin.passed if origin and number else ():
        if passed.helper in MOVES_PACKET | RELEASES:
            case = "moved" if passed.helper in MOVES_PACKET else "released"
            names["before"], source = _called(scene, passed)
            notes = _note(source, "the packet may move here" if case == "moved" else "it is given back here")
            break
    return Facts(names, notes, case)


def called(scene: Scene) -> Facts:
    """A helper may not be called here."""
    step = scene.last
    call = call_of(step.helper, scene.text) if step and step.helper else None
    name = call.name if call else step.helper if step else None
    unknown = re.search(r"unknown func \w+#(\d+)", scene.message)
    fact = _since.helper(int(unknown[1])) if unknown else None
    case = "kind" if fact and fact.absence() is None else ""
    return Facts({"call": name or scene.groups.get("helper")}, case=case)


def acquired(scene: Scene) -> Facts:
    """What was acquired is not given back on the way to a return."""
    found = re.search(r"alloc_insn=(\d+)", "\n".join(scene.messages))
    if found is None:
        return Facts(source=_way_out(scene))
    number = int(found[1])
    logged = next((s.logged for s in scene.trace.steps if s.number == number), None)
    source = scene.trace.source_of(number, logged)
    name = go_text.assigned(source.text) if source else None
    step = next((s for s in scene.trace.steps if s.number == number), None)
    case = "socket" if step and "sk_" in step.helper else ""
    return Facts({"variable": name}, _note(source, "it is acquired here"), case, _way_out(scene))


def locked(scene: Scene) -> Facts:
    """A spin lock is held at a call or at the end."""
    for step in scene.trace.path():
        if step.helper == "bpf_spin_lock":
            source = scene.trace.source(step)
            call = call_of(step.helper, source.text) if source else None
            given = argument(step.helper, call, 1) if call else None
            names = {"variable": go_text.variable(given) if given else None}
            names["call"] = called(scene).names["call"]
            return Facts(names, _note(source, "it is locked here"), "", _way_out(scene))
    return called(scene)


def returned(scene: Scene) -> Facts:
    """A value is returned that this kind of program may not return."""
    origin = scene.trace.origin(0)
    made = scene.trace.source(origin.step) if origin else None
    source = scene.source
    if not scene.text.strip().startswith("return") and made is not None:
        source = made
    text = source.text.strip() if source else ""
    value = text.removeprefix("return").strip(" ;") if text.startswith("return") else ""
    names = {"variable": go_text.variable(value) if value else None, "value": value or None}
    ranges, case = _ranges(scene.message)
    return Facts({**names, **ranges}, case=case, source=source)


_BITS = r"\((0x[0-9a-f]+); (0x[0-9a-f]+)\)"  # the value of the known bits; the unknown ones


def _ranges(message: str) -> tuple[dict[str, str | None], str]:
    """What is returned and what may be, where the verifier says it by bits, as before Linux 6.8."""
    found = re.search(rf"has (?:value {_BITS}|unknown scalar value) should have been in {_BITS}", message)
    if found is None:
        return {}, ""
    got, allowed = found.group(1, 2), found.group(3, 4)
    names: dict[str, str | None] = {}
    for (least, most), (value, mask) in ((("low", "high"), allowed), (("least", "most"), got)):
        if value is None:
            return names, "any"
        known, unknown = int(value, 16), int(mask, 16)
        if unknown & (unknown + 1):  # not all numbers from one to another
            return {}, ""
        names |= {least: str(known), most: str(known | unknown)}
    return names, "bits"


def context(scene: Scene) -> Facts:
    """A field of the context that this kind of program may not use, or not so."""
    written = bool(scene.last and scene.last.text.startswith("*("))
    chosen = go_text.selected_at(scene.text, scene.column)
    name = go_text.pointer_at(scene.text, scene.column)
    case = "write" if written else "read"
    return Facts({"variable": chosen or name, "field": chosen, "pointer": name}, case=case)


def whole(scene: Scene) -> Facts:
    """The program as a whole: where it begins."""
    return Facts(source=scene.source or scene.trace.source_of(0))


def loop(scene: Scene) -> Facts:
    """The verifier went round without coming to an end."""
    heads = _loops(scene.trace)
    if not heads:
        return Facts(case="" if scene.source else "nowhere")
    source, head = heads[0]
    limit = go_text.variable(head.limit)
    names = {
        "variable": limit or next(iter(head.variables), None),
        "condition": head.condition or None,
        "limit": limit,
        "counter": head.variables[0] if head.counts and head.variables else None,
    }
    notes = _note(heads[1][0], "inside this loop") if len(heads) > 1 else ()
    if not head.condition:
        case = "endless"
    elif limit and head.counts:
        case = "limit"
    else:
        case = "count" if head.counts else "condition"
    return Facts(names, notes, case, source)


def _loops(trace: Trace) -> list[tuple[SourceLine, go_text.Loop]]:
    """The loops that the end of the log goes round in, the innermost first."""
    steps = [step for _, step in zip(range(_HOT), trace.path(), strict=False)]
    turns = Counter(step.number for step in steps)
    lines: Counter[tuple[str, int]] = Counter()
    places: dict[tuple[str, int], SourceLine] = {}
    for step in {step.number: step for step in steps if turns[step.number] > 1}.values():
        source = trace.source(step)
        if source is not None:
            key = source.path, source.line
            lines[key] += turns[step.number]
            places.setdefault(key, source)
    heads = [(places[key], go_text.loop(places[key].text)) for key, _ in lines.most_common()]
    found = [(place, head) for place, head in heads if head is not None]
    return found or _written_above(list(places.values()))


def _written_above(lines: list[SourceLine]) -> list[tuple[SourceLine, go_text.Loop]]:
    """The ``for`` line that no instruction comes from, found in the file, where that is as it was."""
    if not lines:
        return []
    first = min(lines, key=lambda s: s.line)
    try:
        with open(first.path, encoding="utf-8", errors="replace") as file:
            text = file.read().split("\n")
    except OSError:
        return []
    if first.line > len(text) or text[first.line - 1].strip() != first.text.strip():
        return []
    for number in range(first.line, 0, -1):
        line = text[number - 1]
        head = go_text.loop(line)
        if head is not None:
            column = len(line) - len(line.lstrip()) + 1
            return [(SourceLine(first.path, number, column, line), head)]
        if line.startswith("func "):
            break
    return []


def _way_out(scene: Scene) -> SourceLine | None:
    """Where the way to the end leaves the rest, for an end at a closing brace that many ways share."""
    if scene.source is None or scene.text.strip() != "}":
        return None
    for step in scene.trace.path():
        if step.text.startswith("if ") or step.helper:
            source = scene.trace.source(step)
            if source is not None and source.line != scene.source.line:
                return source
    return None


def _called(scene: Scene, step: Step) -> tuple[str | None, SourceLine | None]:
    """The name of a call as the source has it, and its line."""
    source = scene.trace.source(step)
    call = call_of(step.helper, source.text) if source and step.helper else None
    if call is None and source is not None and source.column:
        call = go_text.call_at(source.text, source.column)
    return call.name if call else step.helper or None, source


def _note(source: SourceLine | None, words: str) -> tuple[Note, ...]:
    return ((source, words),) if source is not None else ()


def _elsewhere(scene: Scene, notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """The notes about other lines than the refused one."""
    here = scene.source
    return tuple(n for n in notes if here is None or (n[0].path, n[0].line) != (here.path, here.line))


SUBJECTS: dict[str, Callable[[Scene], Facts]] = {
    "pointer": pointer,
    "offset": offset,
    "argument": argument_of,
    "call": called,
    "acquired": acquired,
    "lock": locked,
    "returned": returned,
    "context": context,
    "computed": computed,
    "loop": loop,
    "whole": whole,
}
