# SPDX-License-Identifier: MIT
"""Boards from ACPI tables: built, refused, and QEMU's own where it is installed."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from program import INPUT, OK, board, run_acpi, smmulator, table, tables
from qemu_tables import QEMU, checksummed
import qemu_tables

IASL = shutil.which('iasl')


def report(names, *args):
    done = run_acpi(names, '--json', '--no-bench', *args)
    return done, json.loads(done.out)


class Boards(unittest.TestCase):
    def test_every_table_is_as_expected(self):
        for names in ('small', 'oldest', 'old', 'classic', 'server', 'server virtio',
                      'virtio small'):
            done = run_acpi(names, '--no-bench', '--domain', 'all')
            self.assertEqual((done.status, done.err), (OK, ''), names)
            self.assertNotIn('FAILED', done.out)

    def test_masters_and_streams(self):
        rows = report('server', '--domain', 'dma')[1]['masters']
        found = {row['master']: (row['smmu'], row['stream_ids']) for row in rows}
        self.assertEqual(found['\\_SB.DMA0'], ('smmuv3@48', [0x8100, 0x8101]))
        self.assertEqual(found['\\_SB.DISP'], ('smmuv3@a0', [0x9000]))
        self.assertEqual(found['/IORT/root-complex@10c/80:00.0'], ('smmuv3@a0', [0]))
        self.assertEqual(found['/IORT/root-complex@15c/00:01.0'], ('smmuv3@a0', [0x10008]))

    def test_interrupts(self):
        smmus = report('server')[1]['smmus']
        self.assertEqual([s['interrupts'] for s in smmus], ['wires', 'messages'])
        self.assertEqual([s['base'] for s in smmus], ['0x2b400000', '0x2b500000'])

    def test_functions_by_name(self):
        rows = report('server', '--pci-function', '0001:80:1f.7', '--pci-function', '1:0:0.0',
                      '--domain', 'dma')[1]['masters']
        found = {row['master']: row['stream_ids'] for row in rows if 'IORT' in row['master']}
        self.assertEqual(found['/IORT/root-complex@15c/80:1f.7'], [0x180ff])
        self.assertEqual(found['/IORT/root-complex@15c/00:00.0'], [0x10000])
        self.assertEqual(len(found), 4 + 2)

    def test_functions_by_name_on_a_device_tree(self):
        done = smmulator('run', '--json', '--no-bench', '--dtb', board('one-smmu-pcie'),
                         '--pci-function', '02:03.4')
        names = {row['master'] for row in json.loads(done.out)['masters']}
        self.assertEqual(names, {'/pcie@40000000/02:03.4'})

    def test_findings(self):
        done, r = report('small', '--preset', 'v3.2')
        self.assertEqual((done.status, r['findings'], r['board']['dtb']),
                         (OK, [], table('small')))
        self.assertIn('In the ACPI tables:',
                      run_acpi('bad-checksum', '-v', '--lenient', '--no-bench').out)

    def test_from_standard_input(self):
        with open(table('small'), 'rb') as f:
            done = smmulator('run', '--no-bench', '--acpi', '-', stdin=f.read())
        self.assertEqual((done.status, done.out), (OK, run_acpi('small', '--no-bench').out))


class Refused(unittest.TestCase):
    def refused(self, done, says):
        self.assertEqual((done.status, done.out), (INPUT, ''))
        self.assertEqual(done.err.count('\n'), 1, done.err)
        self.assertIn(says, done.err)

    def test_bad_tables(self):
        for name, says in {'bad-checksum': 'IORT: checksum is ',
                           'bad-reference': 'IORT: node at 0x48: mapping 0 leads to 0x31',
                           'bad-circle': 'IORT: node at 0x48: its mappings lead back',
                           'bad-count': 'IORT: node at 0x48: 4096 mappings',
                           'virtio': 'IORT: no SMMUv3 node'}.items():
            done = run_acpi(name, '--no-bench')
            self.refused(done, says)
            self.assertTrue(done.err.startswith('smmulator: ' + table(name) + ': '))

    def test_bad_checksum_leniently(self):
        done, r = report('bad-checksum', '--lenient')
        self.assertEqual(done.status, OK)
        self.assertTrue(any('checksum' in line for line in r['findings']))

    def test_command_lines(self):
        self.refused(run_acpi('small small'), 'IORT: is there twice')
        self.refused(run_acpi('small small virtio'), 'one too many')
        self.refused(run_acpi('small', '--dtb', board('one-smmu-pcie')), 'two boards')
        self.refused(smmulator('run', '--acpi', board('one-smmu-pcie')), 'not an IORT or VIOT')
        self.refused(smmulator('run', '--acpi', '/nonexistent'), '/nonexistent')
        for wrong in ('', '1', '0:0:0', '0:0:20.0', '0:0:0.8', '10000:0:0.0', '0:100:0.0',
                      '0:0:0.0x', ' 0:0:0.0', '-1:0:0.0', '0:0:-1.0'):
            self.refused(run_acpi('small', '--pci-function', wrong), '--pci-function')
        self.refused(run_acpi('small', '--pci-function', '1:0:0.0'), 'no host of its segment')

    def test_damaged_tables_get_an_answer(self):
        with open(table('server'), 'rb') as f:
            good = f.read()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'iort.aml')
            for at in range(36, len(good), 7):
                bad = bytearray(good)
                bad[at] ^= 0xff
                with open(path, 'wb') as f:
                    f.write(checksummed(bad))
                done = smmulator('run', '--no-bench', '-n', '1', '--pages', '1', '--acpi', path)
                if done.status == INPUT:
                    self.assertEqual(done.out, '')


@unittest.skipUnless(QEMU, 'no qemu-system-aarch64 here')
class Qemu(unittest.TestCase):
    """What firmware people run: QEMU's own tables, out of its fw_cfg."""
    def build(self, *args):
        found = qemu_tables.tables(*args)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        paths = {}
        for name in ('IORT', 'VIOT'):
            if name in found:
                paths[name] = os.path.join(folder.name, name)
                with open(paths[name], 'wb') as f:
                    f.write(checksummed(found[name]))
        return paths

    def test_iort(self):
        paths = self.build('-M', 'virt,iommu=smmuv3')
        done = smmulator('run', '--json', '--no-bench', '--acpi', paths['IORT'])
        self.assertEqual((done.status, done.err), (OK, ''))
        r = json.loads(done.out)
        self.assertEqual([s['base'] for s in r['smmus']], ['0x9050000'])
        for row in r['masters']:
            bus, dev, fn = re.search(r'/(\w+):(\w+)\.(\d)$', row['master']).groups()
            rid = int(bus, 16) << 8 | int(dev, 16) << 3 | int(fn)
            self.assertEqual(row['stream_ids'], [rid])

    def test_viot_beside_iort(self):
        try:
            viot = self.build('-M', 'virt', '-device', 'virtio-iommu-pci')['VIOT']
        except KeyError:
            self.skipTest('this QEMU writes no VIOT')
        iort = self.build('-M', 'virt,iommu=smmuv3')['IORT']
        done = smmulator('run', '--no-bench', '--acpi', viot, '--acpi', iort)
        self.assertEqual((done.status, done.err), (OK, ''))
        done = smmulator('run', '--no-bench', '--acpi', viot)
        self.assertEqual(done.status, INPUT)


