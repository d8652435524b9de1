#!/bin/sh
# Makes a database with the given password, once, and serves it.
set -eu
data=/var/lib/postgresql/data/cluster
if [ ! -f "$data/PG_VERSION" ]; then
    password=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
    initdb --pgdata "$data" --username postgres --pwfile "$password" --auth-local trust --auth-host scram-sha-256 --encoding UTF8 --locale C.UTF-8
    rm "$password"
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
fi
exec postgres -D "$data" -c listen_addresses='*'
