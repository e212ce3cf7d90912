"""The scripts that turn a booted kernel into a machine with this one's files.

The first runs in the initial file system: it puts a memory file system over this machine's own,
which is read-only. The second runs in the result, makes what programs expect of a machine, and runs
the command. They talk to the host by files in a share, and write the command's output to ports.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

RUN = "/run/vm"
"""Where the guest has the share with the host."""

TEMPORARY = "/run/tmp"
"""Where the guest has its temporary files: no other process, here or in another guest, has the same."""

CHANGED = "/run/upper/up"
"""Where the guest has what it changed in the host's files."""

HIDDEN = ("/dev", "/proc", "/run", "/sys")
"""What the guest has its own of."""

OPTIONS = "trans=virtio,version=9p2000.L,msize=512000"

MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")
"""What takes the guest to its root file system and its output."""

FIRST = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
fail() {{ echo "tinybpf: $1 failed" > /dev/console; sleep 1; echo b > /proc/sysrq-trigger; sleep 9; }}
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in $(cat /modules/order); do insmod /modules/$module || fail "insmod $module"; done
mount -t 9p -o ro,{OPTIONS},cache=loose root /lower || fail "mount of the host's files"
mount -t tmpfs -o size=75% upper /upper && mkdir /upper/up /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/up,workdir=/upper/work root /root ||
    fail "mount of the overlay"
for folder in proc sys dev; do mount --move /$folder /root/$folder; done
mount -t tmpfs -o mode=755 run /root/run && mkdir /root{RUN}
mkdir -m 1777 /root{TEMPORARY} && mkdir /root/run/upper && mount --bind /upper /root/run/upper
mount -t 9p -o {OPTIONS},cache=none vm /root{RUN} || fail "mount of the share"
exec switch_root /root /bin/sh {RUN}/second
"""

# Output goes through pipes: a port can't be opened a second time, as /dev/stdout is.
SECOND = f"""#!/bin/sh
b={{busybox}}
mkdir -p /dev/pts /dev/shm /run/lock /run/user /lib/modules
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
ln -sfn /proc/self/fd /dev/fd
ln -sfn /proc/self/fd/0 /dev/stdin
ln -sfn /proc/self/fd/1 /dev/stdout
ln -sfn /proc/self/fd/2 /dev/stderr
for each in cgroup2:/sys/fs/cgroup bpf:/sys/fs/bpf securityfs:/sys/kernel/security \\
    debugfs:/sys/kernel/debug tracefs:/sys/kernel/tracing; do
    mount -t ${{{{each%%:*}}}} ${{{{each%%:*}}}} ${{{{each#*:}}}}
done
ln -sfn {{modules}} /lib/modules/{{release}}
mkdir -p /boot
for each in {{config}}; do
    if [ -e "$each" ]; then ln -sfn "$each" /boot/config-{{release}}; fi
done
$b hostname vm
$b ip link set lo up
{{shares}}
for port in /sys/class/virtio-ports/*; do
    ln -s /dev/${{{{port##*/}}}} /run/$(cat $port/name)
done
mkfifo /run/pipe.out /run/pipe.err
cat < /run/pipe.out > /run/vm.out &
out=$!
cat < /run/pipe.err > /run/vm.err &
err=$!
exec 2>/run/pipe.err >/run/pipe.out
: > {RUN}/started
cd {{cwd}} || exit 1
env -i {{environment}} setsid -w /bin/sh {RUN}/command < /dev/null
echo $? > {RUN}/status.new
mv {RUN}/status.new {RUN}/status
exec > /dev/null 2>&1
for each in /proc/[0-9]*; do
    case ${{{{each#/proc/}}}} in 1 | $out | $err) ;; *) kill -9 ${{{{each#/proc/}}}} ;; esac
done
wait $out $err
echo b > /proc/sysrq-trigger
sleep 9
"""


class Task(NamedTuple):
    """What the guest does: the command, where, with which environment and writable folders."""

    command: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]
    shares: Sequence[Path]


def second(task: Task, busybox: str, modules: Path, release: str) -> str:
    """The script that runs in the guest's root file system."""
    q = shlex.quote
    shares = "\n".join(
        f"mount -t 9p -o {OPTIONS},cache=none {tag} {q(str(path))}" for tag, path in tagged(task.shares)
    )
    # Where older packages have it, and newer.
    configs = (
        modules.parents[2] / "boot" / f"config-{release}",
        modules / "config",
    )
    return SECOND.format(
        config=" ".join(q(str(path)) for path in configs),
        busybox=q(busybox),
        modules=q(str(modules)),
        release=q(release),
        shares=shares,
        cwd=q(str(task.cwd)),
        environment=" ".join(q(f"{name}={value}") for name, value in task.environment.items()),
    )


def tagged(shares: Sequence[Path]) -> list[tuple[str, Path]]:
    """The names under which the guest mounts writable folders."""
    return [(f"share{number}", path) for number, path in enumerate(shares)]


def command(words: Sequence[str]) -> str:
    """The script that becomes the command."""
    return f"exec {shlex.join(words)}\n"
