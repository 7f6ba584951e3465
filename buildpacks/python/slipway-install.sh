#!/bin/sh
# slipway-install debian|managed <index options>: the lock's wheels, and nothing else, into /srv/env. Where the locks of
# an environment that is gone on from are in /tmp/slipway-before, only what that one lacks.
# Nobody's code runs here (the shared cache may be mounted): nothing is built, and uv asks the interpreter about itself
# only while the environment is still empty.
set -eu
case $1 in managed) python=/srv/python/current/bin/python3 ;; *) python=/usr/bin/python3 ;; esac
shift
lock=/srv/env/share/slipway/python.lock
# It comes from a stage in which anybody's code may have run: a link would show what only this step may read.
if [ -L "$lock" ] || [ ! -f "$lock" ]; then
  echo "slipway: the lock is no file" >&2
  exit 64
fi
name='[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?'
if grep -Evn "^$name==[A-Za-z0-9.!+_-]+( --hash=(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))+\$" "$lock" >&2; then
  echo "slipway: the lock has lines that are no lock's" >&2
  exit 64
fi
before=/tmp/slipway-before
if [ -d "$before" ]; then
  if [ -L "$before/python.lock" ] || [ ! -f "$before/python.lock" ] || [ -L "$before/build.lock" ] ||
    [ -s "$before/build.lock" ] || [ -s "${lock%/*}/build.lock" ] || grep -Fvxq -f "$lock" "$before/python.lock"; then
    echo "slipway: this environment cannot go on from that one" >&2
    exit 76
  fi
  grep -Fvx -f "$before/python.lock" "$lock" > /tmp/slipway-more.lock || true
  lock=/tmp/slipway-more.lock
fi
if [ -n "${UV_CACHE_DIR:-}" ]; then
  export UV_LINK_MODE=copy
else
  export UV_LINK_MODE=hardlink UV_NO_CACHE=1
fi
# The system's packages are let in, because only then does pip allow `pip install --user`, which postBuild scripts use.
uv venv -q --no-config --no-managed-python --no-python-downloads --python "$python" --system-site-packages --allow-existing /srv/env
uv pip install -q --no-config --python /srv/env/bin/python --no-deps --no-build --require-hashes "$@" -r "$lock"
