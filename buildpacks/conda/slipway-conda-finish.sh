#!/bin/bash
# slipway-conda-finish isolated|environment: what runs the packages' own code: their post-link scripts, the pip section, byte
# code. No cache is mounted. `isolated`: the Jupyter server is not in the environment.
set -eu
slipway-activated slipway-post-link /srv/env
slipway-activated slipway-conda pip_section
# Nobody may be asked for Python: there is none in an environment of R, or of tools.
if [ -x /srv/env/bin/python ]; then
  exec slipway-finish "$1" slipway-activated
fi
