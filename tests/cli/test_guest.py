# SPDX-License-Identifier: MIT
"""Guests: what must be in their report, who gets what, and which command lines are refused."""
import unittest
from program import BOARDS, INPUT, OK, board, guest, guest_json, smmulator, table, tables


class Reports(unittest.TestCase):
    def test_without_a_board(self):
        done = guest()
        self.assertEqual((done.status, done.err), (OK, ''))
        rows = tables(done.out)[0]
        self.assertEqual([r['GUEST'] for r in rows], ['guest0'] * 2 + ['guest1'] * 2)
        self.assertEqual({r['RESULT'] for r in rows}, {'ok'})

    def test_json_agrees_with_the_table(self):
        rows = tables(guest('--guests', '3', '--rounds', '2').out)[0]
        report = guest_json('--guests', '3', '--rounds', '2')[1]
        devices = [(g['name'], d) for g in report['guests'] for d in g['devices']]
        self.assertTrue(report['ok'])
        self.assertEqual(len(rows), len(devices))
        for row, (name, d) in zip(rows, devices):
            self.assertEqual(row['GUEST'], name)
            self.assertEqual(row['DEVICE'], d['device'])
            self.assertEqual((row['VSID'], row['SID']), (hex(d['vsid']), hex(d['sid'])))
            for column in ('vmid', 'bytes', 'faults', 'commands'):
                self.assertEqual(row[column.upper()], str(d[column]))
            self.assertEqual(row['TO GUEST'], str(d['to_guest']))

    def test_what_a_round_is(self):
        """Two transfers, three faults of the guest's and one of the host's, three unmaps."""
        for rounds, pages in ((1, 1), (5, 7)):
            report = guest_json('--rounds', str(rounds), '--pages', str(pages))[1]
            for g in report['guests']:
                for d in g['devices']:
                    self.assertEqual(d['bytes'], rounds * 2 * pages * 4096)
                    self.assertEqual((d['faults'], d['to_guest'], d['to_host']),
                                     (4 * rounds, 3 * rounds, rounds))
                    self.assertEqual(d['commands'], 3 * rounds)
                self.assertEqual(g['events'], sum(d['to_guest'] for d in g['devices']))
                self.assertEqual(g['refused'], 0)

    def test_guests_have_vmids_of_their_own(self):
        report = guest_json('--guests', '8')[1]
        vmids = [{d['vmid'] for d in g['devices']} for g in report['guests']]
        self.assertTrue(all(len(v) == 1 for v in vmids))
        self.assertEqual(len(set.union(*vmids)), 8)
        # The same StreamIDs in each guest, none of them twice on the host.
        self.assertEqual(len({tuple(d['vsid'] for d in g['devices']) for g in report['guests']}), 1)
        sids = [d['sid'] for g in report['guests'] for d in g['devices']]
        self.assertEqual(len(set(sids)), len(sids))

    def test_sample_boards(self):
        for name, most in (('one-smmu-pcie', 4), ('chained-buses', 4), ('five-smmus', 3),
                           ('narrow-dma', 1)):
            done, report = guest_json('--dtb', board(name), '--guests', str(most))
            self.assertEqual((done.status, report['ok'], done.err), (OK, True, ''), name)
            self.assertEqual(len(report['guests']), most)
            done = guest('--dtb', board(name), '--guests', str(most + 1))
            self.assertEqual((done.status, done.out), (INPUT, ''), name)
            self.assertIn(f'has devices for {most}', done.err)

    def test_guests_on_different_smmus(self):
        report = guest_json('--acpi', table('server'), '--guests', '2')[1]
        self.assertTrue(report['ok'])
        self.assertEqual(len({g['smmu'] for g in report['guests']}), 2)

    def test_kinds_of_smmu(self):
        for preset in ('v3.2', 'v3.3', 'v3.4', 'full'):
            done = guest('--preset', preset)
            self.assertEqual((done.status, done.err), (OK, ''), preset)
        # Nothing there that forces write-back, or an erratum of nesting.
        for preset in ('v3.0', 'v3.1', 'qemu', 'mmu600', 'mmu700'):
            done = guest('--preset', preset)
            self.assertEqual((done.status, done.out), (INPUT, ''), preset)
            self.assertIn('no master that a guest could have', done.err)


class Refused(unittest.TestCase):
    def refused(self, *args, says):
        done = guest(*args)
        self.assertEqual((done.status, done.out), (INPUT, ''), args)
        self.assertEqual(done.err.count('\n'), 1, done.err)
        self.assertIn(says, done.err)

    def test_numbers_out_of_range(self):
        for option, values in {'guests': ['0', '65', 'x', ''], 'devices': ['0', '257'],
                               'pages': ['0', '1025'], 'ram': ['1', '4097'],
                               'rounds': ['0', '1000001'], 'functions': ['0', '65537']}.items():
            for value in values:
                self.refused(f'--{option}={value}', says=f'--{option}')

    def test_boards(self):
        self.refused('--dtb', f'{BOARDS}/none.dtb', says='none.dtb')
        self.refused('--dtb', board('one-smmu-pcie'), '--acpi', table('small'), says='two boards')
        self.refused('board.dtb', says='board.dtb')
        self.refused('--dtb', board('disabled-smmu'), says='no master')
        self.refused('--dtb', board('bad-no-smmu'), says='bad-no-smmu')

    def test_memory(self):
        self.refused('--guests', '64', '--ram', '64', says='--ram 64')

    def test_others(self):
        self.refused('--frobnicate', says='--frobnicate')
        self.refused('--preset', 'v9', says='--preset v9')

    def test_help(self):
        done = smmulator('guest', '--help')
        self.assertEqual((done.status, done.err), (OK, ''))
        self.assertTrue(done.out.startswith('Usage: smmulator guest'))


if __name__ == '__main__':
    unittest.main()
