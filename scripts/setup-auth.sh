#!/usr/bin/env bash
# A secure gateway in five minutes: configuration, pepper, encryption key, an administrator's key with one-time codes, and a
# request that proves it. With --kubernetes manifests instead.
set -euo pipefail
umask 077
usage() {
  cat >&2 << 'TEXT'
usage: scripts/setup-auth.sh [--dir DIR] [--provider NAME] [--port N] [--yes] [--check-only]
       scripts/setup-auth.sh --kubernetes [--dir DIR] [--provider NAME] [--namespace NAME] [--image IMAGE] [--keys-secret NAME]

Writes a configuration and its secrets to DIR (default ./llm-proxy-auth), makes an administrator's key, enrols it for one-time
codes, and sends a request with key and code. What is there already is kept.

--provider NAME  openai, anthropic or bedrock, a real account by its own variables; without it a simulator that costs nothing
--port N         of the gateway, default 8080; 0 = any free one
--yes            asks nothing: the code is computed here instead of read from your app
--check-only     ends after the request instead of serving until Ctrl-C
--kubernetes     writes DIR/kubernetes.yaml: Secret, ConfigMap, volume, Deployment, Service, NetworkPolicy
--keys-secret NAME  with --kubernetes: the keys are the members API_KEY_* of this Secret of the namespace, which is there already
TEXT
  exit 2
}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=./llm-proxy-auth provider='' port=8080 yes='' check_only='' kubernetes='' namespace=llm-proxy-auth image=llm-proxy-auth:latest keys_secret=''
[ -t 0 ] || yes=1
while [ $# -gt 0 ]; do
  case $1 in
    --dir | --provider | --port | --namespace | --image | --keys-secret)
      [ $# -gt 1 ] || usage
      case $1 in --dir) dir=$2 ;; --provider) provider=$2 ;; --port) port=$2 ;; --namespace) namespace=$2 ;; --image) image=$2 ;; --keys-secret) keys_secret=$2 ;; esac
      shift ;;
    --yes) yes=1 ;;
    --check-only) check_only=1 ;;
    --kubernetes) kubernetes=1 ;;
    *) usage ;;
  esac
  shift
done
case $provider in '' | openai | anthropic | bedrock) ;; *) usage ;; esac
case $port in *[!0-9]* | '') usage ;; esac
case $namespace$image$keys_secret in *[!A-Za-z0-9./:@_-]*) usage ;; esac
say() { printf '%s\n' "$*" >&2; }
fail() { say "setup-auth: $*"; exit 1; }

node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 19) ? 0 : 1)' 2> /dev/null ||
  fail 'Node 22.19 or newer is needed.'
[ -d "$root/node_modules" ] || fail "Run \`npm start\` in $root once; it installs what is needed."
source=(node --disable-warning=ExperimentalWarning --conditions=@llm-proxy-auth/source)
gateway() { "${source[@]}" "$root/packages/cli/src/main.ts" "$@" --config "$dir/llm-proxy-auth.yaml" --plugin-root "$root"; }
# Prints a member of the JSON on standard input.
member() { node -e 'let t = ""; process.stdin.on("data", (d) => { t += d; }).on("end", () => process.stdout.write(String(JSON.parse(t)[process.argv[1]])))' "$1"; }

mkdir -p "$dir"
chmod 700 "$dir"
dir=$(cd "$dir" && pwd)
# A secret is made once and never written over: what it protects could not be read any more.
secret() { [ -s "$dir/$1" ] || node -e 'process.stdout.write(require("node:crypto").randomBytes(32).toString(process.argv[1]))' "$2" > "$dir/$1"; chmod 600 "$dir/$1"; }
secret pepper hex
secret kek base64

# $1: the instance, $2: folder of the secrets, $3: folder of the data, $4: host to listen at, $5 and $6: ops host and port, $7: written keys
configuration() {
  cat << YAML
plugins:
  - "@llm-proxy-auth/dialect-openai"
  - "@llm-proxy-auth/provider-${provider:-openai}"
  - "@llm-proxy-auth/auth-api-key"
  - "@llm-proxy-auth/factor-totp"
  - "@llm-proxy-auth/store-sqlite"
server: { host: $4, port: "\${PORT:-$port}" }
ops: { host: $5, port: ${6} }
store: { use: sqlite, path: "$3/llm-proxy-auth.db" }
keyEncryption: { current: k1, keys: { k1: "\${file:$2/kek}" } }
auth:
  - { use: api-key, pepper: "\${file:$2/pepper}"$7 }
factor: { use: totp, require: per-key }
instances:
  ${provider:-openai}: $1
YAML
}
instance() {
  case $provider in
    openai) printf '{ provider: openai, apiKey: "${OPENAI_API_KEY}" }' ;;
    anthropic) printf '{ provider: anthropic, apiKey: "${ANTHROPIC_API_KEY}" }' ;;
    bedrock) printf '{ provider: bedrock, region: "${AWS_REGION:-us-east-1}" }' ;;
    *) printf '{ provider: openai, apiKey: sk-simulated, baseUrl: "%s", insecureUpstream: true }' "$1" ;;
  esac
}
if [ -n "$kubernetes" ]; then
  [ -n "$provider" ] || fail '--kubernetes needs --provider; a simulator has no place in a cluster.'
  [ -n "$keys_secret" ] || secret admin-key hex
  source "$root/scripts/setup-auth/kubernetes.sh"
  manifests > "$dir/kubernetes.yaml"
  say "Written: $dir/kubernetes.yaml. It holds secrets: keep it as you keep them, and nowhere else."
  say "  kubectl apply -f $dir/kubernetes.yaml"
  case $provider in
    openai | anthropic) say "  kubectl -n $namespace create secret generic llm-provider --from-literal $(printf %s "$provider" | tr a-z A-Z)_API_KEY=…" ;;
    *) say "  annotate or bind the service account of the namespace to an IAM role that may invoke models" ;;
  esac
  say "  kubectl label namespace CALLERS llm-proxy-auth.io/client=true"
  [ -z "$keys_secret" ] || say "  kubectl -n $namespace exec -it deploy/llm-proxy-auth -- llm-proxy-auth keys create --name admin --scopes admin --totp"
  say "  kubectl -n $namespace exec -it deploy/llm-proxy-auth -- llm-proxy-auth totp enroll key:admin"
  [ -n "$keys_secret" ] || say "The administrator's key is in $dir/admin-key."
  exit 0
