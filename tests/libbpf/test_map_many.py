"""Many entries of a map at once: batches, what stands in for them, and iteration that ends."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Callable

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf
from tinybpf import create_map
from tinybpf.libbpf._objects import MapAccess, MapEntries

pytestmark = pytest.mark.kernel

LOOKUP_BATCH = 24
FROM_KEY_TO_KEY = True


def os_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def settles(count: Callable[[], int], wanted: int) -> bool:
    """Whether a number comes down to what it was: the thread that read ahead may end a little later."""
    deadline = time.monotonic() + 20
    while count() > wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return count() <= wanted


@pytest.fixture
def numbers():
    with create_map("hash", key="u32", value="s64", max_entries=20_000) as made:
        yield made


def test_all_entries(numbers):
    wanted = {key: key - 5000 for key in range(20_000)}
    assert observed("entries written at once", numbers.update_many(wanted)) == 20_000
    assert numbers.to_dict() == wanted and len(numbers) == 20_000
    assert dict(numbers.items()) == wanted
    assert sorted(numbers) == sorted(numbers.keys()) == list(range(20_000))
    assert sorted(numbers.values()) == sorted(wanted.values())
    assert numbers.drain() == wanted and numbers.to_dict() == {} and len(numbers) == 0


@pytest.mark.parametrize(
    "kind", ["hash", "lru_hash", "array", "percpu_hash", "percpu_array", "lru_percpu_hash"]
)
def test_every_kind_of_dictionary(kind):
    with create_map(kind, key="u32", value="u64", max_entries=500) as made:
        one = [7] * made._core.cpus if made.is_percpu else 7
        assert (
            observed("entries written at once", made.update_many((key, one) for key in range(0, 500, 2)))
            == 250
        )
        array = "array" in kind
        found = made.to_dict()
        assert {key for key, value in found.items() if value == one} == set(range(0, 500, 2))
        assert len(found) == len(made) == (500 if array else 250)
        assert made.lookup_many([2, 4, 1]) == [one, one, found[1] if array else None]
        if array:
            with pytest.raises(tinybpf.BpfError, match="an array's entries cannot be deleted"):
                made.pop(2)
            with pytest.raises(tinybpf.BpfError, match="an array's entries cannot be deleted"):
                made.drain()
        else:
            assert made.pop(2) == one and 2 not in made
            assert made.delete_many([4, 5, 6, 6]) == 2 and made.lookup_many([4, 6]) == [None, None]
            assert len(made.drain()) == 247 and len(made) == 0
            made[1] = one
        made.clear()
        assert made.to_dict() == ({key: found[1] for key in range(500)} if array else {})


def test_going_from_key_to_key_gives_the_same(numbers):
    numbers.update((key, -key) for key in range(3000))
    one_by_one = MapEntries(numbers, "items", LOOKUP_BATCH, FROM_KEY_TO_KEY, numbers.max_entries)
    assert one_by_one.dict() == numbers.to_dict() and len(numbers) == 3000
    for want, there in (("keys", set(range(3000))), ("values", {-key for key in range(3000)})):
        entries = MapEntries(numbers, want, LOOKUP_BATCH, FROM_KEY_TO_KEY, numbers.max_entries)
        assert set(entries) == there
    assert MapEntries(numbers, "keys", LOOKUP_BATCH, FROM_KEY_TO_KEY, numbers.max_entries).count() == 3000


def test_entries_go_while_one_goes_from_key_to_key(numbers):
    numbers.update((key, key) for key in range(5000))
    seen = []
    for key in MapEntries(numbers, "keys", LOOKUP_BATCH, FROM_KEY_TO_KEY, numbers.max_entries):
        seen.append(key)
        del numbers[key]
    assert sorted(seen) == list(range(5000)) and len(numbers) == 0


def test_it_ends_however_others_write(numbers):
    """Also from key to key, where a deletion sends the kernel back to the front."""
    stop = threading.Event()

    def churn() -> None:
        with tinybpf.open_map_by_id(numbers.id) as other:
            while not stop.is_set():
                other.update_many((key, 1) for key in range(400))
                other.delete_many(range(0, 400, 3))

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for again in [False, True] * 15:
            keys = list(MapEntries(numbers, "keys", LOOKUP_BATCH, again, numbers.max_entries))
            assert len(keys) == len(set(keys)) <= 400
    finally:
        stop.set()
        thread.join()


def test_update_of_many_says_how_far_it_came():
    with create_map("hash", key="u32", value="u32", max_entries=10, name="small") as small:
        with pytest.raises(
            tinybpf.BpfError, match=r"update map 'small', after \d+ entries, failed"
        ) as caught:
            small.update_many((key, 0) for key in range(100))
        assert caught.value.errno == errno.E2BIG and len(small) >= 10
        done = len(small)
        assert small.update_many([(key, 5) for key in small], flags=tinybpf.BPF_EXIST) == done
        assert set(small.values()) == {5}
        with pytest.raises(tinybpf.BpfError, match="File exists"):
            small.update({next(iter(small)): 1}, flags=tinybpf.BPF_NOEXIST)


def test_what_update_takes(numbers):
    numbers.update({1: 10, 2: 20})
    numbers.update([(3, 30)])
    numbers.update(key=4, value=40, flags=tinybpf.BPF_NOEXIST)
    assert numbers.to_dict() == {1: 10, 2: 20, 3: 30, 4: 40}
    for wrong in (5, [1, 2], [(1, 2, 3)]):
        with pytest.raises((TypeError, ValueError)):
            numbers.update_many(wrong)
    with pytest.raises(ValueError, match="out of range"):
        numbers.update_many([(1, 1), (1 << 32, 1)])
    for arguments in ((), (1, 2, 3, 4)):
        with pytest.raises(TypeError, match=r"update\(\)"):
            numbers.update(*arguments)
    with pytest.raises(TypeError, match="'count'"):
        numbers.update(1, 2, count=3)


def test_a_generator_that_fails_writes_no_more(numbers):
    def pairs():
        yield 1, 1
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        numbers.update_many(pairs())
    assert len(numbers) == 0


def test_pop_and_its_kin(numbers):
    numbers.update({1: 10, 2: 20})
    assert numbers.pop(1) == 10 and numbers.pop(1, None) is None and numbers.pop(1, 5) == 5
    with pytest.raises(KeyError) as caught:
        numbers.pop(1)
    assert caught.value.args == (1,)
    assert numbers.setdefault(2, 99) == 20 and numbers.setdefault(3, 30) == 30
    assert numbers.popitem() in ((2, 20), (3, 30)) and len(numbers) == 1
    numbers.clear()
    with pytest.raises(KeyError, match="is empty"):
        numbers.popitem()


def test_values_that_are_large():
    """A batch of these is more than the room for the first ones."""
    with create_map("hash", key="u32", value=100_000, max_entries=300) as large:
        large.update((key, key.to_bytes(4, "little") * 25_000) for key in range(300))
        assert {key: value[:4] for key, value in large.items()} == {
            key: key.to_bytes(4, "little") for key in range(300)
        }


def test_with_the_lock_that_the_value_holds(project):
    def only_locks(opened: tinybpf.OpenObject) -> None:
        for one in (*opened.maps.values(), *opened.programs.values()):
            if one.name not in ("locks", "count"):
                setattr(one, "autocreate" if hasattr(one, "autocreate") else "autoload", False)

    with tinybpf.load(project / "tests/libbpf/data/kinds.elf", configure=only_locks) as obj:
        locks = obj.map("locks")
        locks.update(1, {"count": 40})
        locks.update(1, {"count": 41}, tinybpf.BPF_F_LOCK)
        assert obj.program("count").test_run(data=bytes(64)).retval == 1
        assert locks.lookup(1, tinybpf.BPF_F_LOCK).count == locks.lookup(1).count == 42
        assert locks.update_many({1: {"count": 5}, 2: {"count": 6}}, tinybpf.BPF_F_LOCK) == 2
        assert observed("counts", [locks[key].count for key in (1, 2)]) == [5, 6]
    with create_map("hash", key="u32", value="u64", max_entries=4) as plain:
        plain[1] = 5
        with pytest.raises(tinybpf.BpfError, match="look up in map 'hash' failed: Invalid argument"):
            plain.lookup(1, tinybpf.BPF_F_LOCK)  # it has no lock
        assert plain.lookup(1, flags=0) == 5


def test_nothing_after_close(numbers):
    numbers.update((key, 0) for key in range(2000))
    entries = iter(numbers.items())
    next(entries)
    numbers.close()
    for use in (
        lambda: list(entries),
        numbers.to_dict,
        numbers.drain,
        numbers.clear,
        lambda: numbers.update_many({1: 1}),
        lambda: numbers.delete_many([1]),
        lambda: numbers.lookup_many([1]),
        lambda: numbers.pop(1),
        lambda: numbers[1],
        lambda: 1 in numbers,
        lambda: len(numbers),
        lambda: numbers.id,
        numbers.freeze,
        numbers.memory,
        lambda: numbers.push(1),
    ):
        with pytest.raises(tinybpf.BpfError, match="map 'hash' is closed"):
            use()


def test_closed_by_another_thread_while_it_is_read():
    for _ in range(20):
        made = create_map("hash", key="u32", value="u64", max_entries=50_000)
        made.update((key, key) for key in range(5000))
        ends = []

        def read(made=made, ends=ends) -> None:
            try:
                while True:
                    assert len(made.to_dict()) == 5000
                    made[1] = 1
            except tinybpf.BpfError as error:
                ends.append(str(error))

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        made.close()
        for thread in threads:
            thread.join()
        assert ends == ["map 'hash' is closed"] * 2


def test_a_decoder_that_fails_while_the_next_batch_is_read(numbers):
    """What was asked for ahead is waited for, and the map is whole afterwards."""
    numbers.update((key, key) for key in range(20_000))
    wrong = 15_000

    def decode(raw: bytes) -> int:
        if int.from_bytes(raw, sys.byteorder) == wrong:
            raise RuntimeError("enough")
        return int.from_bytes(raw, sys.byteorder)

    access: MapAccess[int, int] = MapAccess(numbers._core)
    access._bind(("I", 4, None, None), ("", 8, None, decode), False)
    before = settled()
    for _ in range(20):
        entries = MapEntries(access, "items", LOOKUP_BATCH, False, numbers.max_entries)
        with pytest.raises(RuntimeError, match="enough"):
            entries.dict()
        list(entries.dict())  # what it has not seen; it is usable, and ends
    assert settles(descriptors, before)
    wrong = -1
    assert MapEntries(access, "items", LOOKUP_BATCH, False, numbers.max_entries).dict() == numbers.to_dict()


def test_a_dictionary_of_what_an_iterator_left(numbers):
    numbers.update((key, key) for key in range(20_000))
    entries = MapEntries(numbers, "items", LOOKUP_BATCH, False, numbers.max_entries, 1 << 15)
    first = [next(entries) for _ in range(300)]
    rest = entries.dict()
    assert len(rest) == 19_700 and dict(first) | rest == {key: key for key in range(20_000)}
    assert entries.dict() == {} and list(entries) == []


def test_a_wrong_guess_of_how_many_there_are_changes_nothing(numbers):
    wanted = {key: -key for key in range(20_000)}
    numbers.update(wanted)
    for buckets in (0, 1, 7, 1 << 15, 1 << 40, (1 << 64) - 1):
        for most in (1, 20_000, 1 << 32):
            assert MapEntries(numbers, "items", LOOKUP_BATCH, False, most, buckets).dict() == wanted


def test_reading_all_of_a_map_leaves_no_threads_and_no_descriptors(numbers):
    numbers.update((key, key) for key in range(20_000))
    threads, before = os_threads(), settled()
    for _ in range(50):
        assert len(numbers.to_dict()) == 20_000
    assert settles(os_threads, threads) and settles(descriptors, before)


def test_an_iterator_belongs_to_one_thread_at_a_time(numbers):
    """Two threads that share one get each entry once, or are told."""
    numbers.update((key, key) for key in range(20_000))
    entries, got, told = iter(numbers), [], []

    def read() -> None:
        while True:
            try:
                got.append(next(entries))
            except StopIteration:
                return
            except ValueError as error:
                told.append(str(error))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(20_000))
    assert set(told) <= {"another thread reads from this iterator"}


def test_the_c_types_are_no_traps():
    with pytest.raises(TypeError):
        MapAccess()
    with pytest.raises(TypeError):
        MapAccess(5)
    with pytest.raises(TypeError):
        MapEntries(5, "keys", 24, False, 1)
    bare = MapAccess.__new__(MapAccess)
    with pytest.raises(RuntimeError, match="never made"):
        bare.lookup(1)
    with pytest.raises(RuntimeError, match="never made"):
        MapEntries(bare, "keys", 24, False, 1)
