# SPDX-License-Identifier: MIT
"""run --pci: functions of a dump on a board, their groups, aliases and capabilities."""
import json
import os
import random
import tempfile
import unittest
from program import (DUMPS, INPUT, OK, board, dump, has_pci, run_pci, run_pci_json,
                     smmulator, table)


def by_name(report):
    return {f['function']: f for f in report['functions']}


def groups(report):
    """Sets of functions that share a group, from 0000:bb:dd.f on."""
    found = {}
    for f in report['functions']:
        if f['group'] is not None:
            found.setdefault(f['group'], []).append(f['function'])
    return sorted(found.values())


@unittest.skipUnless(has_pci(), 'built without libpci')
class Samples(unittest.TestCase):
    def test_every_sample_is_as_expected(self):
        for name in ('server', 'bridges', 'multi'):
            for args in ((), ('--preset', 'full'), ('--preset', 'v3.2'), ('--preset', 'qemu')):
                done = run_pci(name, '--no-bench', '--domain', 'all', *args)
                self.assertEqual((done.status, done.err), (OK, ''), (name, args))
                self.assertNotIn('FAILED', done.out)

    def test_groups_of_the_server(self):
        found = groups(run_pci_json('server', '--no-bench', '--domain', 'dma')[1])
        shared = [g for g in found if len(g) > 1]
        self.assertEqual(shared, [
            ['0000:00:02.0', '0000:08:00.0'],
            ['0000:00:1c.0', '0000:00:1c.4', '0000:09:00.0', '0000:0a:00.0'],
            ['0000:00:1f.0', '0000:00:1f.2', '0000:00:1f.3'],
            ['0000:04:10.0', '0000:07:00.0', '0000:07:00.1']])

    def test_capabilities_are_tried(self):
        f = by_name(run_pci_json('server', '--no-bench', '--domain', 'dma')[1])
        nvme = f['0000:05:00.0']['tried']
        self.assertTrue(nvme['ats'] and nvme['ok'])
        self.assertEqual((nvme['pasid'], nvme['interrupt'], nvme['reset']),
                         ('ok', 'MSI-X', 'ok'))
        self.assertEqual(nvme['page_request'], 'success')
        self.assertGreater(nvme['atc_hits'], 0)
        self.assertGreater(nvme['atc_invalidations'], 0)
        self.assertEqual(f['0000:01:00.0']['tried']['reset'], 'has VFs')
        self.assertEqual(f['0000:07:00.0']['tried']['interrupt'], 'MSI')
        # VFs, listed or implied by their PF's registers, have ATCs of their own.
        for vf in ('0000:01:10.6', '0000:02:10.2'):
            self.assertTrue(f[vf]['vf'] and f[vf]['tried']['ats'] and f[vf]['tried']['ok'])
        self.assertFalse(f['0000:08:00.0']['tried']['ats'])
        self.assertIsNone(f['0000:00:01.0']['tried']) # a port

    def test_ats_only_where_all_three_have_it(self):
        no_smmu = by_name(run_pci_json('server', '--no-bench', '--preset', 'v3.2',
                                       '--domain', 'dma')[1])['0000:05:00.0']['tried']
        self.assertEqual((no_smmu['ats'], no_smmu['ok']), (False, True))
        done = smmulator('run', '--json', '--no-bench', '--pci', dump('server'), '--acpi',
                         table('small'), '--domain', 'dma') # a root complex without ATS
        no_rc = by_name(json.loads(done.out))['0000:05:00.0']['tried']
        self.assertEqual((done.status, no_rc['ats'], no_rc['ok']), (OK, False, True))

    def test_dma_under_the_ids_of_bridges(self):
        report = run_pci_json('bridges', '--no-bench', '--domain', 'dma')[1]
        f = by_name(report)
        rows = {row['master'].split('/')[-1]: row for row in report['masters']}
        # Behind conventional bridges: its own id, and that of the bridge (FW-15).
        self.assertEqual(f['0000:01:00.0']['requester_ids'], [0x100, 0xf0])
        self.assertEqual(rows['01:00.0']['stream_ids'], [0x100, 0xf0])
        self.assertEqual((rows['01:00.0']['ok'], rows['01:00.0']['bytes']), (True, 4 * 4 * 4096))
        self.assertEqual(rows['06:01.0']['stream_ids'], [0x608, 0x600])
        self.assertEqual(rows['07:00.0']['stream_ids'], [0x700, 0xe8])
        # One device has an id (DRV-26); the next one that bears it is told so.
        self.assertIn('lends its id', f['0000:00:1e.0']['why'])
        self.assertIsNone(f['0000:01:01.0']['group'])
        self.assertIn('01:00.0 has it', f['0000:01:01.0']['why'])

    def test_quirk_aliases(self):
        report = run_pci_json('multi', '--no-bench', '--domain', 'dma')[1]
        f = by_name(report)
        self.assertEqual(f['0000:03:00.0']['requester_ids'], [0x300, 0x301])
        self.assertEqual(f['0000:04:00.1']['requester_ids'], [0x401, 0x400])
        self.assertEqual(f['0001:01:00.0']['master'].split('/')[-1], '01:00.0')

    def test_tables(self):
        out = run_pci('multi', '--no-bench').out
        self.assertRegex(out, r'FUNCTION +KIND +DEVICE +REQUESTER IDS +GROUP +WHY')
        self.assertRegex(out, r'0000:03:00.0 +legacy endpoint +1b4b:9230 +03:00.0,03:00.1')
        self.assertIn('of its slot does not isolate: it has no ACS', out)


