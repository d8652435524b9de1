#!/bin/sh
# Adds Triton $2 to the folder $1 for its interpreter, which needs neither ptxas nor the libraries of a GPU.
set -eu
pip install --no-compile --no-deps --target "$1" "$2"
cd "$1"
rm -rf bin triton/backends/nvidia/bin triton/backends/nvidia/lib triton/backends/amd/lib triton/profiler
python3 -m compileall -qq -j 0 --invalidation-mode unchecked-hash triton || true
