#!/bin/sh
# slipway-package <cut-off> <folder in the repository> <extras> <--editable or nothing> <index options>
# Installs a folder of the repository into /srv/env, as of the environment's own day, without moving what is locked
# there; when that has no solution, as pip would have done it, and says so, unless SLIPWAY_FIXED is set. No cache is
# mounted: its setup.py runs here.
set -eu
cutoff=$1 folder=/home/jovyan${2:+/$2} extras=$3 editable=$4
shift 4
lock=/srv/env/share/slipway
used=$(cat "$lock/resolved-as-of" 2> /dev/null || echo latest)
case $used in latest) cutoff=none ;; ????-??-??) cutoff=${used}T23:59:59Z ;; esac
scratch=$(mktemp -d)
# What conda brought is in a file of its own.
cat "$lock/python.lock" "$lock/build.lock" "$lock/constraints" 2> /dev/null | cut -d ' ' -f 1 | grep == > "$scratch/constraints" || true
ancient=
# conda's Pythons from 3.10 on have a lib/python3.1 beside theirs.
for found in /srv/env/lib/python2.* /srv/env/lib/python3.[2-5]; do [ ! -d "$found" ] || ancient=yes; done
[ "$cutoff" = none ] || [ -n "$ancient" ] || set -- --exclude-newer "$cutoff" "$@"
[ -z "$editable" ] || set -- "$@" --editable
export UV_CACHE_DIR="$scratch/cache" UV_LINK_MODE=hardlink
unset UV_NO_CACHE
install() {
  if [ -n "$ancient" ]; then
    # uv knows no Python before 3.6, and such a pip no day.
    slipway-conda dated_index "$cutoff" /srv/env/bin/python -m pip install "$@"
    return
  fi
  uv pip install --no-progress --color never --no-python-downloads --python /srv/env/bin/python \
    --config-file /usr/local/lib/slipway/dependency-metadata.toml --index-strategy unsafe-best-match "$@"
}
status=0
install -c "$scratch/constraints" "$@" "$folder$extras" > "$scratch/log" 2>&1 || status=$?
cat "$scratch/log" >&2
# 75: the index did not answer.
if [ "$status" -ne 0 ] && [ "$status" -ne 75 ] && [ -z "${SLIPWAY_FIXED:-}" ] && grep -Eq 'No solution found|No matching distribution found|ResolutionImpossible' "$scratch/log"; then
  echo "slipway: $folder asks for other versions than the environment has; they are moved for it" >&2
  status=0
  install "$@" "$folder$extras" || status=$?
fi
rm -rf "$scratch"
exit "$status"
