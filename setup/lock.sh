#!/bin/sh
# Pins what pyproject.toml asks for, with hashes, for every Python that we support.
set -eu
uv=$1

compile() {
  "$uv" --quiet pip compile --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate "$@"
}

cd requirements
compile ../pyproject.toml --output-file runtime.txt
compile ../pyproject.toml --group ../pyproject.toml:test --constraint runtime.txt --output-file test.txt
for group in build compiler node; do
  compile --group "../pyproject.toml:$group" --constraint test.txt --output-file "$group.txt"
done
