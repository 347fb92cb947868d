# SPDX-License-Identifier: MIT
"""The program under test, and what its outputs hold."""
import json
import os
import re
import subprocess

PROGRAM = os.environ['SMMULATOR']
BOARDS = os.environ['BOARDS']
TABLES = os.environ['TABLES']
MANUAL = os.environ['MANUAL']
DUMPS = os.environ['DUMPS']
OK, UNEXPECTED, INPUT = 0, 1, 2


class Outcome:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode('utf-8', 'replace')
        self.err = done.stderr.decode('utf-8', 'replace')


def smmulator(*args, stdin=b'', stdout=subprocess.PIPE):
    """Runs it; a signal or a hang is an exception, whatever the test expects."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    done = subprocess.run([PROGRAM, *args], input=stdin, stdout=stdout,
                          stderr=subprocess.PIPE, timeout=120, check=False)
    if stdout != subprocess.PIPE:
        done.stdout = b''
    outcome = Outcome(done)
    if outcome.status not in (OK, UNEXPECTED, INPUT):
        raise AssertionError(f'{args}: ended with {outcome.status}:\n{outcome.err}')
    return outcome


def board(name):
    return os.path.join(BOARDS, name + '.dtb')


def table(name):
    return os.path.join(TABLES, name + '.aml')


def run_acpi(names, *args):
    """A board of several tables, named with spaces between them."""
    files = [word for name in names.split() for word in ('--acpi', table(name))]
    return smmulator('run', *files, *args)


def run(name, *args):
    return smmulator('run', '--dtb', board(name), *args)


def has_pci():
    """Whether the program reads dumps of PCI functions."""
    return os.environ['HAS_PCI'] == '1'


def dump(name):
    return os.path.join(DUMPS, name + '.txt')


def run_pci(name, *args):
    return smmulator('run', '--pci', dump(name), *args)


def run_pci_json(name, *args):
    outcome = run_pci(name, '--json', *args)
    return outcome, json.loads(outcome.out)


def run_json(name, *args):
    outcome = run(name, '--json', *args)
    return outcome, json.loads(outcome.out)


def guest(*args):
    return smmulator('guest', *args)


def guest_json(*args):
    outcome = guest('--json', *args)
    return outcome, json.loads(outcome.out)


def tables(out):
    """The tables of a report as lists of rows (dicts by column head)."""
    found = []
    for block in out.split('\n\n'):
        lines = block.strip('\n').split('\n')
        if not lines[0].startswith(('SMMU ', 'GUEST ')):
            continue
        heads = re.split(r' {2,}', lines[0].strip())
        found.append([dict(zip(heads, re.split(r' {2,}', line.strip(), maxsplit=len(heads) - 1)))
                      for line in lines[1:]])
    return found


def fields(out):
    """Field name: value, from the text that decode prints."""
    rows = re.findall(r'^ +\[[0-9:]+\] +(\S+) +(0x[0-9a-f]+)', out, re.M)
    return {name: int(value, 16) for name, value in rows}
