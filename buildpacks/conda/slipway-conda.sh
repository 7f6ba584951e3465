#!/bin/sh
# slipway-conda solve|link|pip_section|dated_index …: one of the scripts beside the client, with the client's Python.
script=$1
shift
exec /srv/conda/client/bin/python -E -s -B "/srv/conda/lib/$script.py" "$@"
