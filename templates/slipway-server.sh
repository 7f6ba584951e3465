#!/bin/sh
# The default command: the Jupyter server of the environment in which it lives, in the repository's folder.
# The token comes from JUPYTER_TOKEN; without one the server makes its own.
cd "${REPO_DIR:-$HOME}" || exit 1
bin=${NB_PYTHON_PREFIX:-/srv/jupyter}/bin
for app in jupyter-lab jupyter-notebook; do
  if [ -x "$bin/$app" ]; then
    exec "$bin/$app" --ip=0.0.0.0 --port=8888 --no-browser "$@"
  fi
done
echo "slipway: there is no Jupyter server in $bin" >&2
exit 127
