#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which rules of the architecture and of its software the tests prove.

tests/rules.tsv lists every rule. A test that proves one names it in a comment
(/* STE-12 */, /* CMD-3 to CMD-5 */), an entry of tests/conformance/ in its first string
("STE-12 STE-14"). Every rule of the model must be proved so, or stand in
tests/conformance/uncovered.txt with the reason why not: else this exits 1. So it does
for a rule that stands there and is proved after all, except below "# in work".

  rules.py            the counts, the rules that are not covered, what is wrong
  rules.py --summary  the counts, the ids that are not covered, what is wrong
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
UNCOVERED = os.path.join(HERE, 'conformance', 'uncovered.txt')
SPLIT = re.compile(r'(.*?)(\d+)([a-z]?)$')
# Rules of the software above the model: a report only.
SOFTWARE = ('CORE-', 'DRV-', 'FW-')


def rules():
    table = {}
    with open(os.path.join(HERE, 'rules.tsv'), encoding='utf-8') as f:
        for line in f:
            if line.startswith('#'):
                continue
            rule, topic, text = line.rstrip('\n').split('\t')
            table[rule] = (topic, text)
    return table


class Ids:
    """Finds rule ids in text; "STE-4 to STE-7" names four."""

    def __init__(self, table):
        self.table = table
        stems = sorted({SPLIT.match(r).group(1) for r in table}, key=len, reverse=True)
        one = r'(%s)(\d+)([a-z]?)(?:\s*(?:to|\.\.\.?)\s*(?:\1)?(\d+))?' % '|'.join(
            map(re.escape, stems))
        self.one = re.compile(r'\b' + one)
        plain = re.sub(r'\((?!\?)', '(?:', one).replace(r'(?:\1)?', '(?:[A-Z0-9]+-[A-Z]?)?')
        self.string = re.compile(r'"((?:%s[ ,]*)+)"' % plain)

    def find(self, text):
        for match in self.one.finditer(text):
            stem, first, suffix, last = match.groups()
            for n in range(int(first), min(int(last or first), int(first) + 60) + 1):
                rule = f'{stem}{n}'
                yield rule + suffix if rule + suffix in self.table else rule


def citations(ids, path, text):
    for comment in re.findall(r'/\*.*?\*/', text, re.S):
        yield from ids.find(comment)
    if os.path.basename(os.path.dirname(path)) == 'conformance':
        for string in ids.string.findall(text):
            yield from ids.find(string)


def cited(ids):
    """{rule: {files that name it}}"""
    seen = {}
    for folder, _, files in os.walk(HERE):
        for name in files:
            if not name.endswith(('.c', '.h', '.def')):
                continue
            path = os.path.join(folder, name)
            with open(path, encoding='utf-8', errors='replace') as f:
                for rule in citations(ids, path, f.read()):
                    seen.setdefault(rule, set()).add(os.path.relpath(path, HERE))
    return seen


def excused(ids):
    """{rule: (reason, in work)} and what is wrong with the list itself."""
    table, wrong, work = {}, [], False
    with open(UNCOVERED, encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip('\n')
            if line.startswith('#'):
                work = line.strip('# ').startswith('in work')
                continue
            if not line:
                continue
            names, _, reason = line.partition('\t')
            found = list(ids.find(names))
            if not found or not reason.strip():
                wrong.append(f'uncovered.txt:{number}: not "RULE<tab>reason"')
            for rule in found:
                if rule in table:
                    wrong.append(f'uncovered.txt:{number}: {rule} stands there twice')
                if rule not in ids.table:
                    wrong.append(f'uncovered.txt:{number}: no such rule: {rule}')
                table[rule] = (reason, work)
    return table, wrong


def judge(table, seen, excuses):
    for rule in table:
        if rule.startswith(SOFTWARE):
            continue
        if rule not in seen and rule not in excuses:
            yield f'{rule} is neither proved by a test nor in uncovered.txt'
        if rule in seen and rule in excuses and not excuses[rule][1]:
            yield f'{rule} is in uncovered.txt, but {", ".join(sorted(seen[rule]))} names it'


def counts(table, seen, excuses):
    topics = {}
    for rule, (topic, _) in table.items():
        total, covered, why = topics.get(topic, (0, 0, 0))
        hit = rule in seen
        topics[topic] = (total + 1, covered + hit, why + (not hit and rule in excuses))
    total, covered, why = (sum(t[i] for t in topics.values()) for i in range(3))
    print(f'\nrules: {total} in all, {covered} covered by a test, {total - covered} not'
          f' ({why} of these with a reason)')
    for topic, (total, hit, why) in topics.items():
        print(f'  {topic:22} {hit:4} of {total:4}, {why:3} with a reason')


def ranges(lost, order):
    """Neighbours in the table as "first to last"."""
    runs = []
    for rule in lost:
        if runs and order.index(runs[-1][-1]) + 1 == order.index(rule):
            runs[-1].append(rule)
        else:
            runs.append([rule])
    for run in runs:
        yield run[0] if len(run) == 1 else f'{run[0]} to {run[-1]}'


def missing(table, seen, excuses, summary):
    lost = [r for r in table if r not in seen]
    if summary:
        print('  not covered:', ', '.join(ranges(lost, list(table))))
        return
    for rule in lost:
        text = table[rule][1]
        print(f'  not covered: {rule:10} {text}')
        if rule in excuses:
            print(f'               {"":10} because: {excuses[rule][0]}')


def main():
    table = rules()
    ids = Ids(table)
    seen = cited(ids)
    excuses, wrong = excused(ids)
    counts(table, seen, excuses)
    missing(table, seen, excuses, '--summary' in sys.argv)
    for rule in sorted(r for r in seen if r not in table):
        print(f'  cited but unknown: {rule} in {", ".join(sorted(seen[rule]))}')
    wrong += judge(table, seen, excuses)
    for line in wrong:
        print(f'  wrong: {line}')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
