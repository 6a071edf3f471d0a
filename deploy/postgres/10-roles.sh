#!/bin/bash
# A database and a role per service; a role can connect to its own database and to no other.
# Runs when the server's volume is empty. Later changes of a password: ALTER ROLE, then .env.
set -euo pipefail

for name in gateway ledger dispatcher callbacks storage; do
    variable=${name^^}_DB_PASSWORD
    psql -v ON_ERROR_STOP=1 --no-psqlrc -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
        -v name="$name" -v password="${!variable}" <<'SQL'
CREATE ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
done
psql -v ON_ERROR_STOP=1 --no-psqlrc -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
    -c "REVOKE CONNECT ON DATABASE \"$POSTGRES_DB\" FROM PUBLIC" -c 'REVOKE CONNECT ON DATABASE template1 FROM PUBLIC'
