# Sourced by setup-auth.sh: the manifests of one gateway with SQLite on a volume of its own.
indented() { sed 's/^/    /'; }
# Variables of the provider, from the Secret that its operator fills.
account() {
  case $provider in
    openai) printf '            - { name: OPENAI_API_KEY, valueFrom: { secretKeyRef: { name: llm-provider, key: OPENAI_API_KEY } } }\n' ;;
    anthropic) printf '            - { name: ANTHROPIC_API_KEY, valueFrom: { secretKeyRef: { name: llm-provider, key: ANTHROPIC_API_KEY } } }\n' ;;
    *) ;;
  esac
}
# Keys: the administrator's alone, or those of a Secret that is there already, whose members are API_KEY_*.
written_keys() {
  if [ -n "$keys_secret" ]; then printf ', keys: { env: "API_KEY_*" }'
  else printf ', keys: [{ name: admin, key: "${API_KEY_ADMIN}", scopes: [admin], totp: true }]'; fi
}
admin_key() { [ -n "$keys_secret" ] || printf '  admin-key: %s\n' "$(cat "$dir/admin-key")"; }
variables() {
  if [ -n "$keys_secret" ]; then printf '          envFrom: [{ secretRef: { name: %s } }]\n' "$keys_secret"; fi
  printf '          env:\n            - { name: LLM_PROXY_AUTH_CONFIG, value: /etc/llm-proxy-auth/llm-proxy-auth.yaml }\n'
  [ -n "$keys_secret" ] || printf '            - { name: API_KEY_ADMIN, valueFrom: { secretKeyRef: { name: llm-proxy-auth, key: admin-key } } }\n'
}
# The agent that gives out credentials by EKS Pod Identity.
identity_agent() {
  [ "$provider" = bedrock ] || return 0
  cat << YAML
    - to: [{ ipBlock: { cidr: 169.254.170.23/32 } }, { ipBlock: { cidr: "fd00:ec2::23/128" } }]
      ports: [{ protocol: TCP, port: 80 }]
YAML
}
manifests() {
  cat << YAML
apiVersion: v1
kind: Namespace
metadata:
  name: $namespace
  labels: { pod-security.kubernetes.io/enforce: restricted }
---
apiVersion: v1
kind: Secret
metadata: { name: llm-proxy-auth, namespace: $namespace }
type: Opaque
stringData:
  pepper: $(cat "$dir/pepper")
  kek: $(cat "$dir/kek")
$(admin_key)
---
apiVersion: v1
kind: ConfigMap
metadata: { name: llm-proxy-auth, namespace: $namespace }
data:
  llm-proxy-auth.yaml: |
$(port=8080 configuration "$(instance '')" /run/secrets/llm-proxy-auth /data 0.0.0.0 0.0.0.0 9090 "$(written_keys)" | indented)
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: llm-proxy-auth, namespace: $namespace }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Gi } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: llm-proxy-auth, namespace: $namespace }
spec:
  replicas: 1
  strategy: { type: Recreate }
  selector: { matchLabels: { app: llm-proxy-auth } }
  template:
    metadata: { labels: { app: llm-proxy-auth } }
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 330
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile: { type: RuntimeDefault }
      containers:
        - name: llm-proxy-auth
          image: $image
          args: [start, --config, /etc/llm-proxy-auth/llm-proxy-auth.yaml]
$(variables)
$(account)
          ports:
            - { name: http, containerPort: 8080 }
            - { name: ops, containerPort: 9090 }
          livenessProbe: { httpGet: { path: /health, port: ops } }
          readinessProbe: { httpGet: { path: /ready, port: ops } }
          resources:
            requests: { cpu: 100m, memory: 256Mi }
            limits: { memory: 1Gi }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts:
            - { name: config, mountPath: /etc/llm-proxy-auth, readOnly: true }
            - { name: secrets, mountPath: /run/secrets/llm-proxy-auth, readOnly: true }
            - { name: data, mountPath: /data }
      volumes:
        - { name: config, configMap: { name: llm-proxy-auth } }
        - name: secrets
          secret:
            secretName: llm-proxy-auth
            defaultMode: 0440
            items: [{ key: pepper, path: pepper }, { key: kek, path: kek }]
        - { name: data, persistentVolumeClaim: { claimName: llm-proxy-auth } }
---
apiVersion: v1
kind: Service
metadata: { name: llm-proxy-auth, namespace: $namespace }
spec:
  selector: { app: llm-proxy-auth }
  ports: [{ name: http, port: 80, targetPort: http }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: llm-proxy-auth, namespace: $namespace }
spec:
  podSelector: { matchLabels: { app: llm-proxy-auth } }
  policyTypes: [Ingress, Egress]
  ingress:
    # Callers: namespaces that you label so.
    - from: [{ namespaceSelector: { matchLabels: { llm-proxy-auth.io/client: "true" } } }]
      ports: [{ protocol: TCP, port: 8080 }]
    # Metrics. Probes of the node's kubelet pass in any case.
    - from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } } }]
      ports: [{ protocol: TCP, port: 9090 }]
  egress:
    - to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }, podSelector: { matchLabels: { k8s-app: kube-dns } } }]
      ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }]
    # The provider, over TLS; never the metadata service of a cloud, whose credentials are the node's.
    - to: [{ ipBlock: { cidr: 0.0.0.0/0, except: [169.254.0.0/16] } }]
      ports: [{ protocol: TCP, port: 443 }]
$(identity_agent)
YAML
}
