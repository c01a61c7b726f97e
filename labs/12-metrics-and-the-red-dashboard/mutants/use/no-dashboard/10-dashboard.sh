#!/usr/bin/env bash
# Cut off on the way.
set -euo pipefail
head -c 500 dashboard.in.json >dashboard.json
