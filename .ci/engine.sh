#!/usr/bin/env bash
# Brings a Docker engine up on a bare Debian and builds the images with nothing to pull from.
#
#   .ci/engine.sh            an engine, a base image, forwardpass-lane, -service and -worker; what is there is kept
#   .ci/engine.sh start      the engine only
#   .ci/engine.sh stop       ends the engine, if this script started it
#   .ci/engine.sh restart    both
#
# The base is bootstrapped from the mirrors of this machine; wheels are fetched by the pip of this machine, however it is
# configured, and handed to the builds by a server that lives as long as they do. So neither the configuration nor a
# certificate of this machine gets into an image.
#
# BASE          the base image; bootstrapped under this name where it is missing
# TORCH_INDEX   where torch comes from; empty: from what pip is configured with
# ENGINE_FLAGS  more flags for dockerd
# ENGINE_STATE  the folder for log, process id and wheels
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
export DOCKER_BUILDKIT=0 # BuildKit is a plug-in the command line may lack; the builder in the engine is always there

SUITE=bookworm
BASE=${BASE:-forwardpass-base:$SUITE}
STATE=${ENGINE_STATE:-/var/lib/forwardpass-engine}
HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
PORT=18931 # part of the builds' cache keys, so it does not change
START_S=60

say() { printf '==> %s (%s s)\n' "$1" "$SECONDS"; }
fail() { printf '%s\n' "$@" >&2; exit 1; }
answers() { docker version >/dev/null 2>&1; }
born() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; } # tells a process from a later one of the same id
running() { [ -n "$(born "$1")" ] && [ "$(born "$1")" = "$2" ]; }

