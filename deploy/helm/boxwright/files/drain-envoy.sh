# Lets Envoy go without a lost call: Kubernetes runs this before it sends SIGTERM, at which Envoy
# ends at once. bash alone, for Envoy's image has no curl.
#
#   bash drain-envoy.sh DELAY_S GRACE_S

admin=/dev/tcp/127.0.0.1/9901

ask() { # METHOD PATH: the answer of Envoy's admin port
  exec 3<>"$admin" || return
  printf '%s %s HTTP/1.1\r\nhost: envoy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n' "$1" "$2" >&3
  cat <&3
  exec 3>&-
}

sleep "$1" # until no new connection is sent here
ask POST /healthcheck/fail >/dev/null # connections that are open are told to go, one answer each
for ((second = 0; second < $2; second++)); do
  ask GET '/stats?filter=^http.calls.downstream_rq_active$' | grep -q 'active: [1-9]' || exit 0
  sleep 1
done
