#!/bin/sh
# slipway-finish isolated|environment: kernel, widgets and byte code of /srv/env. `isolated`: the Jupyter server is not
# in it. The packages' own code (a .pth) may run here: no cache is mounted.
set -eu
share=/srv/env/share
kernel='{"argv":["/srv/env/bin/python","-m","ipykernel_launcher","-f","{connection_file}"],"display_name":"Python 3 (ipykernel)","language":"python","metadata":{"debugger":true}}'
mkdir -p "$share/jupyter/kernels/python3"
echo "$kernel" > "$share/jupyter/kernels/python3/kernel.json"

if [ "$1" = isolated ]; then
  # Front ends of the kernel's libraries would hide the server's own, which fit its JupyterLab.
  front=$share/jupyter/labextensions
  rm -rf "$front/@jupyter-widgets/jupyterlab-manager" "$front/jupyterlab_pygments"
  major=$(cat "$share/slipway/python.lock" "$share/slipway/build.lock" | sed -n 's/^ipywidgets==\([0-9]*\).*/\1/p')
  case $major in
    7)
      mkdir -p "$front/@jupyter-widgets"
      cp -R /srv/jupyter/share/slipway/widgets7/jupyterlab-manager "$front/@jupyter-widgets/"
      ;;
    [1-6])
      message="ipywidgets $major has no front end for today's JupyterLab: its widgets stay blank"
      echo "slipway: $message"
      echo "$message" >> "$share/slipway/notices"
      ;;
  esac
fi
[ ! -e /srv/python/notices ] || cat /srv/python/notices >> "$share/slipway/notices"
exec slipway-bytecode /srv/env
