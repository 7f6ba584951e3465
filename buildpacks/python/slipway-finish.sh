#!/bin/sh
# Kernel and byte code of /srv/env. The packages' own code (a .pth) may run here: no cache is mounted.
set -eu
folder=/srv/env/share/jupyter/kernels/python3
mkdir -p "$folder"
printf '%s\n' '{' \
  ' "argv": ["/srv/env/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],' \
  ' "display_name": "Python 3 (ipykernel)",' \
  ' "language": "python",' \
  ' "metadata": {"debugger": true}' \
  '}' > "$folder/kernel.json"
exec slipway-bytecode /srv/env
