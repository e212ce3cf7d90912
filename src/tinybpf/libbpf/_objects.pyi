"""csrc/objects: many Python objects per call."""

def records(data: int, records: int, count: int, /) -> list[bytes]:
    """A drained batch: the addresses of its data and of its table, and how many records it has."""

def ring_records(ring: int, most: int, /) -> list[bytes] | None:
    """Up to ``most`` records of the ``tb_ringmap`` at an address; None where its memory makes no sense."""
