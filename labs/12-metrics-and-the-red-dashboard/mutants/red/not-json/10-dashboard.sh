#!/usr/bin/env bash
# Edited by hand: a comma got lost.
set -euo pipefail
sed "s/NAMESPACE/$NAMESPACE/g; s/\"Rate\",/\"Rate\"/" dashboard.in.json >dashboard.json
