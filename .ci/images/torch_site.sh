#!/bin/sh
# Installs torch and numpy with what they require into the folder $1, torch $3 from the index $2, numpy $4 from pip's own.
set -eu
site=$1
wheels=$(mktemp -d)

# Downloaded first, so that the index of torch's builds serves torch alone and not its dependencies too.
pip download --no-deps --dest "$wheels" ${2:+--index-url "$2"} "$3"
pip install --no-compile --target "$site" "$wheels"/torch-*.whl "$4"
rm -r "$wheels"

# What compiles against torch, tests it, or is started by hand.
cd "$site"
find torch/bin ! -name torch_shm_manager -type f -delete
rm -rf bin torch/include torch/test torch/share/cmake
find . -name '*.a' -delete
find . -type d -name tests -prune -exec rm -r {} +

# Nothing writes here again: unchecked .pyc files spare every import a look at its source. What torch keeps for newer
# Pythons does not compile and is not imported either.
python3 -m compileall -qq -j 0 --invalidation-mode unchecked-hash "$site" || true
