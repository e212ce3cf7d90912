"""csrc/objects: many Python objects per call."""

def records(data: int, records: int, count: int, /) -> list[bytes]:
    """A drained batch: the addresses of its data and of its table, and how many records it has."""
