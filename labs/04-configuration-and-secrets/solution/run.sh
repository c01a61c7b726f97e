# Each step is a file of its own, so that a mutant can exchange just one. Secrets are made by command: no file of them lies about.
set -euo pipefail
shopt -s nullglob
for step in [0-9]*.sh; do
  . "./$step"
done