@unittest.skipUnless(has_pci(), 'built without libpci')
class Boards(unittest.TestCase):
    def test_on_a_device_tree(self):
        done = smmulator('run', '--json', '--no-bench', '--domain', 'dma', '--pci',
                         dump('server'), '--dtb', board('one-smmu-pcie'))
        self.assertEqual((done.status, done.err), (OK, ''))
        f = by_name(json.loads(done.out))
        # Its map has buses 0 to 7: what is behind bus 8 passes the SMMU by.
        self.assertTrue(f['0000:05:00.0']['tried']['ats'])
        self.assertIn('no mapping', f['0000:08:00.0']['why'])
        self.assertIsNone(f['0000:08:00.0']['group'])
        self.assertTrue(f['0000:05:00.0']['master'].startswith('/pcie@40000000/'))

    def test_segments_that_the_board_lacks(self):
        done = smmulator('run', '--json', '--no-bench', '--domain', 'dma', '--pci',
                         dump('multi'), '--dtb', board('one-smmu-pcie'))
        f = by_name(json.loads(done.out))
        self.assertEqual(done.status, OK)
        self.assertIn('no host', f['0001:01:00.0']['why'])

    def test_sysfs(self):
        done = smmulator('run', '--json', '--no-bench', '--domain', 'dma', '--pci', 'sysfs')
        if done.status == INPUT: # a machine without PCI
            self.assertIn('--pci sysfs', done.err)
        else:
            self.assertEqual(done.status, OK, done.err)
            self.assertTrue(json.loads(done.out)['functions'])


class Refused(unittest.TestCase):
    def refused(self, *args, says, stdin=b''):
        done = smmulator('run', '--no-bench', *args, stdin=stdin)
        self.assertEqual((done.status, done.out), (INPUT, ''), args)
        self.assertEqual(done.err.count('\n'), 1, done.err)
        self.assertIn(says, done.err)

    @unittest.skipIf(has_pci(), 'built with libpci')
    def test_without_libpci(self):
        self.refused('--pci', dump('server'), says='without libpci')

    @unittest.skipUnless(has_pci(), 'built without libpci')
    def test_command_lines(self):
        self.refused('--pci', '/nonexistent', says='/nonexistent')
        self.refused('--pci', board('one-smmu-pcie'), says='--pci')
        self.refused('--pci', '-', says='--pci -')
        self.refused('--pci', dump('server'), '--pci-function', '0:0.0', says='legal is one')
        self.refused('--pci', '-', '--acpi', table('small'), stdin=b'0007:00:00.0 X\n00: ' +
                     b'ea 1d' + b' 00' * 14 + b''.join(b'\n%02x:' % at + b' 00' * 16
                                                      for at in (16, 32, 48)),
                     says='none of its 1 functions')


@unittest.skipUnless(has_pci(), 'built without libpci')
class Hostile(unittest.TestCase):
    """Nonsense in a dump: a clear message, or read as far as it is sound."""
    def answer(self, text):
        with tempfile.NamedTemporaryFile(suffix='.txt') as f:
            f.write(text)
            f.flush()
            done = smmulator('run', '--json', '--no-bench', '--pages', '1', '--domain', 'dma',
                             '--pci', f.name)
        if done.status == INPUT:
            self.assertEqual((done.out, done.err.count('\n')), ('', 1))
            return None
        report = json.loads(done.out)
        self.assertEqual(report['unexpected'], [], done.err)
        self.assertEqual(done.status, OK)
        return report

    def test_duplicates_and_loops(self):
        with open(os.path.join(DUMPS, 'short', 'multi.txt'), 'rb') as f:
            text = f.read()
        report = self.answer(text + text)
        self.assertTrue(any('twice' in line for line in report['findings']))
        looping = text.replace(b'\n100: 0d 00 01 00', b'\n100: 0d 00 01 10')
        report = self.answer(looping)
        self.assertEqual(len(report['functions']), len(self.answer(text)['functions']))

    def test_cut_anywhere(self):
        with open(os.path.join(DUMPS, 'short', 'server.txt'), 'rb') as f:
            text = f.read()
        for at in range(200, len(text), len(text) // 12):
            self.answer(text[:at])

    def test_random_bytes(self):
        chance = random.Random(5)
        for name in ('server', 'bridges', 'multi'):
            with open(os.path.join(DUMPS, 'short', name + '.txt'), 'rb') as f:
                text = f.read()
            for _ in range(8):
                bad = bytearray(text)
                for _ in range(chance.choice((3, 40, 400))):
                    bad[chance.randrange(len(bad))] = chance.choice(b'0123456789abcdef: .\n')
                self.answer(bytes(bad))


if __name__ == '__main__':
    unittest.main()
