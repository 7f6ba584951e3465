#!/bin/sh
# Goes on where slipway-resolve needed compilers. As root, in a stage in which nobody's code has run yet: only then is
# the rest done, unprivileged. Leaves /tmp/made/env as slipway-resolve does.
set -eu
if [ ! -e /srv/env/share/slipway/compilers ]; then
  mkdir /tmp/made
  exec cp -al /srv/env /tmp/made/
fi
headers=$([ "$1" = managed ] || echo python3-dev)
apt-get update -q
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends build-essential pkg-config $headers > /dev/null
exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs slipway-resolve "$@" --compilers
