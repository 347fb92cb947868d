#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds what the libraries export against their promise.

Usage: symbols.py HEADERS (SHARED STATIC PREFIX[,PREFIX...])...

Of several prefixes that fit a name the longest decides whose it is; SHARED and STATIC
may be "-": a library that is not built, whose names are nobody else's.

A shared library exports exactly the functions that the public headers declare
with SMMU_API, all named with one of its prefixes. The static twin cannot hide
names from a program's link, so all its global symbols carry a prefix too.
"""
import os
import re
import subprocess
import sys


def symbols(path, *flags):
    out = subprocess.run(['nm', '--defined-only', '--extern-only', *flags, path],
                         check=True, capture_output=True, text=True).stdout
    names = set()
    for line in out.splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1] not in 'A':
            names.add(parts[2].split('@')[0])
    # What sanitizers and coverage put into every object is not ours.
    return {n for n in names if not n.startswith(('_', 'asan', '__'))}


def declared(folder):
    names = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith('.h'):
            continue
        with open(os.path.join(folder, name), encoding='utf-8') as f:
            text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
        for match in re.finditer(r'\bSMMU_API\b([^;{]*)[;{]', text):
            words = match.group(1)
            function = re.search(r'(\w+)\s*\(', words)
            variable = re.search(r'(\w+)\s*(\[[^\]]*\])?\s*$', words)
            found = function or variable
            if found:
                names[found.group(1)] = name
    return names


def main():
    headers = declared(sys.argv[1])
    every = [p for arg in sys.argv[4::3] for p in arg.split(',')]
    bad = []
    for i in range(2, len(sys.argv), 3):
        shared, static, prefixes = sys.argv[i], sys.argv[i + 1], tuple(sys.argv[i + 2].split(','))
        if shared == '-':
            continue
        lib = os.path.basename(shared)
        exported = symbols(shared, '--dynamic')
        promised = {n for n in headers
                    if max((p for p in every if n.startswith(p)), key=len, default='') in prefixes}
        bad += [f'{lib} exports {n}, which no public header declares' for n in exported - promised]
        bad += [f'{headers[n]} declares {n}, which {lib} does not export' for n in promised - exported]
        bad += [f'{lib} exports {n}: not {" or ".join(prefixes)}*'
                for n in exported if not n.startswith(prefixes)]
        bad += [f'{os.path.basename(static)} defines {n}: a program may own that name'
                for n in symbols(static) if not n.startswith(prefixes)]
        print(f'{lib}: {len(exported)} functions')
        if not exported:
            bad.append(f'{lib} exports nothing')
    for line in sorted(bad):
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
