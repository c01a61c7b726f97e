#!/usr/bin/env bash
# Does what the scripts beside it say, in their order.
set -euo pipefail
for step in [0-9]*.sh; do bash "$step"; done
