#!/bin/sh
# Adds the wheels of guessed.lock to /srv/env, and nothing else: nothing is built. The environment's own code may run
# here (a .pth), so no cache that outlives the build is mounted.
set -eu
lock=/srv/env/share/slipway/guessed/guessed.lock
# It comes from a stage in which anybody's code may have run.
if [ -L "$lock" ] || [ ! -f "$lock" ]; then
  echo "slipway: the lock is no file" >&2
  exit 64
fi
name='[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?'
if grep -Evn "^$name==[A-Za-z0-9.!+_-]+( --hash=sha256:[0-9a-f]{64})+\$" "$lock" >&2; then
  echo "slipway: the lock has lines that are no lock's" >&2
  exit 64
fi
[ -s "$lock" ] || exit 0
export UV_NO_CACHE=1 UV_LINK_MODE=hardlink
uv pip install -q --no-config --python /srv/env/bin/python --no-deps --no-build --require-hashes -r "$lock"
exec slipway-bytecode /srv/env
