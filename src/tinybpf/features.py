"""What the running kernel can do, found out by trying it: from its version to its helpers.

::

    from tinybpf import features

    features.map_type("ringbuf").works
"""

from __future__ import annotations

from tinybpf.libbpf.features import (
    LINKS,
    MAPS,
    PROGRAMS,
    Feature,
    Finding,
    HelperFeature,
    LinkFeature,
    MapFeature,
    ProgramFeature,
    State,
    helper,
    link_type,
    map_type,
    program_type,
)

__all__ = [
    "LINKS",
    "MAPS",
    "PROGRAMS",
    "Feature",
    "Finding",
    "HelperFeature",
    "LinkFeature",
    "MapFeature",
    "ProgramFeature",
    "State",
    "helper",
    "link_type",
    "map_type",
    "program_type",
]
