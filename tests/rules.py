#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which rules of the architecture and of its software the tests prove.

tests/rules.tsv lists every rule; a test that proves one names it in a comment
(/* STE-12 */, /* CMD-3 to CMD-5 */). This prints how many are covered and, without
--summary, lists those that are not.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SPLIT = re.compile(r'(.*?)(\d+)([a-z]?)$')


def rules():
    table = {}
    with open(os.path.join(HERE, 'rules.tsv'), encoding='utf-8') as f:
        for line in f:
            if line.startswith('#'):
                continue
            rule, topic, text = line.rstrip('\n').split('\t')
            table[rule] = (topic, text)
    return table


def comments(text):
    return re.findall(r'/\*.*?\*/', text, re.S)


def cited(table):
    """{rule: {files whose comments name it}}; "STE-4 to STE-7" names four."""
    stems = sorted({SPLIT.match(r).group(1) for r in table}, key=len, reverse=True)
    one = re.compile(r'\b(%s)(\d+)([a-z]?)(?:\s*(?:to|\.\.\.?)\s*(?:\1)?(\d+))?' %
                     '|'.join(map(re.escape, stems)))
    seen = {}
    for folder, _, files in os.walk(HERE):
        for name in files:
            if not name.endswith(('.c', '.h', '.def')):
                continue
            path = os.path.join(folder, name)
            with open(path, encoding='utf-8', errors='replace') as f:
                text = f.read()
            for comment in comments(text):
                for match in one.finditer(comment):
                    stem, first, suffix, last = match.groups()
                    for n in range(int(first), min(int(last or first), int(first) + 60) + 1):
                        rule = f'{stem}{n}'
                        if rule + suffix in table:
                            rule += suffix
                        seen.setdefault(rule, set()).add(os.path.relpath(path, HERE))
    return seen


def main():
    table = rules()
    seen = cited(table)
    unknown = sorted(r for r in seen if r not in table)
    topics = {}
    for rule, (topic, _) in table.items():
        total, covered = topics.get(topic, (0, 0))
        topics[topic] = (total + 1, covered + (rule in seen))
    covered = sum(c for _, c in topics.values())
    print(f'\nrules: {len(table)} in all, {covered} cited by a test, {len(table) - covered} not')
    for topic, (total, hit) in topics.items():
        print(f'  {topic:22} {hit:4} of {total:4}')
    if '--summary' in sys.argv:
        print('  (tests/rules.py lists those that are not)')
        return 0
    for rule, (topic, text) in table.items():
        if rule not in seen:
            print(f'  not covered: {rule:10} {text}')
    for rule in unknown:
        print(f'  cited but unknown: {rule} in {", ".join(sorted(seen[rule]))}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
