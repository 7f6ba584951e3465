#!/bin/sh
# Compiles an environment's modules, on all processors. Test suites and what only installs packages are left out; a file
# that does not compile (templates, code for another Python) is no fault.
"$1/bin/python" -m compileall -q -j 0 -x '/(tests?|pip|setuptools|pkg_resources)/' "$1/lib" > /dev/null || true
