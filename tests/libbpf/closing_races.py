"""A process of its own: objects are closed while other threads use them. It must come to its end.

Given the paths of an object with programs and one with variables; run by test_threads.py.
"""

from __future__ import annotations

import faulthandler
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import tinybpf
from tinybpf.libbpf.open import open as open_object

ROUNDS = 12
ENDED = ("closed", "cannot be used", "destroyed")
Use = Callable[[Any], object]


def uses(of: Sequence[Use], made: Callable[[], tuple[Any, Callable[[], object]]]) -> None:
    for _ in range(ROUNDS):
        one, close = made()
        over = threading.Event()
        threads = [threading.Thread(target=again_and_again, args=(use, one, over)) for use in of]
        for thread in threads:
            thread.start()
        time.sleep(random.random() * 0.01)
        close()
        over.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()


def again_and_again(use: Use, one: Any, over: threading.Event) -> None:
    """Until it says that it is closed."""
    while True:
        try:
            use(one)
        except (tinybpf.BpfError, ValueError) as error:
            if any(word in str(error) for word in ENDED):
                return
        if over.is_set():
            return


def main(programs: str, variables: str) -> None:
    faulthandler.enable()
    sys.setswitchinterval(1e-5)

    def loaded() -> tuple[Any, Callable[[], object]]:
        obj = tinybpf.load(programs)
        return obj, obj.close

    def fresh() -> tuple[Any, Callable[[], object]]:
        obj = tinybpf.load(variables)
        return obj, obj.close

    def opened() -> tuple[Any, Callable[[], object]]:
        found = open_object(variables)
        return found, found.close

    def linked() -> tuple[Any, Callable[[], object]]:
        link = tinybpf.load(programs).program("on_any").attach()
        return link, link.destroy

    whoami = bytes(8)
    uses(
        [
            lambda obj: obj.program("on_any").attach(),
            lambda obj: obj.program("on_getppid").attach(),
            lambda obj: obj.program("whoami").info,
            lambda obj: obj.program("whoami").test_run(ctx=whoami),
        ],
        loaded,
    )
    uses(
        [
            lambda obj: repr(obj.btf),
            lambda obj: obj.map("counts").btf_value,
            lambda obj: obj.map("counts").typed(),
            lambda obj: obj.program("on_any").attach().destroy(),
        ],
        loaded,
    )
    uses([repr, lambda obj: list(obj.programs), lambda obj: list(obj.globals.items())], fresh)
    uses(
        [
            lambda found: [(p.type, p.section, p.autoload) for p in found.programs.values()],
            lambda found: [(m.type, m.max_entries, m.pin_path) for m in found.maps.values()],
            lambda found: list(found.globals.items()),
        ],
        opened,
    )
    uses([lambda link: link.info, lambda link: link.pin("/sys/fs/bpf/tinybpf/no/such"), repr], linked)
    print("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
