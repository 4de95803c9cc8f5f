#!/bin/sh
# Makes docker/secrets with random passwords and a random key. Existing files are kept: they belong to existing data.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
cd secrets

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
make() { [ -e "$1" ] || printf '%s' "$2" >"$1"; }

make eventstore_admin_password "$(random)"
make eventstore_ops_password "$(random)"
make postgres_password "$(random)"
make database_url "postgres://huicai:$(cat postgres_password)@postgres:5432/huicai"
nodes=eventstore1:2113,eventstore2:2113,eventstore3:2113
make eventstore_url "esdb://admin:$(cat eventstore_admin_password)@$nodes?tls=true&tlsCAFile=/certificates/ca/ca.crt&nodePreference=leader"
[ -e kek ] || head -c 32 /dev/urandom >kek
# Mounted as they are, these are read by accounts inside the containers; the folder keeps other accounts of this machine out.
chmod 0444 ./*
echo "docker/secrets is ready. Keep a copy of secrets/kek apart from the database's backups: without it no personal field can be read."
