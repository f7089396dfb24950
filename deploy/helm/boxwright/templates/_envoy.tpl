{{- /* deploy/envoy/envoy.yaml, with the addresses, the origins and the certificates of this release. */}}
{{- define "boxwright.envoyConfiguration" -}}
{{- $v := .Values }}
{{- $servers := printf "%s.%s.svc" (include "boxwright.name" .) .Release.Namespace }}
{{- $file := .Files.Get "files/envoy.yaml" | fromYaml }}
{{- $resources := $file.static_resources }}
{{- $tls := .Files.Get "files/tls.yaml" | fromYaml }}
{{- $front := index (index $tls.static_resources.listeners 0).filter_chains 0 }}
{{- if $v.envoy.tls.secretName }}
{{- $_ := set $file "node" $tls.node }}
{{- end }}
{{- range $listener := $resources.listeners }}
{{- $_ := set $listener.address.socket_address "address" "0.0.0.0" }}
{{- range $chain := $listener.filter_chains }}
{{- if $v.envoy.tls.secretName }}
{{- range $key := list "transport_socket" "transport_socket_connect_timeout" }}
{{- $_ := set $chain $key (get $front $key) }}
{{- end }}
{{- end }}
{{- range $filter := $chain.filters }}
{{- if hasKey $v.settings "max_message_bytes" }}
{{- range $each := $filter.typed_config.http_filters }}
{{- if eq $each.name "envoy.filters.http.grpc_json_transcoder" }}
{{- /* Base64 makes 4 bytes of 3. */}}
{{- $_ := set $each.typed_config "max_request_body_size" (div (mul 3 (int64 $v.settings.max_message_bytes)) 2) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $host := $filter.typed_config.route_config.virtual_hosts }}
{{- $cors := index $host.typed_per_filter_config "envoy.filters.http.cors" }}
{{- $origins := list }}
{{- range $v.envoy.origins }}{{ $origins = append $origins (dict "exact" .) }}{{ end }}
{{- $_ := set $cors "allow_origin_string_match" $origins }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $cluster := $resources.clusters }}
{{- if eq $cluster.name "boxwright" }}
{{- $endpoint := dict "endpoint" (dict "address" (dict "socket_address" (dict "address" $servers "port_value" 50051))) }}
{{- $_ := set $cluster.load_assignment "endpoints" (list (dict "lb_endpoints" (list $endpoint))) }}
{{- end }}
{{- end }}
{{- toYaml $file }}
{{- end }}
