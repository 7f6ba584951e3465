#!/bin/sh
# slipway-bytecode <environment>: compiles its modules. Nothing of it is run for that, no .pth either.
exec "$1/bin/python" -E -S /usr/local/lib/slipway/bytecode.py "$1/lib" > /dev/null
