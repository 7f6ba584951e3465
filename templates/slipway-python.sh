#!/bin/sh
# slipway-python <3.8 or 3.8.1>: puts a managed Python of uv's, or of the mirror's, at /srv/python/current. A patch release
# that nobody has becomes the newest of its kind, which is said in /srv/python/notices.
set -eu
export UV_PYTHON_INSTALL_DIR=/srv/python/managed UV_NO_CACHE=1
wanted=$1
install() {
  status=0
  uv python install --no-config --no-bin --no-progress --color never "$wanted" > /tmp/python.log 2>&1 || status=$?
  cat /tmp/python.log >&2
}
install
minor=$(echo "$wanted" | cut -d . -f 1,2)
if [ "$status" -ne 0 ] && [ "$wanted" != "$minor" ] && grep -q 'No download found' /tmp/python.log; then
  nobody=$wanted wanted=$minor
  install
fi
if [ "$status" -ne 0 ] && grep -q 'No download found' /tmp/python.log; then
  echo "slipway: there is no download of Python $1" >&2
  exit 66
elif [ "$status" -ne 0 ]; then
  echo "slipway: Python $1 could not be downloaded" >&2
  exit 75
fi
found=$(uv python find --no-config --managed-python "$wanted")
current=$(dirname "$(dirname "$(readlink -f "$found")")")
ln -s "$current" /srv/python/current
if [ -n "${nobody:-}" ]; then
  has=$("$current/bin/python3" -I -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
  message="There is no download of Python $nobody; it is $has."
  echo "slipway: $message" >&2
  echo "$message" > /srv/python/notices
fi
rm /tmp/python.log
