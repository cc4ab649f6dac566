{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "interlude.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* The release's name, with the chart's behind it unless it is in there already. */ -}}
{{- define "interlude.fullname" -}}
{{- $name := include "interlude.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "interlude.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "interlude.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "interlude.selector" -}}
app.kubernetes.io/name: {{ include "interlude.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "interlude.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ include "interlude.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: interlude
{{- end -}}

{{- define "interlude.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}

{{- /* What the controller may do; the reasons stand in manifests/clusterrole.yaml. */ -}}
{{- define "interlude.rules" -}}
- apiGroups: [interlude.dev]
  resources: [schemamigrations]
  verbs: [get, list, watch, patch, update]
- apiGroups: [interlude.dev]
  resources: [databases]
  verbs: [get, list, watch, create, patch, update]
- apiGroups: [interlude.dev]
  resources: [migrationapprovals]
  verbs: [get, list, watch]
- apiGroups: [interlude.dev]
  resources: [schemamigrations/status, databases/status]
  verbs: [get, patch, update]
- apiGroups: [interlude.dev]
  resources: [schemamigrations/finalizers]
  verbs: [update]
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets, replicasets]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [get, list, watch, create, patch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
{{- end -}}
