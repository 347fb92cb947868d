#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles and runs each ```c block of the README that has a main().

Usage: readme.py README PREFIX WORKDIR CC
"""
import glob
import os
import re
import subprocess
import sys


def main():
    readme, prefix, work, cc = sys.argv[1:]
    libdir = os.path.dirname(glob.glob(prefix + '/**/libsmmulator.so', recursive=True)[0])
    os.makedirs(work, exist_ok=True)
    with open(readme, encoding='utf-8') as f:
        blocks = [b for b in re.findall(r'```c\n(.*?)```', f.read(), re.S) if 'int main(' in b]
    env = {**os.environ, 'PKG_CONFIG_PATH': libdir + '/pkgconfig', 'LD_LIBRARY_PATH': libdir}
    for n, block in enumerate(blocks):
        source, program = f'{work}/{n}.c', f'{work}/{n}'
        with open(source, 'w', encoding='utf-8') as f:
            f.write(block)
        flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'smmulator'], env=env, check=True,
                               capture_output=True, text=True).stdout.split()
        subprocess.run([cc, '-std=c11', '-Wall', '-Wextra', '-Werror', source, *flags, '-lcmocka',
                        '-o', program], check=True)
        subprocess.run([program], env=env, check=True)
    print(f'{len(blocks)} programs of the README compiled and ran')
    return 0 if blocks else 1


if __name__ == '__main__':
    sys.exit(main())
