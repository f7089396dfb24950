{{- define "boxwright.gracePeriod" -}}
{{ add (ceil .Values.drain.delaySeconds) (ceil .Values.drain.graceSeconds) 10 }}
{{- end }}

{{- define "boxwright.environment" -}}
{{- $v := .Values }}
{{- $set := dict
  "BOXWRIGHT_PORT" 50051
  "BOXWRIGHT_METRICS_PORT" 50052
  "BOXWRIGHT_HEALTH_PORT" 50053
  "BOXWRIGHT_MODELS" "/models"
  "BOXWRIGHT_HOST" "0.0.0.0"
  "BOXWRIGHT_DEVICE" ($v.device | default (ternary "require:cuda" "auto" (gt (int $v.gpu.count) 0)))
  "BOXWRIGHT_DRAIN_DELAY_S" $v.drain.delaySeconds
  "BOXWRIGHT_DRAIN_GRACE_S" $v.drain.graceSeconds
  "ORT_DISABLE_TELEMETRY" 1 }}
{{- if $v.tls.secretName }}
{{- $_ := set $set "BOXWRIGHT_TLS_CERTIFICATE" "/etc/boxwright/tls/tls.crt" }}
{{- $_ := set $set "BOXWRIGHT_TLS_KEY" "/etc/boxwright/tls/tls.key" }}
{{- if $v.tls.clientCertificates }}
{{- $_ := set $set "BOXWRIGHT_TLS_CLIENT_CA" "/etc/boxwright/tls/ca.crt" }}
{{- end }}
{{- end }}
{{- if $v.tokens.secretName }}
{{- $_ := set $set "BOXWRIGHT_TOKENS" "/etc/boxwright/tokens/tokens.toml" }}
{{- end }}
{{- range $name, $value := $v.settings }}
{{- /* Helm reads numbers as floats, and would print 16777216 as 1.6777216e+07. */}}
{{- $whole := and (kindIs "float64" $value) (eq (floor $value) $value) }}
{{- $_ := set $set (printf "BOXWRIGHT_%s" (upper $name)) (ternary (int64 $value) $value $whole) }}
{{- end }}
{{- range $name, $value := $set }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end }}

{{- define "boxwright.resources" -}}
{{- $resources := deepCopy .Values.resources }}
{{- if .Values.gpu.count }}
{{- $gpu := dict "limits" (dict .Values.gpu.resource .Values.gpu.count) }}
{{- $resources = mergeOverwrite $resources $gpu }}
{{- end }}
{{- toYaml $resources }}
{{- end }}
