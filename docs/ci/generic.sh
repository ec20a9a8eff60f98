#!/usr/bin/env bash
# Tests of BPF programs on any CI that has Docker: run it in a folder with plans in plans/ and objects in bpf/.
set -euo pipefail

daemon_image=${BPFRIG_DAEMON_IMAGE:-registry.example.com/bpfrig:0.1.0}
client_image=${BPFRIG_CLIENT_IMAGE:-registry.example.com/bpfrig-client:0.1.0}
job=bpfrig-$$

clean_up() {
  docker stop "$job" >/dev/null 2>&1 || true
  docker rm --force --volumes "$job" >/dev/null 2>&1 || true
  docker volume rm --force "$job" >/dev/null 2>&1 || true
}
trap clean_up EXIT

docker run --detach --name "$job" --network none --volume "$job:/run/bpfrig" \
  --cap-drop ALL \
  --cap-add SYS_ADMIN --cap-add BPF --cap-add NET_ADMIN --cap-add NET_BIND_SERVICE --cap-add PERFMON \
  --cap-add SETUID --cap-add SETGID \
  --security-opt no-new-privileges --security-opt apparmor=unconfined \
  --read-only --memory 2g \
  "$daemon_image" >/dev/null

client() {
  docker run --rm --network none --volume "$job:/run/bpfrig" --volume "$PWD:/work:ro" --workdir /work \
    --env BPFRIG_TARGET=unix:/run/bpfrig/bpfrig.sock "$client_image" "$@"
}
client health --wait --timeout 60 || { docker logs "$job" >&2; exit 3; }
client run -I bpf plans
