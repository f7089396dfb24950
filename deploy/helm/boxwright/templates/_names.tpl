{{- define "boxwright.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "boxwright.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "boxwright.labels" -}}
{{ include "boxwright.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* The servers, and not Envoy before them, which bears the other labels too. */}}
{{- define "boxwright.servers" -}}
{{ include "boxwright.selector" . }}
app.kubernetes.io/component: server
{{- end }}

{{- define "boxwright.proxies" -}}
{{ include "boxwright.selector" . }}
app.kubernetes.io/component: envoy
{{- end }}

{{- define "boxwright.image" -}}
{{- $image := .Values.image }}
{{- $repository := required "image.repository is empty, and no image is published. Build one with deploy/container, push it, and set image.repository." $image.repository }}
{{- if $image.digest }}{{ $repository }}@{{ $image.digest }}
{{- else }}{{ $repository }}:{{ $image.tag | default (ternary "gpu" "cpu" (gt (int .Values.gpu.count) 0)) }}{{ end }}
{{- end }}

{{- define "boxwright.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "boxwright.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "boxwright.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* Spread pods with these labels: {root, labels}. */}}
{{- define "boxwright.spread" -}}
{{- with .root.Values.placement.spreadOver }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- $.labels | nindent 8 }}
    matchLabelKeys: [pod-template-hash] # else the old pods of a rollout would count
  {{- end }}
{{- end }}
{{- end }}
