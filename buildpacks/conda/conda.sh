# /srv/conda/etc/profile.d/conda.sh: activates the environment (`notebook`) where nothing is active yet, and gives shells
# `conda activate` and `conda deactivate`. Sourced once on the way to everything that a session or postBuild runs.
_slipway_activate() {
  export CONDA_PREFIX="$1" CONDA_SHLVL=1 CONDA_EXE=/srv/conda/bin/conda
  CONDA_DEFAULT_ENV=$([ "$1" = /srv/env ] && echo notebook || basename "$1")
  export CONDA_DEFAULT_ENV
  case ":$PATH:" in *":$1/bin:"*) ;; *) export PATH="$1/bin:$PATH" ;; esac
  if [ -r "$1/share/slipway/variables.sh" ]; then . "$1/share/slipway/variables.sh"; fi
  for _slipway_script in "$1"/etc/conda/activate.d/*.sh; do
    if [ -r "$_slipway_script" ]; then . "$_slipway_script"; fi
  done
  unset _slipway_script
}

_slipway_deactivate() {
  [ -n "${CONDA_PREFIX:-}" ] || return 0
  for _slipway_script in "$CONDA_PREFIX"/etc/conda/deactivate.d/*.sh; do
    if [ -r "$_slipway_script" ]; then . "$_slipway_script"; fi
  done
  unset _slipway_script
  PATH=$(echo ":$PATH:" | sed "s|:$CONDA_PREFIX/bin:|:|; s|^:||; s|:\$||")
  unset CONDA_PREFIX CONDA_DEFAULT_ENV
  export PATH CONDA_SHLVL=0
}

conda() {
  case "${1:-}" in
    activate)
      case "${2:-notebook}" in
        notebook | base | root) set -- activate /srv/env ;;
        /*) ;;
        *) set -- activate "/srv/conda/envs/$2" ;;
      esac
      if [ ! -d "$2/conda-meta" ]; then
        echo "conda: there is no environment $2" >&2
        return 1
      fi
      _slipway_deactivate
      _slipway_activate "$2"
      ;;
    deactivate) _slipway_deactivate ;;
    *) command conda "$@" ;;
  esac
}
mamba() { conda "$@"; }

case ":$PATH:" in
  *:/srv/conda/bin:*) ;;
  *) PATH=$(echo "$PATH" | sed 's|/srv/env/bin|/srv/env/bin:/srv/conda/bin|') ;;
esac
# A shell that came after `conda deactivate` stays without.
if [ -z "${CONDA_SHLVL:-}" ]; then
  _slipway_activate /srv/env
  if [ ! -x /srv/env/bin/python ]; then export KERNEL_PYTHON_PREFIX=/srv/jupyter; fi
fi
