"""Maps that are more, or less, than a dictionary of plain data: one module for each family."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf.enums import BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf.map import BpfMap

_CLASSES = {
    BpfMapType.LPM_TRIE: ("trie", "Trie"),
    BpfMapType.QUEUE: ("queue", "Queue"),
    BpfMapType.STACK: ("queue", "Queue"),
    BpfMapType.BLOOM_FILTER: ("bloom", "BloomFilter"),
    BpfMapType.STACK_TRACE: ("stacks", "StackTraces"),
    BpfMapType.PROG_ARRAY: ("references", "Programs"),
    BpfMapType.PERF_EVENT_ARRAY: ("references", "PerfEvents"),
    BpfMapType.CGROUP_ARRAY: ("references", "Cgroups"),
    BpfMapType.ARRAY_OF_MAPS: ("nested", "Maps"),
    BpfMapType.HASH_OF_MAPS: ("nested", "Maps"),
    BpfMapType.DEVMAP: ("network", "Devices"),
    BpfMapType.DEVMAP_HASH: ("network", "Devices"),
    BpfMapType.CPUMAP: ("network", "Cpus"),
    BpfMapType.XSKMAP: ("network", "XdpSockets"),
    BpfMapType.SOCKMAP: ("network", "Sockets"),
    BpfMapType.SOCKHASH: ("network", "Sockets"),
    BpfMapType.REUSEPORT_SOCKARRAY: ("network", "Sockets"),
    BpfMapType.SK_STORAGE: ("storage", "SocketStorage"),
    BpfMapType.INODE_STORAGE: ("storage", "InodeStorage"),
    BpfMapType.TASK_STORAGE: ("storage", "TaskStorage"),
    BpfMapType.CGRP_STORAGE: ("storage", "CgroupStorage"),
    BpfMapType.STRUCT_OPS: ("structops", "StructOps"),
    BpfMapType.RINGBUF: ("special", "RingBuffer"),
    BpfMapType.USER_RINGBUF: ("special", "UserRingBuffer"),
    BpfMapType.ARENA: ("special", "Arena"),
}


def class_for(type_: BpfMapType) -> type[BpfMap[Any, Any]]:
    """The class of maps of this type; of one that is not known, the dictionary."""
    if type_ not in _CLASSES:
        from tinybpf.libbpf.map import BpfMap

        return BpfMap
    module, name = _CLASSES[type_]
    found: type[BpfMap[Any, Any]] = getattr(import_module(f"{__name__}.{module}"), name)
    return found
