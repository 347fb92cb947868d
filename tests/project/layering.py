#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when a floor of src/ includes what the house forbids it.

A floor sees its own files, and the public headers of the floors listed for it
here; nothing else. --self-test shows that the check bites.
"""
import os
import re
import sys
import tempfile

# Public headers, by the floor that they belong to. 'any' is for everyone.
HEADERS = {
    'any': ['export', 'version'],
    'arch': ['arch', 'decode'],
    'bus': ['bus'],
    'firmware': ['firmware', 'acpi'],
    'model': ['ats', 'config', 'dvm', 'explain', 'frontend', 'pmcg', 'run', 'smmu', 'snapshot', 'stall'],
    'endpoint': ['endpoint', 'pcie'],
    'machine': ['machine'],
    'pgtable': ['platform', 'pgtable'],
    'core': ['iommu', 'iommu_acpi', 'iommu_dma', 'iommu_fault', 'iommu_pci', 'iommu_sva', 'iommu_user'],
    'driver': ['arm_smmu', 'iommufd_smmuv3'],
    'user': ['iommufd'],
    'vmm': ['vmm'],
    'pci': ['pci'],
}
# The inner header of one floor that others may include all the same.
SHARED = {'core/rcu.h': ('driver',), 'core/list.h': ('user',)}
# Floors that a floor may see, besides itself and arch.
MAY_SEE = {
    'arch': [],
    'bus': [],
    'firmware': ['bus'],
    'model': ['bus', 'firmware'],
    'endpoint': ['bus', 'firmware', 'model'],
    'machine': ['bus', 'firmware', 'model', 'endpoint'],
    'pgtable': [],
    'core': ['pgtable', 'firmware'],  # the one named arrow between the halves
    'driver': ['pgtable', 'core'],
    'user': ['pgtable', 'core', 'driver'],
    # A VMM is software that has hardware in its hands, the guest's: like the program it
    # sees public headers of both halves, and nobody but the program sees it.
    'vmm': ['bus', 'model', 'core', 'driver', 'user'],
    # A library of its own, since it links libpci, which is GPL: it needs none of the
    # others, and none of them may need it; the program may, where it is built.
    'pci': [],
    'cli': [f for f in HEADERS if f not in ('any', 'arch')],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def check_file(path, floor, floors):
    """Yields a sentence for each include of this file that is not allowed."""
    allowed = {floor, 'arch', 'any', *MAY_SEE[floor]}
    owner = {h: f for f, headers in HEADERS.items() for h in headers}
    with open(path, encoding='utf-8') as f:
        text = f.read()
    for kind, name in INCLUDE.findall(text):
        if name.startswith('smmulator/'):
            header = name.split('/')[1].removesuffix('.h')
            home = owner.get(header)
            if home is None:
                yield f'{path}: <{name}> belongs to no floor that layering.py knows'
            elif home not in allowed:
                yield f'{path}: {floor}/ may not include <{name}> of {home}/'
        elif kind == '<' and name.startswith('pci/') and floor != 'pci':
            yield f'{path}: <{name}> is libpci, GPL: for pci/ alone'
        elif kind == '"':
            if '..' in name.split('/'):
                yield f'{path}: "{name}": name it from src/, without ".."'
            elif floor in SHARED.get(name, ()):
                pass
            elif '/' in name and name.split('/')[0] in floors and name.split('/')[0] != floor:
                yield f'{path}: {floor}/ may not include "{name}", an inner file of another floor'
            elif floor == 'cli' and '/' in name and not name.startswith('cli/'):
                yield f'{path}: cli/ calls public headers only, not "{name}"'


def check(top):
    src = os.path.join(top, 'src')
    floors = {d for d in os.listdir(src) if os.path.isdir(os.path.join(src, d))} - {'cmake'}
    problems = [f'src/{f}: a floor that layering.py does not know' for f in sorted(floors - MAY_SEE.keys())]
    files = 0
    for floor in sorted(floors & MAY_SEE.keys()):
        for folder, _, names in os.walk(os.path.join(src, floor)):
            for name in names:
                if name.endswith(('.c', '.h', '.def')):
                    files += 1
                    problems += check_file(os.path.join(folder, name), floor, floors)
    return files, problems


def self_test():
    planted = {
        'src/driver/a.c': '#include <smmulator/smmu.h>\n',
        'src/driver/b.c': '#include "model/model.h"\n',
        'src/bus/c.c': '#include <smmulator/machine.h>\n',
        'src/core/d.c': '#include <smmulator/arm_smmu.h>\n',
        'src/arch/e.c': '#include "../bus/bus.h"\n',
        'src/model/f.c': '  #  include "bus/region.h"\n',
        'src/endpoint/g.c': '#include "core/rcu.h"\n',
        'src/core/h.c': '#include <smmulator/pci.h>\n',
        'src/pci/i.c': '#include <smmulator/iommu.h>\n',
        'src/machine/j.c': '#include <pci/pci.h>\n',
        'src/user/k.c': '#include <smmulator/vmm.h>\n',
        'src/vmm/l.c': '#include "model/model.h"\n',
        'src/vmm/m.c': '#include <smmulator/machine.h>\n',
    }
    legal = {
        'src/core/ok.c': '#include <smmulator/firmware.h>\n#include "core/ok.h"\n',
        'src/vmm/ok.c': '#include <smmulator/frontend.h>\n#include <smmulator/iommufd.h>\n',
        'src/driver/ok.c': '#include <smmulator/iommu.h>\n#include "core/rcu.h"\n',
    }
    with tempfile.TemporaryDirectory() as top:
        for path, text in {**planted, **legal}.items():
            path = os.path.join(top, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text)
        _, problems = check(top)
    missed = [p for p in planted if not any(p in problem for problem in problems)]
    wrong = [p for p in legal if any(p in problem for problem in problems)]
    if missed or wrong:
        print('not noticed:', missed, 'wrongly refused:', wrong)
        return 1
    print(f'{len(planted)} planted includes noticed, {len(legal)} legal ones left alone')
    return 0


def main():
    if sys.argv[1:] == ['--self-test']:
        return self_test()
    files, problems = check(sys.argv[1])
    for problem in problems:
        print(problem)
    print(f'{files} files looked at, {len(problems)} forbidden includes')
    return 1 if problems or not files else 0


if __name__ == '__main__':
    sys.exit(main())
