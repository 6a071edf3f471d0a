#!/bin/sh
# Choose http or https by what lies in /tls, take the resolver from the container's own, start nginx.
set -eu

conf=/tmp/nginx
mkdir -p "$conf"
resolver=$(awk '/^nameserver/ {print $2; exit}' /etc/resolv.conf)
case $resolver in *:*) resolver="[$resolver]" ;; esac

echo "resolver $resolver valid=5s ipv6=off;" >"$conf/resolver.conf"
echo "client_max_body_size ${MAX_BODY:-256m};" >"$conf/body.conf"
{
    echo "set \$gateway ${GATEWAY:-gateway-api:8000};"
    echo "set \$callbacks ${CALLBACKS:-callbacks-api:8000};"
} >"$conf/upstreams.conf"
if [ -f /tls/tls.crt ] && [ -f /tls/tls.key ]; then
    cp /etc/nginx/https.conf "$conf/server.conf"
else
    cp /etc/nginx/http.conf "$conf/server.conf"
fi
exec nginx -c /etc/nginx/nginx.conf -g 'daemon off;'
