# SPDX-License-Identifier: MIT
"""explain: from a snapshot of a run, and from memory and registers of a machine."""
import json
import os
import re
import struct
import tempfile
import unittest
from program import INPUT, MANUAL, OK, run, smmulator

RAM = 0x80000000
STRTAB, CD, TTB, EVENTQ = RAM, RAM + 0x4000, RAM + 0x5000, RAM + 0x9000
REGS = {'CR0': 0xd, 'CR2': 2, 'STRTAB_BASE': STRTAB, 'STRTAB_BASE_CFG': 6,
        'EVENTQ_BASE': EVENTQ | 4}


class Machine:
    """Memory of a machine with one stream, 5, of which page 0x40201000 is mapped."""

    def __init__(self):
        self.mem = bytearray(0x10000)
        ste = [0] * 8
        ste[0] = 1 | 5 << 1 | CD            # V, Config: stage 1
        cd = [0] * 8
        cd[0] = 16 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 30 | 1 << 31 | 5 << 32 | 1 << 41 | \
            1 << 45 | 1 << 46               # T0SZ, IR0, OR0, SH0, EPD1, V, IPS, AA64, R, A
        cd[1] = TTB
        cd[3] = 0xff
        self.write(STRTAB + 64 * 5, ste)
        self.write(CD, cd)
        self.write(TTB, [TTB + 0x1000 | 3])
        self.write(TTB + 0x1000 + 8, [TTB + 0x2000 | 3])
        self.write(TTB + 0x2000 + 8, [TTB + 0x3000 | 3])
        self.leaf = TTB + 0x3000 + 8
        self.write(self.leaf, [0xdead000 | 0x443])

    def write(self, pa, words):
        struct.pack_into(f'<{len(words)}Q', self.mem, pa - RAM, *words)

    def explain(self, *args, regs=None, json_too=True):
        """The text, and the JSON as Python has it."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'ram')
            with open(path, 'wb') as image:
                image.write(self.mem)
            command = ['explain', '--mem', f'{path}@{RAM:#x}', '--sid', '5', '--iova', '0x40201234']
            for name, value in {**REGS, **(regs or {})}.items():
                command += ['--reg', f'{name}={value:#x}']
            text = smmulator(*command, *args)
            if not json_too:
                return text, None
            done = smmulator(*command, '--json', *args)
        return text, json.loads(done.out)


def keys(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


class Dump(unittest.TestCase):
    def test_translated(self):
        text, report = Machine().explain()
        self.assertEqual((text.status, text.err), (OK, ''))
        self.assertIn('answer  0xdead234, Normal inner WB outer WB', text.out)
        self.assertEqual(report['result']['pa'], '0xdead234')
        self.assertEqual(report['rule'], 'T-20')
        self.assertEqual(report['advice'], '')
        walk = [s for s in report['steps'] if s['kind'] == 'descriptor']
        self.assertEqual([s['level'] for s in walk], [0, 1, 2, 3])
        self.assertEqual(walk[3]['decoded']['structure'], 's1desc'.upper())

    def test_not_mapped(self):
        machine = Machine()
        machine.write(machine.leaf, [0])
        text, report = machine.explain('--op', 'write')
        self.assertIn('aborted, F_TRANSLATION', text.out)
        self.assertIn(f'S1 level 3  at {machine.leaf:#x}: ', text.out)
        self.assertEqual((report['rule'], report['result']['event']), ('T-16c', 'F_TRANSLATION'))
        fields = {f['name']: f['value'] for f in report['event']['fields']}
        self.assertEqual((fields['InputAddr'], fields['RnW']), ('0x40201234', '0x0'))
        self.assertTrue(report['result']['recorded'])

    def test_who_denies(self):
        machine = Machine()
        machine.write(machine.leaf, [0xdead000 | 0x4c3])
        self.assertIn('AP[2]', machine.explain('--op', 'write')[1]['why'])
        self.assertEqual(machine.explain()[1]['result']['status'], 'ok')

    def test_each_kind_of_access(self):
        machine = Machine()
        for op in ('read', 'write', 'atomic'):
            report = machine.explain('--op', op, '--priv')[1]
            self.assertEqual(report['transaction'],
                             {'sid': 5, 'ssid': None, 'iova': '0x40201234', 'op': op, 'priv': True,
                              'inst': False})
        report = machine.explain('--ssid', '3', '--inst')[1]
        self.assertEqual((report['rule'], report['transaction']['ssid']), ('T-10', 3))

    def test_registers_decide(self):
        machine = Machine()
        self.assertEqual(machine.explain(regs={'CR0': 0})[1]['rule'], 'T-2')
        self.assertEqual(machine.explain(regs={'CR0ACK': 0xc})[1]['rule'], 'T-2')
        self.assertEqual(machine.explain(regs={'STRTAB_BASE_CFG': 2})[1]['rule'], 'T-5a')
        self.assertEqual(machine.explain(regs={'STRTAB_BASE': 0x1000000})[1]['rule'], 'T-6')

    def test_every_json_key_is_documented(self):
        with open(MANUAL, encoding='utf-8') as manual:
            source = manual.read()
        section = source[source.index('.SH "JSON OF EXPLAIN"'):source.index('.SH "EXIT STATUS"')]
        machine = Machine()
        machine.write(machine.leaf, [0])
        found = set(keys(machine.explain()[1])) | set(keys(Machine().explain()[1]))
        self.assertEqual(found - set(re.findall(r'\w+', section)), set())


class Ids(unittest.TestCase):
    def idrs(self):
        """ID registers as the preset of v3.0 has them, from a run."""
        report = json.loads(run('one-smmu-pcie', '--no-bench', '--json', '--preset', 'v3.1').out)
        return {f'IDR{i}': int(v, 16) for i, v in enumerate(report['smmus'][0]['idr'])}

    def test_configuration_from_id_registers(self):
        regs = {**self.idrs(), 'AIDR': 1}
        text, report = Machine().explain(regs=regs)
        self.assertEqual((text.status, report['result']['status']), (OK, 'ok'))

    def test_refused_by_name(self):
        regs = {**self.idrs(), 'AIDR': 1}
        for change, says in (({'IDR1': regs['IDR1'] | 1 << 30}, 'SMMU_IDR1'),
                             ({'IDR5': regs['IDR5'] | 7}, 'oas = 7'),
                             ({'AIDR': 0x10}, 'AIDR')):
            done = Machine().explain(regs={**regs, **change}, json_too=False)[0]
            self.assertEqual((done.status, done.out), (INPUT, ''))
            self.assertIn(says, done.err)


class Snapshot(unittest.TestCase):
    def test_state_of_a_run(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'state')
            self.assertEqual(run('one-smmu-pcie', '--no-bench', '--save-state', path).status, OK)
            command = ['explain', '--state', path, '--sid', '8', '--iova', '0x1000']
            text = smmulator(*command)
            report = json.loads(smmulator(*command, '--json').out)
            self.assertEqual((text.status, text.err), (OK, ''))
            self.assertIn('F_TRANSLATION', text.out)
            self.assertEqual(report['rule'], 'T-16c')
            self.assertTrue(any(s['cached'] for s in report['steps'] if s['kind'] == 'ste'))
            # The same again: nothing has changed.
            self.assertEqual(smmulator(*command).out, text.out)
            with open(path, 'rb') as whole:
                data = whole.read()
            for n in (0, 7, 100, len(data) // 2, len(data) - 1):
                with open(path, 'wb') as part:
                    part.write(data[:n])
                done = smmulator(*command)
                self.assertEqual(done.status, INPUT)
                self.assertRegex(done.err, r'section .*offset 0x')


class Misuse(unittest.TestCase):
    def refused(self, *args, says):
        done = smmulator('explain', *args)
        self.assertEqual((done.status, done.out), (INPUT, ''))
        self.assertIn(says, done.err)

    def test_what_is_missing_or_wrong(self):
        stream = ('--sid', '5', '--iova', '0')
        self.refused('--iova', '0', says='--sid')
        self.refused('--sid', '1', says='--iova')
        self.refused(*stream, says='--state')
        self.refused(*stream, '--state', '/nowhere', says='/nowhere')
        self.refused(*stream, '--reg', 'CR0', says='NAME=NUMBER')
        self.refused(*stream, '--reg', 'CRO=1', says='CRO')
        self.refused(*stream, '--reg', 'CR0=0x100000000', says='0xffffffff')
        self.refused(*stream, '--reg', 'IDR0=1', says='IDR0, IDR1 and IDR5')
        self.refused(*stream, '--reg', 'CR0=1', '--mem', 'x', says='FILE@ADDRESS')
        self.refused(*stream, '--reg', 'CR0=1', '--mem', '/dev/null@0', says='empty')
        self.refused(*stream, '--reg', 'CR0=1', '--set', 'oas=9', says='oas = 9')
        self.refused(*stream, '--reg', 'CR0=1', '--set', 'frob=9', says='frob')
        self.refused(*stream, '--reg', 'CR0=1', '--preset', 'v9', says='v3.0')
        self.refused(*stream, '--state', 'x', '--reg', 'CR0=1', says='--reg')
        self.refused(*stream, '--op', 'frob', says='read, write and atomic')
        self.refused('--sid', '-1', '--iova', '0', says='from 0 to 4294967295')


if __name__ == '__main__':
    unittest.main()
