#!/usr/bin/env bash
# Saved under another name.
set -euo pipefail
mv slo.yaml slo.yml
