#!/bin/sh
# Connection addresses hold passwords: they are given as files (docker secrets), not in the container's settings, where
# `docker inspect` would show them.
set -eu
for name in DATABASE_URL EVENTSTORE_URL; do
  eval "file=\${${name}_FILE:-}"
  if [ -n "$file" ]; then
    if [ ! -r "$file" ]; then
      echo "${name}_FILE names $file, which can not be read." >&2
      exit 1
    fi
    export "$name=$(cat "$file")"
  fi
done
exec "$@"
