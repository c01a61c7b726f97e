#!/usr/bin/env bash
# Words instead of a number.
set -euo pipefail
echo 'quite fast' > answers/p99.txt
