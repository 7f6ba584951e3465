#!/bin/sh
# Puts a managed Python of uv's at /srv/python/current. Exit code 75: its host was not reached.
set -eu
export UV_PYTHON_INSTALL_DIR=/srv/python/managed UV_NO_CACHE=1
if ! uv python install --no-config --no-bin --no-progress "$1"; then
  echo "slipway: Python $1 could not be downloaded; SLIPWAY_MIRROR_PYTHON can name a mirror" >&2
  exit 75
fi
found=$(uv python find --no-config --managed-python "$1")
ln -s "$(dirname "$(dirname "$(readlink -f "$found")")")" /srv/python/current
