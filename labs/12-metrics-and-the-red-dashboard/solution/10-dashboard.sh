#!/usr/bin/env bash
# The dashboard names the namespace it is about.
set -euo pipefail
sed "s/NAMESPACE/$NAMESPACE/g" dashboard.in.json >dashboard.json
