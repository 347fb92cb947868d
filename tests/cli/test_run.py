# SPDX-License-Identifier: MIT
"""Reports of run: what must be in them, and that both forms say the same."""
import unittest
from program import OK, UNEXPECTED, run, run_json, tables

BOARDS = ('one-smmu-pcie', 'five-smmus', 'disabled-smmu', 'chained-buses', 'narrow-dma')


class Reports(unittest.TestCase):
    def test_every_sample_board_is_as_expected(self):
        for name in BOARDS:
            done = run(name, '--no-bench', '--domain', 'all')
            self.assertEqual((done.status, done.err), (OK, ''), name)
            self.assertNotIn('FAILED', done.out)

    def test_json_agrees_with_the_table(self):
        for name in BOARDS:
            rows = tables(run(name, '--no-bench', '--domain', 'all').out)[0]
            report = run_json(name, '--no-bench', '--domain', 'all')[1]
            self.assertTrue(report['ok'])
            self.assertEqual(len(rows), len(report['masters']))
            for row, j in zip(rows, report['masters']):
                self.assertEqual(row['SMMU'], j['smmu'] or '-')
                self.assertEqual(row['MASTER'], j['master'])
                self.assertEqual(row['STREAM IDS'], ','.join(hex(i) for i in j['stream_ids']))
                self.assertEqual(row['GROUP'], '-' if j['group'] is None else str(j['group']))
                self.assertEqual(row['DOMAIN'], j['domain'])
                self.assertEqual(row['STAGE'], '+'.join(map(str, j['stages'])) or '-')
                for column in ('bytes', 'faults', 'events'):
                    self.assertEqual(row[column.upper()], str(j[column]))
                self.assertEqual(row['RESULT'], ('ok' if j['ok'] else 'FAILED') +
                                 (': ' + j['note'] if j['note'] else ''))

    def test_translated_rows(self):
        """Two transfers arrive, two accesses fault and are recorded, for each stream."""
        for name in BOARDS:
            for row in run_json(name, '--no-bench', '--pages', '3')[1]['masters']:
                if row['domain'] in ('dma', 's2'):
                    n = len(row['stream_ids'])
                    self.assertEqual(row['bytes'], n * 2 * 3 * 4096)
                    self.assertEqual((row['faults'], row['events']), (2 * n, 2 * n))
                    self.assertEqual(row['stages'], [1 if row['domain'] == 'dma' else 2])
                    self.assertTrue(row['deferred'])

    def test_blocked_and_identity_rows(self):
        rows = run_json('chained-buses', '--no-bench', '--domain', 'blocked,identity')[1]['masters']
        for row in rows:
            self.assertEqual((row['stages'], row['events']), ([], 0))
            moved = (0, 2) if row['domain'] == 'blocked' else (32768, 0)
            self.assertEqual((row['bytes'], row['faults']), moved)

    def test_master_of_a_disabled_smmu_goes_straight_to_memory(self):
        row = run_json('disabled-smmu', '--no-bench')[1]['masters'][0]
        self.assertEqual((row['smmu'], row['group'], row['domain']), (None, None, 'none'))
        self.assertEqual((row['bytes'], row['faults']), (32768, 0))

    def test_second_smmu_of_a_master_lets_nothing_through(self):
        rows = run_json('five-smmus', '--no-bench')[1]['masters']
        row = [r for r in rows if r['master'] == '/soc/codec@10030000' and r['domain'] == 'none'][0]
        self.assertEqual((row['stream_ids'], row['bytes'], row['faults']), ([8], 0, 2))

    def test_device_with_direct_mappings_stays_in_its_default_domain(self):
        report = run_json('five-smmus', '--no-bench', '--domain', 'all')[1]
        display = [r for r in report['masters'] if r['master'] == '/soc/display@10020000']
        self.assertEqual([r['domain'] for r in display], ['dma'])
        self.assertTrue(any('display' in n and 'direct' in n for n in report['notes']))

    def test_all_streams_of_a_master(self):
        rows = run_json('five-smmus', '--no-bench')[1]['masters']
        dma = [r for r in rows if r['master'] == '/soc/dma-controller@10010000']
        self.assertEqual({tuple(r['stream_ids']) for r in dma}, {(0, 1, 0x3f)})

    def test_smmus(self):
        smmus = run_json('five-smmus', '--no-bench')[1]['smmus']
        self.assertEqual([s['base'] for s in smmus], ['0x2b000000', '0x2b100000', '0x82b200000',
                                                      '0x602b300000', '0x702b400000'])
        self.assertTrue(all(s['probed'] and s['stages'] == [1, 2] for s in smmus))
        self.assertEqual([s['interrupts'] for s in smmus], ['wires'] * 4 + ['none'])

    def test_interrupts_by_message(self):
        smmu = run_json('one-smmu-pcie', '--no-bench')[1]['smmus'][0]
        self.assertEqual(smmu['interrupts'], 'messages')
        self.assertEqual(smmu['events'], 16)

    def test_first_events(self):
        events = run_json('one-smmu-pcie', '--no-bench', '-n', '1')[1]['first_events']
        self.assertEqual([e['event'] for e in events], ['F_TRANSLATION'] * 4)
        self.assertEqual([e['fields']['RnW'] for e in events], ['0x1', '0x0'] * 2)
        self.assertEqual([e['fields']['S2'] for e in events], ['0x0', '0x0', '0x1', '0x1'])

    def test_groups(self):
        rows = run_json('one-smmu-pcie', '--no-bench', '-n', '5')[1]['masters']
        groups = {r['master']: r['group'] for r in rows}
        self.assertEqual(len(set(groups.values())), 5)


    def test_addresses_that_the_bus_carries(self):
        report = run_json('narrow-dma', '--no-bench', '--domain', 'dma')[1]
        self.assertEqual(report['smmus'][0]['interrupts'], 'wires')
        self.assertEqual({row['master'] for row in report['masters']}, {'/bus@10000000/dma@1000'})
        addresses = [int(e['fields']['InputAddr'], 16) for e in report['first_events']]
        self.assertEqual(len(addresses), 2)
        self.assertLess(max(addresses), 0x10000000)

    def test_addresses_of_a_wide_bus(self):
        report = run_json('one-smmu-pcie', '--no-bench', '--domain', 'dma')[1]
        addresses = [int(e['fields']['InputAddr'], 16) for e in report['first_events']]
        self.assertGreater(min(addresses), 0x10000000)  # no limit here


