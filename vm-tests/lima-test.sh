#!/bin/sh
# In the Lima machine, as root: copy the mounted checkout to a disk of the machine's own, and run its tests there.
# What the tests built before stays, and so does the Mac's .venv where it is.
#
#   lima-test.sh ["ARGS of pytest"]        COPY=/root/tinybpf is where
set -eu

checkout=$(cd "$(dirname "$0")/.." && pwd)
copy=${COPY:-/root/tinybpf}
mkdir -p "$copy"
rsync --archive --delete --no-owner --no-group \
    --exclude /.venv --exclude /build --exclude /dist --exclude /third_party --exclude /go/vendor \
    --exclude /src/tinybpf/compiler/_bin --exclude '*.so' --exclude __pycache__ --exclude '.*_cache' \
    "$checkout/" "$copy/"
exec make -C "$copy" test ARGS="${1-}"