packages() { # COMMAND PACKAGE pairs: installs what is missing
    local missing=()
    while [ $# -gt 0 ]; do
        command -v "$1" >/dev/null || missing+=("$2")
        shift 2
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "${missing[*]} must be installed first. As root: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

launch() { # one attempt; more flags as arguments
    local pid
    # shellcheck disable=SC2086  # several flags
    setsid dockerd --host "$HOST" "$@" ${ENGINE_FLAGS:-} >>"$STATE/dockerd.log" 2>&1 </dev/null &
    pid=$!
    echo "$pid $(born "$pid" || true)" >"$STATE/dockerd.pid"
    for ((tenths = 0; tenths < START_S * 10; tenths++)); do
        ! answers || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    stop
    return 1
}

start() {
    packages dockerd docker.io
    packages docker docker-cli # a package of its own on later systems
    ! answers || { say "an engine answers at $HOST"; return; }
    [ "$(id -u)" = 0 ] || fail "no engine answers at $HOST, and only root can start one: run this as root, or start yours"
    mkdir -p "$STATE"
    say "starting dockerd, log in $STATE/dockerd.log"
    launch || { say "once more, with plain copies for layers" && launch --storage-driver vfs; } ||
        fail "dockerd did not start:" "$(tail -n 20 "$STATE/dockerd.log")"
}

stop() {
    [ -e "$STATE/dockerd.pid" ] || { say "no engine was started here"; return; }
    local pid when
    read -r pid when <"$STATE/dockerd.pid"
    rm "$STATE/dockerd.pid"
    running "$pid" "$when" || { say "the engine has ended by itself"; return; }
    say "stopping dockerd, process $pid"
    kill "$pid"
    for ((tenths = 0; tenths < START_S * 10; tenths++)); do
        running "$pid" "$when" || return 0
        sleep 0.1
    done
    fail "dockerd, process $pid, does not end; see $STATE/dockerd.log"
}

sources() { # this machine's sources of the suite, if it has any
    apt-get indextargets --format "deb \$(SITE) \$(RELEASE) main" 2>/dev/null | sort -u | grep " $SUITE" || true
}

slim() { # what keeps a container's system small, and lets apt work as it does here
    [ -z "$(sources)" ] || sources >"$1/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(Check-|Retries|http::Proxy|https::Proxy)' >"$1/etc/apt/apt.conf.d/machine" || true
    if grep -q https: "$1/etc/apt/sources.list"; then
        install -D --mode 644 /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
    fi
    echo 'Dir::Cache { pkgcache ""; srcpkgcache ""; };' >"$1/etc/apt/apt.conf.d/slim"
    printf '%s\n' force-unsafe-io 'path-exclude /usr/share/'{doc,man,info,locale}'/*' >"$1/etc/dpkg/dpkg.cfg.d/slim"
    rm -rf "$1"/usr/share/{doc,man,info,locale}/* "$1"/var/{lib/apt/lists,cache/apt,log}/*
}

base() {
    ! docker image inspect "$BASE" >/dev/null 2>&1 || { say "the base image $BASE is there"; return; }
    packages debootstrap debootstrap
    local mirror
    mirror=$(sources | awk -v suite="$SUITE" '$3 == suite { print $2; exit }')
    root=$(mktemp -d /var/tmp/forwardpass-base.XXXXXX)
    say "bootstrapping $BASE${mirror:+ from $mirror}"
    debootstrap --variant=minbase "$SUITE" "$root/system" ${mirror:+"$mirror"} >"$STATE/debootstrap.log" 2>&1 ||
        fail "debootstrap failed:" "$(tail -n 20 "$STATE/debootstrap.log")"
    slim "$root/system"
    tar --directory "$root/system" --numeric-owner --exclude './dev/*' --create . | docker import - "$BASE" >/dev/null
    rm -rf "$root"
}

download() { # PYTHON REQUIREMENTS; torch's own index, if one is named, is asked for torch alone
    set -- "$2" "$1" -m pip download --dest "$STATE/wheels" --python-version 3.11 --only-binary :all:
    [ -z "${TORCH_INDEX:-}" ] || "${@:2}" --no-deps --index-url "$TORCH_INDEX" "$(grep '^torch==' <<<"$1")" || return
    "${@:2}" --find-links "$STATE/wheels" --requirement /dev/stdin <<<"$1"
}

wheels() { # everything the builds install, as pip here finds it
    local python=.venv/bin/python wanted configured stamp
    "$python" -m pip --version >/dev/null 2>&1 || { python=python3 && packages pip3 python3-pip; }
    wanted=$(python3 .ci/images/requirements.py pyproject.toml build service grade docker triton)
    configured=$("$python" -m pip config list)
    if [ -z "${TORCH_INDEX+set}" ] && [[ $configured != *find-links* && $configured != *index-url* ]]; then
        TORCH_INDEX=$(sed -n 's/^ARG TORCH_INDEX=//p' Dockerfile)
    fi
    stamp=$(echo "$wanted ${TORCH_INDEX:-}" | sha256sum)
    [ "$(cat "$STATE/wheels/stamp" 2>/dev/null)" != "$stamp" ] || { say "the wheels are there"; return; }
    say "fetching wheels"
    rm -rf "$STATE/wheels"
    mkdir -p "$STATE/wheels"
    download "$python" "$wanted" >"$STATE/wheels.log" 2>&1 || fail "pip failed:" "$(tail -n 20 "$STATE/wheels.log")"
    echo "$stamp" >"$STATE/wheels/stamp"
}

serve() {
    python3 -m http.server --bind 127.0.0.1 --directory "$STATE/wheels" "$PORT" >"$STATE/server.log" 2>&1 &
    server=$!
    for ((tenths = 0; tenths < 100; tenths++)); do
        kill -0 "$server" 2>/dev/null || fail "cannot serve wheels on port $PORT:" "$(tail -n 3 "$STATE/server.log")"
        ! (: <"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null || return 0
        sleep 0.1
    done
    fail "the server for wheels on port $PORT does not answer; see $STATE/server.log"
}

image() {
    say "building forwardpass-$1"
    docker build --network host --target "$1" --tag "forwardpass-$1" --build-arg BASE="$BASE" \
        --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS="http://127.0.0.1:$PORT/" --build-arg TORCH_INDEX= \
        --build-arg SANDBOX_DIGEST="$(python3 -Bc 'from sandbox.version import digest; print(digest())')" . >"$STATE/build-$1.log" 2>&1 ||
        fail "building forwardpass-$1 failed:" "$(tail -n 40 "$STATE/build-$1.log")"
}

database() { # stands in for the official PostgreSQL image, which may be out of reach
    say "building forwardpass-database"
    docker build --network host --tag forwardpass-database --build-arg BASE="$BASE" --file .ci/images/database.Dockerfile . \
        >"$STATE/build-database.log" 2>&1 || fail "building it failed:" "$(tail -n 40 "$STATE/build-database.log")"
}

clean() {
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    [ -z "${root:-}" ] || rm -rf "$root"
}

case ${1:-all} in
start) start ;;
stop) stop ;;
restart) stop && start ;;
all)
    trap clean EXIT
    start
    mkdir -p "$STATE"
    base
    wheels
    serve
    image lane
    image service
    image worker
    database
    say "ready: forwardpass-lane, forwardpass-service, forwardpass-worker"
    ;;
*) fail "usage: .ci/engine.sh [start|stop|restart]" ;;
esac