class Speed(unittest.TestCase):
    def test_measurements(self):
        done, report = run_json('five-smmus', '--seconds', '0.01')
        self.assertEqual(done.status, OK)
        for smmu in report['smmus']:
            for name in ('unmap_sync', 'unmap_batch', 'tlbi'):
                m = smmu['speed'][name]
                self.assertGreater(m['ns'], 0)
                self.assertEqual(m['ops'] % 64, 0)
                count = m['tlbi'] if name == 'tlbi' else m['ops']
                self.assertAlmostEqual(m['per_second'], count * 1e9 / m['ns'], delta=1)
            each, batch, flush = (smmu['speed'][n] for n in ('unmap_sync', 'unmap_batch', 'tlbi'))
            self.assertEqual((each['syncs'], flush['syncs']), (each['ops'], flush['ops']))
            self.assertEqual(flush['tlbi'], flush['ops'])
            self.assertEqual(batch['syncs'], batch['ops'] // 64)

    def test_range_invalidation_shows(self):
        tlbi = {}
        for preset in ('v3.0', 'v3.2'):
            smmu = run_json('one-smmu-pcie', '--seconds', '0.01', '--preset', preset)[1]['smmus'][0]
            tlbi[smmu['range_invalidation']] = \
                smmu['speed']['unmap_batch']['tlbi'] / smmu['speed']['unmap_batch']['syncs']
        self.assertEqual(tlbi, {False: 64, True: 1})

    def test_tables_agree_with_json_in_shape(self):
        rows = tables(run('five-smmus', '--seconds', '0.01').out)[1]
        self.assertEqual(len(rows), 5)


class Unexpected(unittest.TestCase):
    def test_a_driver_that_refuses_its_smmu(self):
        done, report = run_json('bad-cells', '--no-bench', '--lenient')
        self.assertEqual(done.status, UNEXPECTED)
        self.assertFalse(report['ok'])
        self.assertTrue(any('/iommu@2b000000' in line for line in report['unexpected']))
        for line in report['unexpected']:
            self.assertIn('unexpected: ' + line, done.err)


if __name__ == '__main__':
    unittest.main()
