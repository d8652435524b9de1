#!/bin/sh
# Makes the virtual environment and installs Forward Pass into it, saying what it does.
set -eu
python=$1
venv=$2

say() { printf '\033[1m==> %s\033[0m\n' "$1"; }

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Forward Pass needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || echo missing)." >&2
    echo "Install one, or name it: make PYTHON=python3.12 demo" >&2
    exit 1
fi

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    say "Creating the virtual environment $venv"
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "Installing python$version-venv"
            apt-get update -qq && apt-get install -y -qq "python$version-venv"
            "$python" -m venv "$venv"
        else
            echo "Python's venv module is incomplete here. Run: sudo apt-get install python$version-venv" >&2
            exit 1
        fi
    fi
fi

say "Installing Forward Pass with PyTorch (the first time this downloads some hundred megabytes)"
"$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar on -e '.[dev]'