@unittest.skipUnless(IASL, 'no iasl here')
class Iasl(unittest.TestCase):
    """Intel's disassembler and compiler read and write what the writer wrote."""
    def test_there_and_back(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ('old', 'classic'):
                path = os.path.join(folder, name + '.aml')
                shutil.copy(table(name), path)
                subprocess.run([IASL, '-d', path], check=True, capture_output=True, cwd=folder)
                source = os.path.join(folder, name + '.dsl')
                with open(source, encoding='latin-1') as f:
                    text = f.read()
                for word in ('Unknown', 'Invalid', 'Incorrect'):
                    self.assertFalse(word in text, name + ': ' + word)
                self.assertIn('Base Address : 0000000009050000', text)
                subprocess.run([IASL, '-p', os.path.join(folder, 'again'), source], check=True,
                               capture_output=True, cwd=folder)
                with open(path, 'rb') as f:
                    ours = bytearray(f.read())
                with open(os.path.join(folder, 'again.aml'), 'rb') as f:
                    theirs = bytearray(f.read())
                for blob in (ours, theirs):
                    blob[9] = 0               # checksum, of the next field too
                    blob[28:36] = bytes(8)    # whose compiler
                self.assertEqual(ours, theirs, name)


if __name__ == '__main__':
    unittest.main()
