# SPDX-License-Identifier: MIT
# Sourced by tests/run, bench/run and .ci/run: says what is missing on this
# machine, installs it (Debian), and builds what bench/ needs. Who sources it sets top.
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

# build_release FOLDER: a Release with bench/ and without the tests.
build_release() {
	mkdir -p "$1"
	say "building a Release"
	cmake -S "$top" -B "$1" -G Ninja -DSMMU_WERROR=ON -DCMAKE_BUILD_TYPE=Release -DSMMU_BUILD_TESTS=OFF \
		>"$1/configure.log" 2>&1 || { cat "$1/configure.log" >&2; die "cmake failed"; }
	cmake --build "$1" -- --quiet || die "the build failed"
}

# What every build needs.
SMMU_BUILD_PACKAGES=(gcc libc6-dev cmake ninja-build pkg-config libfdt-dev device-tree-compiler
	libjansson-dev liburcu-dev libpci-dev)
# What the tests need on top.
SMMU_TEST_PACKAGES=(g++ libcmocka-dev binutils python3 acpica-tools)
