#!/bin/sh
# Makes a virtual environment with pip in it, on machines whose Python may have no pip to give.
set -eu
venv=$1
lock=$2 # names a pip, with hashes, for the ways that do not bring one
apt=$PWD/.cache/apt

say() { printf '%s\n' "$*" >&2; }

has_pip() { [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

find_python() {
  for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  say "Orderwire needs Python 3.11 or newer. If it is not in PATH: make PYTHON=/where/it/is/python3 ..."
  return 1
}

# The rest of the arguments is a pip that works from outside.
fill() {
  "$python" -m venv --clear --without-pip "$venv" &&
    "$@" --python "$venv/bin/python" --quiet install --require-hashes -r "$lock" &&
    has_pip
}

with_ensurepip() { "$python" -m venv --clear "$venv" >/dev/null 2>&1 && has_pip; }

with_the_machines_pip() {
  "$python" -m pip --version >/dev/null 2>&1 && fill "$python" -m pip
}

with_uv() {
  command -v uv >/dev/null &&
    uv --quiet venv --clear --python "$python" "$venv" &&
    uv --quiet pip install --python "$venv/bin/python" --require-hashes -r "$lock" &&
    has_pip
}

apt_here() { apt-get -qq -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" "$@"; }

# Debian's python3 has its pip in a package of its own; to fetch and unpack one needs no root.
with_apt() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null &&
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" &&
    apt_here update &&
    (cd "$apt" && apt_here download python3-pip-whl && dpkg-deb -x python3-pip-whl_*.deb .) &&
    fill "$python" "$(echo "$apt"/usr/share/python-wheels/pip-*.whl)/pip"
}
trap 'rm -rf "$apt"' EXIT

if has_pip; then exit; fi
python=$(find_python)
for way in with_ensurepip with_the_machines_pip with_uv with_apt; do
  if $way; then exit; fi
done
rm -rf "$venv"
say "$python can make no virtual environment: it has no ensurepip and no pip."
say "On Debian and Ubuntu both come with: apt install python3-venv"
exit 1
