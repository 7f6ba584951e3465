#!/bin/bash
# slipway-activated COMMAND…: runs it with conda's environment activated.
. /srv/conda/etc/profile.d/conda.sh
exec "$@"
