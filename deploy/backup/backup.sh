#!/bin/sh
# Dump services' databases: backup.sh FOLDER [SERVICE...]   (all five unless some are named)
#
# Addresses are those of the services: GATEWAY_DATABASE_DSN, LEDGER_DATABASE_DSN, ... Needs pg_dump and pg_restore
# of the server's version or newer. Each dump is consistent in itself; they needn't be of the same moment, nor of
# that of the bucket: a service that was set back takes from Kafka what was said since (docs/operations.md).
# A dump appears under its name when it is whole; one that was there is replaced then.
set -eu
umask 077 # prompts, hashes of keys, customers' addresses

folder=${1:?"usage: backup.sh FOLDER [SERVICE...]"}
shift
[ $# -gt 0 ] || set -- gateway ledger dispatcher callbacks storage
mkdir -p "$folder"

for service; do
    name=$(printf %s "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_DSN
    dsn=$(printenv "$name") || { echo "$name is not set: where is the database of $service?" >&2; exit 1; }
    pg_dump --format=custom --file="$folder/$service.part" "$dsn"
    pg_restore --list "$folder/$service.part" > /dev/null # can be read
    mv "$folder/$service.part" "$folder/$service.dump"
    echo "$service: $(wc -c < "$folder/$service.dump") bytes"
done
