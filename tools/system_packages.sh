#!/bin/sh
# Make sure of what pip cannot install, for one or more of: build, test, bench, vm.
# As root where there is apt, what is missing is installed; else the message says what to install.
# There may be no Python here yet, so this is shell. PYTHON names the interpreter to look at.
set -eu

python=${PYTHON:-python3}
packages=
what=
required=no

missing() { # package, what is missing
    packages="$packages $1"
    what="$what
  $2"
}

# Packages that some systems lack, and that one can do without.
offered() { command -v apt-cache >/dev/null 2>&1 && apt-cache show "$1" >/dev/null 2>&1; }

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }

for purpose in "$@"; do
    case $purpose in
    build)
        have cc || missing gcc "a C compiler (cc)"
        [ -e /usr/include/stdio.h ] || missing libc6-dev "the C library's headers"
        have "$python" || missing python3 "Python 3.10 or newer ($python)"
        "$python" -c 'import ensurepip, venv' 2>/dev/null || missing python3-venv "Python's venv with ensurepip"
        "$python" -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
            missing python3-dev "Python's headers (Python.h)"
        if [ -n "$packages" ]; then required=yes; fi
        ;;
    test)
        # Tests with the kernel use these, and those need root.
        if [ "$(id -u)" = 0 ]; then
            have ip || missing iproute2 "ip, for the tests' network namespaces"
            have bpftool || missing bpftool "bpftool, for the tests that load with it"
        fi
        ;;
    bench)
        have clang || have clang-19 || { missing clang-19 "clang, to compare with" && required=yes; }
        if [ "$(id -u)" = 0 ]; then
            headers=linux-headers-$(uname -r)
            /usr/bin/python3 -c 'import bcc' 2>/dev/null || ! offered python3-bpfcc ||
                missing python3-bpfcc "bcc, to compare with"
            [ -e "/lib/modules/$(uname -r)/build" ] || ! offered "$headers" ||
                missing "$headers" "the kernel's headers, for bcc"
        fi
        ;;
    vm)
        # apt-get, dpkg-deb and tar are there wherever the kernels' packages are to be had.
        have qemu-system-x86_64 || missing qemu-system-x86 "qemu-system-x86_64, which runs other kernels"
        have busybox || missing busybox-static "busybox, for the guest's first steps"
        have depmod || missing kmod "depmod and modprobe, for the kernel's modules"
        have zstd || missing zstd "zstd, which some kernels are compressed with"
        if [ -n "$packages" ]; then required=yes; fi
        ;;
    *)
        echo "usage: $0 build|test|bench|vm ..." >&2
        exit 2
        ;;
    esac
done

if [ -n "$packages" ]; then
    if [ "$(id -u)" = 0 ] && have apt-get; then
        echo "installing:$packages"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        # shellcheck disable=SC2086 # a list of words
        apt-get install -y -qq --no-install-recommends $packages >/dev/null
    else
        echo "Missing on this machine:$what" >&2
        echo "On Debian and Ubuntu, as root:  apt-get update && apt-get install -y$packages" >&2
        [ "$required" = no ] || exit 1
    fi
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
    echo "error: $("$python" --version) is too old: Python 3.10 or newer is needed; make PYTHON=... names another" >&2
    exit 1
}
