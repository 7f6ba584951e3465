#!/bin/sh
# conda's commands over rattler, under its names.
exec slipway-conda conda "$@"
