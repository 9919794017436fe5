#!/usr/bin/env bash
# Installs what the tests need besides Node: Verilator, Icarus Verilog, a C++ compiler with make, headers of zlib, Chromium, and OpenSTA.
# Usage: setup-tools.sh [--dry-run]     --dry-run prints the commands and runs none of them.
# Exit: 0 everything is there, 1 something is missing that this script cannot install, 2 wrong usage.
set -uo pipefail

fail() { printf 'setup:tools: %s\n' "$1" >&2; exit "${2:-1}"; }
have() { command -v "$1" >/dev/null 2>&1; }

dry_run=false
case "${1:-}" in
  '') ;;
  --dry-run) dry_run=true ;;
  *) fail "unknown option '$1'; the only one is --dry-run" 2 ;;
esac

# One line a tool: name, the commands that prove it is there (any of them), packages of apt, dnf and Homebrew, if it is one there.
tools='Verilator|verilator|verilator|verilator|verilator
Icarus Verilog|iverilog|iverilog|iverilog|icarus-verilog
C++ compiler|g++|g++|gcc-c++|gcc
make|make|make|make|make
zlib headers||zlib1g-dev|zlib-devel|zlib
Chromium|chromium chromium-browser google-chrome google-chrome-stable|chromium|chromium|--cask chromium
OpenSTA|sta|opensta||'

missing_apt=() missing_dnf=() missing_brew=()
while IFS='|' read -r name commands apt dnf brew; do
  found=
  for command in $commands; do
    if have "$command"; then found=$(command -v "$command"); break; fi
  done
  # Headers are no command: the compiler says whether it finds them.
  if [[ $name == 'zlib headers' ]] && g++ -E -x c++ - <<<'#include <zlib.h>' >/dev/null 2>&1; then found=zlib.h; fi
  # Homebrew's Chromium is an application, not a command.
  if [[ $name == Chromium && -z $found && -d /Applications/Chromium.app ]]; then found=/Applications/Chromium.app; fi
  if [[ -n $found ]]; then
    printf '%-15s already there: %s\n' "$name" "$found"
  else
    printf '%-15s missing\n' "$name"
    missing_apt+=("$apt")
    if [[ -n $dnf ]]; then missing_dnf+=("$dnf"); fi
    if [[ -n $brew ]]; then missing_brew+=("$brew"); fi
  fi
done <<<"$tools"

if (( ${#missing_apt[@]} == 0 )); then
  echo 'All tools are there.'
  exit 0
fi

if ! have apt-get; then
  if (( ${#missing_dnf[@]} == 0 )); then
    fail 'OpenSTA is a package of Debian and Ubuntu alone; build it from its sources, or leave it out: its tests are then skipped'
  fi
  if have dnf; then
    fail "this script installs through apt only; run: sudo dnf install -y ${missing_dnf[*]}"
  fi
  fail "this script installs through apt only; run: brew install ${missing_brew[*]}"
fi

root=()
if (( EUID != 0 )); then
  have sudo || fail "installing needs root and there is no sudo; run as root: apt-get install -y ${missing_apt[*]}"
  root=(sudo)
fi

run() {
  printf '+ %s\n' "$*"
  if ! $dry_run; then "$@" </dev/null; fi
}

apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get)
run "${apt[@]}" update || fail 'apt-get update failed (its message is above); check the network and run it again'
run "${apt[@]}" install -y --no-install-recommends "${missing_apt[@]}" ||
  fail "apt-get could not install ${missing_apt[*]} (its message is above); install them by hand and run it again"
if $dry_run; then echo 'Nothing was run.'; else echo 'All tools are there.'; fi
