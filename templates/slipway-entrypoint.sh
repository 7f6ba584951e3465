#!/bin/sh
# Starts what the session runs: the repository's `start` (R2D_ENTRYPOINT) around it when there is one.
# tini hands signals to the whole process group and returns the child's exit code.
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
