#!/bin/sh
# slipway-resolve debian|managed <options of resolve.py>
case $1 in managed) python=/srv/python/current/bin/python3 ;; *) python=/usr/bin/python3 ;; esac
shift
exec /usr/bin/python3 -E -s -B /usr/local/lib/slipway/resolve.py --python="$python" "$@"
