#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when the SMMU has state that no snapshot holds.

Every member of the configuration, of the registers and of the statistics must be in the
table that packs it, and every member of struct smmu must be told here: in a section, or
why not.
"""
import os
import re
import sys

# Members of struct smmu: the section that holds it, or why none does.
MEMBERS = {
    'bus': 'the place, not the state', 'lock': 'the place', 'wire': 'the place',
    'tables': 'derived', 'voids': 'the place', 'ports': 'the place', 'flights': 'the place: who is in it',
    'sync_held': 'REGS',
    'run': 'the place; -EBUSY while something is half done', 'trace': 'the harness\'s', 'trace_ctx': 'the harness\'s', 'front': 'the VMM\'s',
    'front_ctx': 'the VMM\'s', 'resets': 'counts on',
    'reset_wanted': 'done before anyone can ask', 'cmdq_running': 'only under the lock',
    'attention': 'derived', 'id': 'derived', 'op': 'derived', 'reg_slot': 'derived',
    'cfg': 'CONF', 'name': 'CONF', 'regs': 'REGS', 'signal': 'REGS', 'n_signals': 'REGS',
    'cmdq': 'REGS', 'ecmdq': 'REGS', 'cmdq_kicked': 'REGS', 'cmdq_kicked_end': 'REGS',
    'stats': 'REGS', 'cfgcache': 'CFGC', 'tlb': 'TLB',
    'gatos': 'ATOS', 'vatos': 'ATOS', 'vatos_sel': 'ATOS', 'dpt': 'DPT',
    'stalls': 'STAL', 'last_event': 'STAL', 'stall_due': 'the place: who waits',
    'ats': 'the functions are of the place; what they owe is in REGS',
    'vms': 'VMS', 'pmcg': 'PMCG', 'pmcg_on': 'PMCG', 'missed': 'only under the lock',
}
NOT_PACKED = {'size', 'name', 'log', 'log_ctx'}


def read(top, *path):
    with open(os.path.join(top, *path), encoding='utf-8') as f:
        return f.read()


def members(text, struct):
    """Names of the members of a struct, without arrays' sizes and pointers' stars."""
    body = re.search(rf'^struct {struct} {{\n(.*?)^}};', text, re.M | re.S).group(1)
    body = re.sub(r'/\*.*?\*/', '', body, flags=re.S)
    body = re.sub(r'\(\*(\w+)\)\([^)]*\)', r'\1', body)
    for declaration in body.split(';'):
        words = declaration.strip()
        if words:
            first, *rest = words.split(',')
            yield re.findall(r'\w+', re.sub(r'\[[^]]*\]', '', first))[-1]
            for name in rest:
                yield re.findall(r'\w+', re.sub(r'\[[^]]*\]', '', name))[0]


def missing(names, table, what):
    return [f'{what}.{name}: in no snapshot' for name in names
            if not re.search(rf'\b(?:PLAIN|ID|REG|STAT)\({name}\b', table)]


def main():
    top = sys.argv[1]
    model = read(top, 'src', 'model', 'model.h')
    config = set(members(read(top, 'include', 'smmulator', 'config.h'), 'smmu_config'))
    packed = read(top, 'src', 'model', 'register', 'config_pack.c')
    regs = read(top, 'src', 'model', 'register', 'regs_pack.c')
    stats = list(members(read(top, 'include', 'smmulator', 'smmu.h'), 'smmu_stats'))
    registers = list(members(model, 'smmu_regs'))
    problems = missing(sorted(config - NOT_PACKED), packed, 'struct smmu_config')
    problems += missing(registers, regs, 'struct smmu_regs')
    problems += missing(stats, regs, 'struct smmu_stats')
    problems += [f'struct smmu.{name}: in no snapshot; see {sys.argv[0]}'
                 for name in members(model, 'smmu') if name not in MEMBERS]
    for problem in problems:
        print(problem)
    print(f'{len(config)} + {len(registers)} + {len(stats)} members looked at, '
          f'{len(problems)} missing')
    return 1 if problems or not config or not registers or not stats else 0


if __name__ == '__main__':
    sys.exit(main())
