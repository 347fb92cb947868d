# SPDX-License-Identifier: MIT
"""decode: words put together by hand from IHI 0070 come apart by name."""
import json
import unittest
from program import INPUT, OK, fields, smmulator

# Layout, words, and what must come out (values of fields, unshifted).
GOLDEN = {
    ('cmd',): (['0x0007000300502012', '0x00000000ffffc701'],
               dict(OPCODE=0x12, NUM=2, SCALE=5, VMID=3, ASID=7, Leaf=1, TTL=3, TG=1,
                    Address=0xffffc)),
    ('CMD_SYNC',): (['46', '0'], dict(OPCODE=0x46, CS=0)),
    ('event',): (['0x0000010000000010', '0x0000028800000000', '0xffffc000', '0x12345000'],
                 dict(EVENT=0x10, StreamID=0x100, RnW=1, S2=1, CLASS=2, InputAddr=0xffffc000,
                      IPA=0x12345)),
    ('ste',): (['200000008000100b', '100000d6'] + ['0'] * 6,
               dict(V=1, Config=5, S1ContextPtr=0x2000040, S1CDMax=4, S1DSS=2, S1CIR=1, S1COR=1,
                    S1CSH=3, EATS=1, STRW=0)),
    ('cd',): (['0009e205c0003510', '80002000'] + ['0'] * 6,
              dict(T0SZ=16, IR0=1, OR0=1, SH0=3, EPD1=1, V=1, IPS=5, AA64=1, R=1, A=1, ASET=1,
                   ASID=9, TTB0=0x8000200)),
    ('l1std',): (['80004009'], dict(Span=9, L2Ptr=0x2000100)),
    ('l1cd',): (['80005001'], dict(V=1, L2Ptr=0x80005)),
    ('reg', 'CR0'): (['1d'], dict(SMMUEN=1, PRIQEN=0, EVENTQEN=1, CMDQEN=1, ATSCHK=1)),
    ('reg', 'SMMU_IDR5'): (['75'], dict(OAS=5, GRAN4K=1, GRAN16K=1, GRAN64K=1)),
    ('reg', 'strtab_base_cfg'): (['10210'], dict(FMT=1, SPLIT=8, LOG2SIZE=16)),
}


class Golden(unittest.TestCase):
    def test_fields(self):
        for layout, (words, expected) in GOLDEN.items():
            done = smmulator('decode', *layout, *words)
            self.assertEqual((done.status, done.err), (OK, ''), layout)
            found = fields(done.out)
            self.assertEqual({k: found.get(k) for k in expected}, expected, layout)

    def test_json_agrees_with_text(self):
        for layout, (words, _) in GOLDEN.items():
            done = smmulator('decode', '--json', *layout, *words)
            self.assertEqual(done.out.count('\n'), 1)
            object_ = json.loads(done.out)
            found = {f['name']: int(f['value'], 16) for f in object_['fields']
                     if f['kind'] == 'field'}
            text = fields(smmulator('decode', *layout, *words).out)
            self.assertEqual(found, {k: text[k] for k in found}, layout)

    def test_forms_of_hex(self):
        words = ['0x0007000300502012', '0x00000000ffffc701']
        out = smmulator('decode', 'cmd', *words).out
        for form in (['7000300502012', 'ffffc701'],
                     ['00502012', '00070003', 'ffffc701', '00000000'],
                     ['12', '20', '50', '00', '03', '00', '07', '00',
                      '01', 'c7', 'ff', 'ff', '00', '00', '00', '00'],
                     ['122050000300070001c7ffff00000000'],
                     [', '.join(words)]):
            self.assertEqual(smmulator('decode', 'cmd', *form).out, out, form)

    def test_record_by_its_number(self):
        for number, name in ((0x02, 'C_BAD_STREAMID'), (0x10, 'F_TRANSLATION'),
                             (0x13, 'F_PERMISSION')):
            self.assertIn(name, smmulator('decode', 'event', f'{number:x}', '0', '0', '0').out)

    def test_assumptions(self):
        plain = smmulator('decode', 's1desc', 'ffffffffffffffff').out
        for name in ('d128', 'mpam', 'ds', 'oa52', 'aie', 'pnch', 'pbha', 's2poe',
                     'DS,OA52', 'aie,pbha'):
            self.assertEqual(smmulator('decode', '-a', name, 'ste', *['0'] * 8).status, OK)
        self.assertNotEqual(
            smmulator('decode', '--assume', 'oa52', 's1desc', 'ffffffffffffffff').out, plain)

    def test_list(self):
        done = smmulator('decode', '--list')
        self.assertEqual(done.status, OK)
        names = [line.split()[0] for line in done.out.splitlines()]
        self.assertLess({'l1std', 'ste', 'l1cd', 'cd', 'cmd', 'event', 'pri', 's1desc'}, set(names))
        for line in done.out.splitlines()[:-1]:
            name, bits, _ = line.split()
            done = smmulator('decode', name, '00' * (int(bits) // 8))
            self.assertEqual(done.status, OK, name)


class StandardInput(unittest.TestCase):
    LINES = '# a comment\n46 0\n\n  0x0007000300502012, 0x00000000ffffc701\r\n'

    def test_one_structure_a_line(self):
        one = smmulator('decode', 'cmd', '46', '0').out
        two = smmulator('decode', 'cmd', '0x0007000300502012', '0x00000000ffffc701').out
        for args in (['cmd'], ['cmd', '-']):
            done = smmulator('decode', *args, stdin=self.LINES)
            self.assertEqual((done.status, done.out), (OK, one + '\n' + two))

    def test_json_lines(self):
        done = smmulator('decode', '-j', 'cmd', stdin=self.LINES)
        names = [json.loads(line)['structure'] for line in done.out.splitlines()]
        self.assertEqual(names, ['CMD_SYNC', 'CMD_TLBI_NH_VA'])

    def test_bad_line_is_named(self):
        done = smmulator('decode', 'cmd', stdin='46 0\n# x\n46\n46 0\n')
        self.assertEqual(done.status, INPUT)
        self.assertIn('line 3: ', done.err)

    def test_nothing(self):
        for stdin in ('', '\n', '# only this\n'):
            self.assertEqual(smmulator('decode', 'cmd', stdin=stdin).status, INPUT)


class Refused(unittest.TestCase):
    def test_command_lines(self):
        for args, says in ((['decode'], '--help'), (['decode', 'xyz', '1'], 'xyz'),
                           (['decode', 'reg'], 'CR0'), (['decode', 'reg', 'CR9', '1'], 'CR9'),
                           (['decode', '-a', 'moon', 'ste'], 'moon'),
                           (['decode', 'ste', '1'], 'ste'), (['decode', 'cmd', '1', 'g'], 'g'),
                           (['decode', 'cmd', '1' * 17, '0'], '17 digits'),
                           (['decode', 'reg', 'CR0', '1', '2'], 'CR0')):
            done = smmulator(*args)
            self.assertEqual((done.status, done.out), (INPUT, ''), args)
            self.assertIn(says.lower(), done.err.lower())
            self.assertEqual(done.err.count('\n'), 1)


if __name__ == '__main__':
    unittest.main()
