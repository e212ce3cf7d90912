"""The loader's established API: each name is there with its arguments, and its old defects are not."""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tinybpf

DATA = Path(__file__).parent / "data"
NONE = inspect.Parameter.empty

# By name: the parameters in order, each with its default (NONE: there is none); "*" begins what goes by
# keyword alone. What a function takes besides stands behind these. `add` had None where it has ``...``: None
# means the type of the object's BTF now.
FUNCTIONS: dict[str, dict[str, Any]] = {
    "version": {},
    "libbpf_version": {},
    "init": {"libbpf_path": None},
    "load": {"path": NONE},
    "open_pinned_map": {"path": NONE, "key_type": None, "value_type": None},
    "BpfObject.program": {"name": NONE},
    "BpfObject.map": {"name": NONE},
    "BpfObject.register_type": {"btf_name": NONE, "python_type": NONE, "validate_field_names": True},
    "BpfObject.lookup_type": {"btf_name": NONE},
    "BpfObject.lookup_btf_name": {"python_type": NONE},
    "BpfObject.close": {},
    "BpfProgram.attach": {},
    "BpfProgram.attach_kprobe": {"func_name": NONE, "retprobe": False},
    "BpfProgram.attach_kretprobe": {"func_name": NONE},
    "BpfProgram.attach_tracepoint": {"category": NONE, "name": NONE},
    "BpfProgram.attach_raw_tracepoint": {"name": NONE},
    "BpfProgram.attach_uprobe": {"binary_path": NONE, "offset": 0, "pid": -1, "retprobe": False},
    "BpfProgram.attach_uretprobe": {"binary_path": NONE, "offset": 0, "pid": -1},
    "BpfProgram.attach_xdp": {"interface": NONE},
    "BpfProgram.attach_cgroup": {"cgroup": NONE},
    "BpfLink.destroy": {},
    "BpfMap.typed": {"*": NONE, "key": None, "value": None, "validate_field_names": True},
    "BpfMap.lookup": {"key": NONE},
    "BpfMap.update": {"key": NONE, "value": NONE, "flags": tinybpf.BPF_ANY},
    "BpfMap.delete": {"key": NONE},
    "BpfMap.get": {"key": NONE, "default": None},
    "BpfMap.lookup_percpu": {"key": NONE},
    "BpfMap.lookup_percpu_sum": {"key": NONE},
    "BpfMap.items_percpu": {},
    "BpfMap.keys": {},
    "BpfMap.values": {},
    "BpfMap.items": {},
    "BpfMap.pin": {"path": NONE},
    "BpfMap.unpin": {"path": NONE},
    "BpfMap.close": {},
    "BpfRingBuffer": {
        "map": None, "callback": None, "as_memoryview": False, "*": NONE, "event_type": bytes,
        "validate_btf_struct": None, "validate_field_names": True,
    },
    "BpfRingBuffer.add": {
        "map": NONE, "callback": None, "as_memoryview": None, "*": NONE, "event_type": ...,
        "validate_btf_struct": None, "validate_field_names": True,
    },
    "BpfRingBuffer.poll": {"timeout_ms": -1, "ignore_eintr": True},
    "BpfRingBuffer.consume": {},
    "BpfRingBuffer.poll_async": {"timeout_ms": -1},
    "BpfRingBuffer.epoll_fd": {},
    "BpfRingBuffer.fileno": {},
    "BpfRingBuffer.events": {},
    "BpfRingBuffer.close": {},
    "BpfPerfBuffer": {
        "map": NONE, "sample_callback": NONE, "lost_callback": None, "page_count": 8, "*": NONE,
        "event_type": bytes, "validate_btf_struct": None, "validate_field_names": True,
    },
    "BpfPerfBuffer.poll": {"timeout_ms": -1, "ignore_eintr": True},
    "BpfPerfBuffer.consume": {},
    "BpfPerfBuffer.close": {},
    "BpfError": {"message": NONE, "errno": 0, "libbpf_log": None},
    "BtfValidationError": {"message": NONE, "suggestions": None},
}  # fmt: skip

PROPERTIES = {
    "BpfObject": ("name", "path", "programs", "maps", "btf"),
    "BpfProgram": ("name", "section", "type", "fd", "info"),
    "BpfLink": ("fd",),
    "BpfMap": (
        "name", "type", "key_size", "value_size", "max_entries", "fd", "info", "is_standalone", "is_percpu",
        "btf_key", "btf_value",
    ),
}  # fmt: skip

FIELDS = {
    "MapInfo": ["name", "type", "key_size", "value_size", "max_entries"],
    "ProgramInfo": ["name", "section", "type"],
    "RingBufferEvent": ["map_name", "data"],
    "BtfType": ["name", "kind", "size", "fields"],
    "BtfField": ["name", "offset", "size"],
}


