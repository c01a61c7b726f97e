set -euo pipefail
# The controller numbers its revisions within a moment of the Deployment's creation.
until kubectl -n "$NAMESPACE" rollout undo deployment {{name}}; do sleep 0.5; done
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
