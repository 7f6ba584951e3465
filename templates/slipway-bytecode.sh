#!/bin/sh
# Compiles an environment's modules, on all processors. Test suites and what only installs packages are left out; a file
# that does not compile (templates, code for another Python) is no fault. SLIPWAY_JOBS=1 where most is compiled already:
# to look at what is there takes longer side by side.
case $("$1/bin/python" -V 2>&1) in "Python 2"*) jobs= ;; *) jobs="-j ${SLIPWAY_JOBS:-0}" ;; esac
# shellcheck disable=SC2086
"$1/bin/python" -m compileall -q $jobs -x '/(tests?|pip|setuptools|pkg_resources)/' "$1/lib" > /dev/null || true
