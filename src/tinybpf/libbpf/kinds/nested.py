"""Maps of maps."""

from __future__ import annotations

import errno
import sys
from typing import Any, ClassVar

from tinybpf.libbpf._mapcore import OperationHints
from tinybpf.libbpf.kinds.references import References


class Maps(References):
    """Maps by index or key. What is assigned is a map, or its descriptor. Kernel 4.12 or later.

    Reading gives the inner map, opened anew: it stands alone, lasts as long as it is held, and can be
    closed before. With ``typed(value=int)`` reading gives ids, and assigning takes descriptors.
    """

    thing = "map"
    hints: ClassVar[OperationHints] = {
        "update": {
            errno.EINVAL: "the map has not the type, sizes or flags of the inner maps that this one was "
            "made for; only the number of entries may differ, for arrays from Linux 5.10 on and with "
            "BPF_F_INNER_MAP (4096)",
            errno.EBADF: "the value is no descriptor of a map",
        }
    }

    def _found(self, raw: bytes) -> Any:
        from tinybpf.libbpf._pins import open_map_by_id

        return open_map_by_id(int.from_bytes(raw, sys.byteorder))
