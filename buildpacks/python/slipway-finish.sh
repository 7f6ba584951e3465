#!/bin/sh
# slipway-finish isolated|environment [COMMAND]: kernel, widgets and byte code of /srv/env. `isolated`: the Jupyter server is
# not in it. COMMAND starts the kernel. The packages' own code (a .pth) may run here: no cache is mounted.
set -eu
share=/srv/env/share
major=$(/srv/env/bin/python -c 'import sys; print(sys.version_info[0])')
kernel='{"argv":['${2:+\"$2\",}'"/srv/env/bin/python","-m","ipykernel_launcher","-f","{connection_file}"],"display_name":"Python '$major' (ipykernel)","language":"python","metadata":{"debugger":true}}'
# `python3` is the name of the kernel that every front end starts unasked, so it is Python 2 too where that is all there is.
for name in python3 "python$major"; do
  mkdir -p "$share/jupyter/kernels/$name"
  echo "$kernel" > "$share/jupyter/kernels/$name/kernel.json"
done

if [ "$1" = isolated ]; then
  # Front ends of the kernel's libraries would hide the server's own, which fit its JupyterLab.
  front=$share/jupyter/labextensions
  rm -rf "$front/@jupyter-widgets/jupyterlab-manager" "$front/jupyterlab_pygments"
  major=$(find /srv/env/lib -maxdepth 3 -name 'ipywidgets-*-info' | sed -n 's/.*ipywidgets-\([0-9]*\).*/\1/p' | head -n 1)
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
