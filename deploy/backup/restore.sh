#!/bin/sh
# Put a dump of backup.sh into a service's empty database: restore.sh FOLDER SERVICE
#
# Stop every process of the service first, and make the database anew, owned by the service's role. The address is
# SERVICE_DATABASE_DSN. Refused unless the database is empty: nothing is ever overwritten. All of it, or nothing.
set -eu

folder=${1:?"usage: restore.sh FOLDER SERVICE"}
service=${2:?"usage: restore.sh FOLDER SERVICE"}
name=$(printf %s "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_DSN
dsn=$(printenv "$name") || { echo "$name is not set: where is the database of $service?" >&2; exit 1; }
[ -r "$folder/$service.dump" ] || { echo "there is no $folder/$service.dump" >&2; exit 1; }

tables="SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
[ "$(psql -XAtq -c "$tables" "$dsn")" = 0 ] || { echo "refused: the database of $service is not empty" >&2; exit 1; }
pg_restore --no-owner --exit-on-error --single-transaction --dbname="$dsn" "$folder/$service.dump"
# No process of it starts before `recover` has come to its end.
psql -XAtq -c "UPDATE recovery SET began_at = now(), lost_at = now(), restored_at = NULL, ended_at = NULL" "$dsn"
echo "$service is as old as its dump. Before it starts, in one of its containers:"
echo "    service migrate && service recover [--lost-at TIME]"
