# SPDX-License-Identifier: MIT
"""The manual, the help and the program tell the same."""
import json
import re
import unittest
from program import MANUAL, OK, has_pci, run_json, run_pci_json, smmulator

with open(MANUAL, encoding='utf-8') as manual:
    SOURCE = manual.read()


def from_help(*command):
    """(short, long, argument) of every option in the help."""
    out = smmulator(*command, '--help').out
    return set(re.findall(r'^  (?:-(\w), |    )--([\w-]+)(?: ([A-Z]+))?(?: |$)', out, re.M))


def from_manual(section):
    """The same, from one section of the manual's source."""
    body = re.search(rf'^\.S[HS] {section}\n(.*?)(?=^\.S[HS] )', SOURCE, re.M | re.S).group(1)
    plain = body.replace('\\-', '-').replace('\\fI', '').replace('\\fR', '')
    found = set()
    for line in re.findall(r'^\.TP\n\.BR? (.*)', plain, re.M):
        words = line.replace('"', ' ').replace(',', ' ').split()
        short = [w[1:] for w in words if re.fullmatch(r'-\w', w)]
        arg = [w for w in words if re.fullmatch(r'[A-Z]+', w)]
        name = [w[2:] for w in words if w.startswith('--')]
        found.add((short[0] if short else '', name[0], arg[0] if arg else ''))
    return found


def keys(value):
    """All keys of a JSON value but those that are names of fields."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key != 'fields':
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


class Manual(unittest.TestCase):
    def test_options_of_the_program(self):
        self.assertEqual(from_help(), from_manual('OPTIONS'))

    def test_options_of_commands(self):
        everywhere = {('h', 'help', '')}
        for command in ('run', 'guest', 'decode', 'explain'):
            self.assertEqual(from_help(command),
                             from_manual(f'"?Options of {command}"?') | everywhere)
            self.assertGreater(len(from_help(command)), 3)

    def test_every_json_key_is_documented(self):
        guest = json.loads(smmulator('guest', '--json', '--rounds', '1').out)
        reports = [(run_json('one-smmu-pcie', '--seconds', '0.01')[1], 'RUN'), (guest, 'GUEST')]
        if has_pci():
            reports.append((run_pci_json('server', '--no-bench', '--domain', 'dma')[1], 'RUN'))
        for report, section in reports:
            text = re.search(rf'^\.SH "JSON OF {section}"\n(.*?)(?=^\.SH )', SOURCE, re.M | re.S).group(1)
            self.assertEqual(set(keys(report)) - set(re.findall(r'\w+', text)), set())

    def test_version(self):
        self.assertIn(f'"{smmulator("--version").out.strip()}"', SOURCE.split('\n')[1])

    def test_every_preset_and_layout_is_documented(self):
        for name in ('v3.0', 'v3.4', 'full', 'mmu600', 'mmu700', 'qemu', 'l1std', 'ste', 'l1cd',
                     'cd', 'vms', 'cmd', 'event', 'pri'):
            self.assertRegex(SOURCE, rf'\b{re.escape(name)}\b')

    def test_example(self):
        words = re.search(r'^smmulator (decode cmd .*)$', SOURCE, re.M).group(1).split()
        done = smmulator(*words)
        self.assertEqual(done.status, OK)
        self.assertIn('TLBI_NH_VA', done.out)


if __name__ == '__main__':
    unittest.main()
