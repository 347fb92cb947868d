#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each public header compiles alone, as strict C11 and as C++17.

Usage: headers.py INCLUDE-DIRECTORY C-COMPILER
"""
import os
import subprocess
import sys

WARNINGS = ['-Wall', '-Wextra', '-Wconversion', '-pedantic', '-Werror', '-fsyntax-only']


def main():
    include, cc = sys.argv[1:]
    cxx = cc.replace('gcc', 'g++').replace('clang', 'clang++')
    if cxx == cc:
        cxx = 'c++'
    folder = os.path.join(include, 'smmulator')
    bad = 0
    headers = sorted(h for h in os.listdir(folder) if h.endswith('.h'))
    for header in headers:
        for compiler, language in ((cc, ['-std=c11', '-x', 'c']), (cxx, ['-std=c++17', '-x', 'c++'])):
            done = subprocess.run([compiler, *WARNINGS, *language, '-I', include, '-'],
                                  input=f'#include <smmulator/{header}>\n'
                                        f'#include <smmulator/{header}>\nint not_empty;\n',
                                  capture_output=True, text=True)
            if done.returncode:
                bad += 1
                print(f'<smmulator/{header}> does not stand alone for {compiler}:\n{done.stderr}')
    print(f'{len(headers)} headers, {bad} failures')
    return 1 if bad or not headers else 0


if __name__ == '__main__':
    sys.exit(main())
