# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A PostgreSQL server outside the cluster, as users have it: pods and the host reach it by the node's address.

PG_PORT=5432
PG_USER=interlude
PG_PASSWORD=interlude
PG_DATABASE=interlude

# The folder of the newest PostgreSQL that is installed.
postgres_programs() {
    local newest
    newest=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    if [[ -z $newest ]]; then
        command -v initdb >/dev/null || die 'PostgreSQL is missing (Debian: postgresql-15), or use --no-postgres'
        newest=$(dirname "$(command -v initdb)")
    fi
    printf '%s' "$newest"
}

# The server refuses to run as root.
postgres_account() {
    local account
    for account in postgres nobody; do
        if id "$account" >/dev/null 2>&1; then
            printf '%s' "$account"
            return
        fi
    done
    die 'neither a user postgres nor a user nobody exists'
}

start_database() {
    local programs account data=$RUN/postgres/data
    local -a as_account
    programs=$(postgres_programs)
    account=$(postgres_account)
    as_account=(setpriv "--reuid=$account" "--regid=$(id -g "$account")" --clear-groups --)
    chown "$account" "$STATE/postgres"
    printf '%s\n' "$PG_PASSWORD" >"$RUN/postgres-password"
    chown "$account" "$RUN/postgres-password"
    inside "${as_account[@]}" "$programs/initdb" --pgdata="$data" --username="$PG_USER" --auth=scram-sha-256 \
        --pwfile="$RUN/postgres-password" --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$LOGS/initdb.log" 2>&1
    printf 'host all all 0.0.0.0/0 scram-sha-256\n' | inside tee -a "$data/pg_hba.conf" >/dev/null
    start_process postgres "${as_account[@]}" "$programs/postgres" -D "$data" -h "$NODE_IP" -p "$PG_PORT" \
        -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        -c max_connections=300 -c jit=off -c log_line_prefix='%m [%p] %q%u@%d %a '
    wait_until 20 postgres 'PostgreSQL ready' "$programs/pg_isready" -h "$NODE_IP" -p "$PG_PORT"
    PGPASSWORD=$PG_PASSWORD "$programs/psql" --quiet --host="$NODE_IP" --port="$PG_PORT" --username="$PG_USER" \
        --dbname=postgres --command="CREATE DATABASE $PG_DATABASE"
}
