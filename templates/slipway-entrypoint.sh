#!/bin/sh
# Starts what the session runs: the repository's `start` (R2D_ENTRYPOINT) around it when there is one.
# tini hands signals to the whole process group and returns the child's exit code.
case "${1:-} ${2:-} ${3:-}" in
  # A hub set up for BinderHub asks Python whether it has JupyterLab before it starts one: the server's Python knows.
  "python3 -c "*jupyterlab*)
    shift
    set -- "${NB_PYTHON_PREFIX:-/srv/jupyter}/bin/python3" "$@"
    ;;
esac
if [ -n "${R2D_ENTRYPOINT:-}" ]; then
  case $R2D_ENTRYPOINT in
    /*) start=$R2D_ENTRYPOINT ;;
    *) start=${REPO_DIR:-$HOME}/$R2D_ENTRYPOINT ;;
  esac
  if [ -x "$start" ]; then
    set -- "$start" "$@"
  else
    echo "slipway: $start cannot be run (missing or not executable); going on without it" >&2
  fi
fi
exec tini -s -g -- "$@"