fi

children=()
stop() { for pid in ${children[@]+"${children[@]}"}; do kill "$pid" 2> /dev/null || true; done; wait 2> /dev/null || true; }
trap stop EXIT
trap 'exit 130' INT TERM
# Waits until file $1 holds a line with $2, then prints what stands between it and the next quote.
said() {
  for _ in $(seq 600); do
    local line
    line=$(grep -o "$2[^\"]*" "$1" 2> /dev/null | head -n 1) && { printf '%s' "${line#"$2"}"; return; }
    kill -0 "${children[${#children[@]} - 1]}" 2> /dev/null || { cat "$1" >&2; fail 'it did not start.'; }
    sleep 0.1
  done
  cat "$1" >&2
  fail 'it did not start.'
}
upstream=
if [ -z "$provider" ]; then
  (cd "$root" && exec "${source[@]}" --input-type=module -e '
    import { openaiSimulator } from "@llm-proxy-auth/simulators";
    console.log(JSON.stringify({ url: (await openaiSimulator({ keys: ["sk-simulated"] })).url }));') > "$dir/simulator.log" &
  children+=($!)
  upstream=$(said "$dir/simulator.log" '"url":"')
fi
configuration "$(instance "$upstream")" . "$dir" 127.0.0.1 127.0.0.1 0 '' > "$dir/llm-proxy-auth.yaml"
gateway check > /dev/null || fail 'the configuration is not valid; the lines above say why.'

if [ ! -s "$dir/key" ]; then
  gateway keys create --name admin --scopes admin --totp --json | member key > "$dir/key"
  [ -s "$dir/key" ] || fail 'no key was made.'
  say "The administrator's key is in $dir/key. Nobody can show it again."
  gateway totp enroll key:admin > "$dir/enrolment" || fail 'the enrolment failed.'
  cat "$dir/enrolment" >&2
fi
enrolled=$(grep -c '^secret: ' "$dir/enrolment" 2> /dev/null || true)

(cd "$dir" && exec "${source[@]}" "$root/packages/cli/src/main.ts" start --config "$dir/llm-proxy-auth.yaml" --plugin-root "$root") > "$dir/gateway.log" 2>&1 &
children+=($!)
url=$(said "$dir/gateway.log" '"listener":"server","url":"')

if [ -z "$yes" ]; then
  printf 'The code that your app shows now: ' >&2
  read -r code
elif [ "${enrolled:-0}" = 1 ]; then
  code=$(cd "$root/plugins/factor-totp" && node --input-type=module -e '
    import { readFileSync } from "node:fs";
    import { generateSync } from "otplib";
    const [, secret] = /^secret: (.+)$/m.exec(readFileSync(process.argv[1], "utf8"));
    process.stdout.write(generateSync({ secret }));' "$dir/enrolment")
else
  fail 'The enrolment was made before and its secret is not here any more; run it without --yes.'
fi
# The key goes by a file that only its owner reads: arguments are seen by everybody on the machine.
request() { # $@: further headers
  { printf 'header = "authorization: Bearer %s"\n' "$(cat "$dir/key")"; printf 'header = "%s"\n' "$@"; } |
    curl -sS -K - -D "$dir/answer" -o /dev/null -w '%{http_code} ' "$url/openai/${provider:-openai}/v1/models"
  # `%header{…}` of -w needs a curl that several systems do not have yet.
  tr -d '\r' < "$dir/answer" | sed -n 's/^x-lpa-code: //p'
}
without=$(request 'accept: application/json')
with=$(request "x-totp-code: $code")
again=$(request "x-totp-code: $code")
rm -f "$dir/answer"
say "the key alone:        $without"
say "key and code:         $with"
say "the same code again:  $again"
[ "$without" = '401 totp_required' ] || fail 'A key without a code should have been refused.'
[ "${with%% *}" != 401 ] || fail 'Key and code should have been let in; is the clock right?'
[ "$again" = '401 totp_used' ] || fail 'A code should count once.'
[ "${with%% *}" = 200 ] || fail "Key and code were let in, but ${provider:-the simulator} did not answer as it should (${with#* }): look at its account, its variables and $dir/gateway.log."
# What the app holds now need not lie about.
rm -f "$dir/enrolment"
say ''
say "Done. Configuration and secrets are in $dir; docs/guides/totp.md says how to log in."
[ -z "$check_only" ] || exit 0
say "Serving on $url until Ctrl-C."
wait "${children[${#children[@]} - 1]}"
