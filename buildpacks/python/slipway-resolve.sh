#!/bin/sh
# slipway-resolve debian|managed <options of resolve.py>: leaves what the next stage takes in /tmp/made/env, too. To copy a
# folder the engine walks through all that is beside it, which in /srv is thousands of files and takes a second.
set -eu
case $1 in managed) python=/srv/python/current/bin/python3 ;; *) python=/usr/bin/python3 ;; esac
shift
/usr/bin/python3 -E -s -B /usr/local/lib/slipway/resolve.py --python="$python" "$@"
mkdir /tmp/made
cp -al /srv/env /tmp/made/
