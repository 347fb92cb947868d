# SPDX-License-Identifier: MIT
# Sourced by tests/run, bench/run and .ci/run: says what is missing on this
# machine, installs it (Debian), and gives the names of the build folder.
# shellcheck shell=bash

say() { printf '\n==> %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 2; }

# need PACKAGE...: installs those Debian packages that are not there yet.
need() {
	local missing=() p
	for p in "$@"; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' ||
			missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	command -v apt-get >/dev/null ||
		die "missing packages (${missing[*]}), and there is no apt-get here: install their equivalents"
	local root=()
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "missing packages (${missing[*]}): run as root, or install sudo"
		root=(sudo)
	fi
	say "installing ${missing[*]}"
	"${root[@]}" apt-get update -qq || die "apt-get update failed"
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		"${missing[@]}" >/dev/null || die "apt-get install ${missing[*]} failed"
}

# What every build needs.
SMMU_BUILD_PACKAGES=(gcc libc6-dev cmake ninja-build pkg-config libfdt-dev device-tree-compiler
	libjansson-dev liburcu-dev libpci-dev)
# What the tests need on top.
SMMU_TEST_PACKAGES=(g++ libcmocka-dev binutils python3 acpica-tools)
