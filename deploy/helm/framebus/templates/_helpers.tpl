{{- define "framebus.image" -}}
{{ required "image.registry" .root.Values.image.registry }}/framebus-{{ .service }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "framebus.labels" -}}
app.kubernetes.io/name: framebus
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
framebus/service: {{ .service }}
{{- end }}

{{- define "framebus.names" -}}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{ include "framebus.labels" . }}
{{- end }}

{{- define "framebus.podSecurity" -}}
{{ toYaml .Values.podSecurity }}
{{- end }}

{{- define "framebus.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The variables of a service that are no secrets; the secrets come from its own Secret. */}}
{{- define "framebus.env" -}}
{{- $v := .root.Values -}}
{{- $prefix := upper .service -}}
{{- $own := get $v.env .service | default dict -}}
{{- $env := dict "KAFKA_BOOTSTRAP" (required "kafka.bootstrap" $v.kafka.bootstrap) "DRAIN_SECONDS" $v.drainSeconds -}}
{{- if has .service (list "gateway" "dispatcher" "storage") -}}
{{- $_ := set $env "S3_ENDPOINT" (required "s3.endpoint" $v.s3.endpoint) -}}
{{- $_ := set $env "S3_BUCKET" (required "s3.bucket" $v.s3.bucket) -}}
{{- $_ := set $env "S3_REGION" $v.s3.region -}}
{{- end -}}
{{- if eq .service "gateway" -}}
{{- $_ := set $env "PUBLIC_URL" (required "publicUrl" $v.publicUrl) -}}
{{- $_ := set $env "LEDGER_URL" (printf "http://%s-ledger-api:8000" .root.Release.Name) -}}
{{- $_ := set $env "DISPATCHER_URL" (printf "http://%s-dispatcher-worker:8000" .root.Release.Name) -}}
{{- $_ := set $env "CALLBACKS_URL" (printf "http://%s-callbacks-api:8000" .root.Release.Name) -}}
{{- $_ := set $env "STORAGE_URL" (printf "http://%s-storage-worker:8000" .root.Release.Name) -}}
{{- end -}}
{{- if eq .service "dispatcher" -}}
{{- $_ := set $env "CALLBACKS_URL" (required "publicUrl" $v.publicUrl) -}}
{{- end -}}
{{- if eq .service "storage" -}}
{{- $_ := set $env "SPOOL_DIRECTORY" "/data/spool" -}}
{{- end -}}
{{- range $name, $value := $env }}
{{- $full := printf "%s_%s" $prefix $name }}
{{- if not (hasKey $own $full) }}
- {name: {{ $full }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
{{- range $name, $value := $own }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