def find(name: str) -> Any:
    found: Any = tinybpf
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_take_what_they_took(name: str):
    given = list(inspect.signature(find(name)).parameters.values())
    if "." in name and given and given[0].name == "self":
        given = given[1:]
    known = {parameter.name: parameter for parameter in given}
    by_keyword = False
    for at, (wanted, default) in enumerate(FUNCTIONS[name].items()):
        if wanted == "*":
            by_keyword = True
            continue
        parameter = known[wanted]
        if not by_keyword:
            assert given[at] is parameter and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        assert default is NONE or parameter.default == default, wanted  # what need not be given now may be
    others = [parameter for parameter in given if parameter.name not in FUNCTIONS[name]]
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    assert all(parameter.default is not NONE or parameter.kind in variadic for parameter in others)


@pytest.mark.parametrize("owner", PROPERTIES)
def test_attributes_are_there(owner: str):
    cls = find(owner)
    assert [name for name in PROPERTIES[owner] if not hasattr(cls, name)] == []


@pytest.mark.parametrize("name", FIELDS)
def test_facts_have_their_fields_first(name: str):
    cls = find(name)
    names = (
        [found.name for found in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else cls._fields
    )
    assert list(names[: len(FIELDS[name])]) == FIELDS[name]
    made = cls(*range(len(FIELDS[name])))
    with pytest.raises(AttributeError):
        setattr(made, FIELDS[name][0], 3)


def test_what_can_be_used_in_a_with():
    for name in ("BpfObject", "BpfLink", "BpfMap", "BpfRingBuffer", "BpfPerfBuffer"):
        assert hasattr(find(name), "__enter__") and hasattr(find(name), "__exit__")
    assert hasattr(tinybpf.BpfRingBuffer, "__aenter__") and hasattr(tinybpf.BpfRingBuffer, "__aiter__")
    assert (tinybpf.BPF_ANY, tinybpf.BPF_NOEXIST, tinybpf.BPF_EXIST) == (0, 1, 2)
    assert issubclass(tinybpf.BtfValidationError, tinybpf.BpfError)
    assert tinybpf.__version__ == tinybpf.version()


class Inner(ctypes.Structure):
    _fields_ = [("a", ctypes.c_uint8), ("b", ctypes.c_uint32)]


class Renamed(ctypes.Structure):
    _fields_ = [("first", ctypes.c_uint8), ("second", ctypes.c_uint32)]


class Shifted(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("a", ctypes.c_uint8), ("b", ctypes.c_uint32)]


@pytest.mark.kernel
def test_the_methods_of_maps_in_c_take_what_they_took(build):
    with tinybpf.load(build("tracing")) as obj:
        counts = obj.map("counts")
        counts.update(key=1, value=5, flags=tinybpf.BPF_NOEXIST)
        counts.update(2, 6, tinybpf.BPF_ANY)
        assert counts.lookup(key=1) == counts.lookup(1) == counts.get(key=1) == counts.get(1, 9) == 5
        assert counts.get(key=3) is None and counts.get(3, 9) == counts.get(key=3, default=9) == 9
        assert counts.delete(key=1) is True and counts.delete(1) is False


@pytest.mark.kernel
class TestTypes:
    @pytest.fixture
    def obj(self, sample_elf: bytes):
        with tinybpf.load(sample_elf) as loaded:
            yield loaded

    def test_a_type_is_registered(self, obj: tinybpf.BpfObject):
        assert obj.lookup_type("inner") is None and obj.lookup_btf_name(Inner) is None
        obj.register_type("inner", Inner)
        assert obj.lookup_type("inner") is Inner and obj.lookup_btf_name(Inner) == "inner"
        obj.register_type("inner", Renamed, validate_field_names=False)
        assert obj.lookup_type("inner") is Renamed and obj.lookup_btf_name(Inner) is None

    def test_a_type_that_does_not_fit(self, obj: tinybpf.BpfObject):
        with pytest.raises(tinybpf.BtfValidationError, match=r"Renamed\.first is called 'a' in BTF"):
            obj.register_type("inner", Renamed)
        with pytest.raises(tinybpf.BtfValidationError, match=r"Shifted has 5 bytes, BTF's '.*inner' has 8"):
            obj.register_type("inner", Shifted)
        assert obj.lookup_type("inner") is None

    def test_a_name_that_the_object_has_not(self, obj: tinybpf.BpfObject):
        with pytest.raises(
            tinybpf.MissingError, match=r"no BTF type 'evnt'; did you mean 'event'.*\n  hint: .*unused"
        ):
            obj.register_type("evnt", Inner)

    def test_after_close(self, obj: tinybpf.BpfObject):
        counts = obj.map("counts")
        obj.close()
        for use in (
            lambda: obj.register_type("inner", Inner),
            lambda: obj.lookup_type("inner"),
            lambda: obj.lookup_btf_name(Inner),
            lambda: counts.typed(value=Inner),
            lambda: counts.btf_value,
        ):
            with pytest.raises(tinybpf.BpfError, match="closed"):
                use()


@pytest.mark.kernel
class TestDefects:
    @pytest.mark.parametrize("what", ["map", "program"])
    def test_types_newer_than_the_enums(self, what: str):
        """They are a member of the enum, and an error of the load where the kernel does not know them."""
        with tinybpf.open(DATA / "configured.elf", kconfig={"CONFIG_HZ": 250}) as opened:
            opened.maps["kept"].pin_path = None
            for name in opened.programs:
                opened.programs[name].autoload = name == "two"
            changed = opened.maps["counts"] if what == "map" else opened.programs["two"]
            changed.type = 201
            assert changed.type.name == "UNKNOWN_201" and changed.type == 201
            with pytest.raises(tinybpf.BpfError) as caught:
                opened.load()
        assert caught.value.errno == errno.EINVAL

    def test_signed_numbers(self, build):
        with tinybpf.load(build("knobs"), variables={"limit": -(1 << 31)}) as obj:
            assert obj.globals["limit"] == -(1 << 31)
        with pytest.raises(ValueError, match="out of range -2147483648 to 2147483647"):
            tinybpf.load(build("knobs"), variables={"limit": 1 << 31})

    def test_no_descriptor_for_messages(self, build, tmp_path: Path):
        """A load, and the log of one that is refused, where standard error is closed."""
        good, bad = tmp_path / "good.o", tmp_path / "bad.o"
        good.write_bytes(build("tracing"))
        bad.write_bytes(build("refused"))
        code = (
            "import os, sys, tinybpf\nos.close(2)\n"
            "with tinybpf.load(sys.argv[1]) as obj: print(len(obj.programs))\n"
            "try: tinybpf.load(sys.argv[2])\n"
            "except tinybpf.VerifierError as error: print(error.program, 'processed' in error.log)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(good), str(bad)], stdout=subprocess.PIPE, text=True, check=True
        )
        assert done.stdout.splitlines() == ["3", "careless True"]

    def test_messages_of_other_threads_and_of_this_process_stay_where_they_are(self, build, capfd):
        with pytest.raises(tinybpf.VerifierError):
            tinybpf.load(build("refused"))
        os.write(2, b"mine\n")
        assert capfd.readouterr().err == "mine\n"

    def test_what_cannot_be_attached_has_libbpfs_words(self, build):
        with tinybpf.load(build("tracing")) as obj, pytest.raises(tinybpf.BpfError) as caught:
            obj.program("on_getppid").attach_tracepoint("syscalls", "no_such_thing")
        assert caught.value.errno == errno.ENOENT and "no_such_thing" in (caught.value.libbpf_log or "")

    def test_the_errno_of_a_failed_open(self, sample_elf: bytes):
        """libbpf, not the last call before it, says what it was."""
        foreign = bytearray(sample_elf)
        foreign[18:20] = (62).to_bytes(2, "little")  # another machine
        for _ in range(3):
            os.path.exists("/nowhere/at/all")
            with pytest.raises(tinybpf.BpfError) as caught:
                tinybpf.load(bytes(foreign))
            assert caught.value.errno in (0, errno.ENOEXEC, errno.EINVAL)
        with pytest.raises(FileNotFoundError) as missing:
            tinybpf.load("/nowhere/x.o")
        assert missing.value.errno == errno.ENOENT

    def test_maps_of_floats(self):
        """They could not be written; a map that stands alone comes closest to an object's with BTF."""
        with tinybpf.create_map("hash", key="u32", value="f64", max_entries=4) as numbers:
            numbers[1], numbers[2] = 1.5, -2
            assert numbers.to_dict() == {1: 1.5, 2: -2.0}
            with pytest.raises(TypeError):
                numbers[3] = "1.5"

    def test_structures_that_are_too_short(self, build):
        with tinybpf.load(build("maps")) as obj:
            numbers = obj.map("numbers")
            for value in (b"", b"\1", bytes(7), bytes(9)):
                with pytest.raises(ValueError, match="exactly 8 needed"):
                    numbers[1] = value
            assert 1 not in numbers

    def test_a_map_that_is_added_has_the_events_of_the_buffer(self, build):
        with tinybpf.load(build("tracing")) as obj:
            obj.program("on_getppid").attach()
            obj.map("counts")[obj.program("whoami").test_run(ctx=bytes(8)).retval] = 0
            size = len(next(_events(obj, event_type=bytes)))
            assert size == 8 * (size // 8)
            wide = type(
                "Words", (ctypes.Structure,), {"_fields_": [("words", ctypes.c_uint64 * (size // 8))]}
            )
            assert isinstance(next(_events(obj, event_type=wide)), wide)


def _events(obj: tinybpf.BpfObject, event_type: Any):
    with tinybpf.BpfRingBuffer(event_type=event_type) as ring:
        ring.add(obj.map("events"))
        os.getppid()
        ring.poll(5000)
        yield from ring
