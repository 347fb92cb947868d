# SPDX-License-Identifier: MIT
"""Command lines: what is taken, what is refused, and with which exit status."""
import unittest
from program import INPUT, OK, UNEXPECTED, board, run, run_json, smmulator, tables


class Program(unittest.TestCase):
    def test_version(self):
        for option in ('--version', '-V'):
            done = smmulator(option)
            self.assertEqual(done.status, OK)
            self.assertRegex(done.out, r'^smmulator \d+\.\d+\.\d+\n$')

    def test_help(self):
        for args in (['--help'], ['-h'], ['run', '--help'], ['run', '-h'], ['decode', '--help']):
            done = smmulator(*args)
            self.assertEqual((done.status, done.err), (OK, ''))
            self.assertTrue(done.out.startswith('Usage: smmulator'))

    def test_nothing_is_a_usage_error(self):
        done = smmulator()
        self.assertEqual((done.status, done.out), (INPUT, ''))
        self.assertIn('Usage:', done.err)

    def test_unknown_command(self):
        done = smmulator('walk')
        self.assertEqual(done.status, INPUT)
        self.assertIn('walk: no such command', done.err)

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open('/dev/full', 'wb') as full:
            for args in (['--version'], ['decode', 'cmd', '46', '0'],
                         ['run', '--no-bench', '--dtb', board('one-smmu-pcie')]):
                self.assertEqual(smmulator(*args, stdout=full).status, UNEXPECTED)


class Refused(unittest.TestCase):
    def refused(self, *args, says):
        done = smmulator(*args)
        self.assertEqual((done.status, done.out), (INPUT, ''), args)
        self.assertEqual(done.err.count('\n'), 1, done.err)
        self.assertIn(says, done.err)

    def test_unknown_options(self):
        self.refused('run', '--frobnicate', says='--frobnicate')
        self.refused('decode', '--frobnicate', 'ste', says='--frobnicate')
        self.refused('run', '--dtb', says='--dtb needs an argument')

    def test_no_board(self):
        self.refused('run', says='--dtb FILE')
        self.refused('run', 'board.dtb', says='board.dtb')

    def test_numbers_out_of_range(self):
        for option, values in {'functions': ['-1', '65537', 'x', '', '1x'],
                               'pages': ['0', '4097', '0x'],
                               'sid-bits': ['0', '33'],
                               'seconds': ['0', '-1', 'nan', 'inf', '3601', '1s']}.items():
            for value in values:
                self.refused('run', '--dtb', board('one-smmu-pcie'), f'--{option}={value}',
                             says=f'--{option}')

    def test_names_that_do_not_exist(self):
        one = board('one-smmu-pcie')
        self.refused('run', '--dtb', one, '--preset', 'v9', says='mmu700')
        self.refused('run', '--dtb', one, '--domain', 'dma,s3', says='s3')
        self.refused('run', '--dtb', one, '--domain', '', says='--domain')
        self.refused('run', '--dtb', one, '--enable', '/nobody', says='/nobody')

    def test_control_characters_do_not_reach_the_terminal(self):
        done = smmulator('\x1b[2J')
        self.assertNotIn('\x1b', done.err)


class Taken(unittest.TestCase):
    """Each option of run has the effect that it says."""
    def test_board_from_standard_input(self):
        with open(board('one-smmu-pcie'), 'rb') as f:
            blob = f.read()
        done = smmulator('run', '--no-bench', '-d', '-', stdin=blob)
        self.assertEqual(done.status, OK)
        self.assertEqual(done.out, run('one-smmu-pcie', '--no-bench').out)

    def test_functions(self):
        for n in (0, 1, 7):
            done, report = run_json('one-smmu-pcie', '--no-bench', '-n', str(n))
            self.assertEqual(done.status, OK)
            self.assertEqual(len({row['master'] for row in report['masters']}), n)

    def test_pages(self):
        for pages in (1, 2, 33):
            rows = run_json('one-smmu-pcie', '--no-bench', '--pages', str(pages))[1]['masters']
            self.assertEqual({row['bytes'] for row in rows}, {2 * 4096 * pages})

    def test_domains(self):
        domains = lambda *args: {row['domain'] for row in
                                 run_json('one-smmu-pcie', '--no-bench', *args)[1]['masters']}
        self.assertEqual(domains(), {'dma', 's2'})
        self.assertEqual(domains('--domain', 'all'), {'dma', 's2', 'identity', 'blocked'})
        for one in ('dma', 's2', 'identity', 'blocked'):
            self.assertEqual(domains('--domain', one), {one})
        self.assertEqual(domains('--domain', 'blocked,dma'), {'dma', 'blocked'})

    def test_presets(self):
        for preset in ('v3.0', 'v3.1', 'v3.2', 'v3.3', 'v3.4', 'full', 'mmu600', 'mmu700', 'qemu'):
            done, report = run_json('five-smmus', '--no-bench', '--preset', preset,
                                    '--domain', 'all')
            self.assertEqual((done.status, done.err), (OK, ''), preset)
            self.assertEqual(report['preset'], preset)

    def test_presets_differ(self):
        idr = lambda p: run_json('one-smmu-pcie', '--no-bench', '--preset', p)[1]['smmus'][0]['idr']
        self.assertNotEqual(idr('v3.0'), idr('mmu700'))

    def test_sid_bits(self):
        done, report = run_json('one-smmu-pcie', '--no-bench', '--sid-bits', '17')
        self.assertEqual((done.status, report['smmus'][0]['sid_bits']), (OK, 17))
        done = run('one-smmu-pcie', '--no-bench', '--sid-bits', '16')
        self.assertEqual(done.status, INPUT)
        self.assertIn('/pcie@40000000: iommu-map', done.err)

    def test_enable(self):
        off = '/iommu@2b000000'
        done, report = run_json('disabled-smmu', '--no-bench')
        self.assertEqual((done.status, len(report['smmus'])), (OK, 1))
        done, report = run_json('disabled-smmu', '--no-bench', '--enable', off)
        self.assertEqual((done.status, len(report['smmus'])), (OK, 2))
        self.assertEqual({row['smmu'] for row in report['masters']},
                         {'iommu@2b000000', 'iommu@2b100000'})

    def test_lenient(self):
        self.assertEqual(run('bad-nowhere', '--no-bench').status, INPUT)
        done, report = run_json('bad-nowhere', '--no-bench', '--lenient')
        self.assertEqual(done.status, OK)
        self.assertEqual(report['masters'][0]['stream_ids'], [1])
        self.assertTrue(any('0xdead' in line for line in report['findings']))

    def test_no_bench(self):
        self.assertEqual(len(tables(run('one-smmu-pcie', '--no-bench').out)), 1)
        self.assertEqual(len(tables(run('one-smmu-pcie', '--seconds', '0.01').out)), 2)

    def test_verbose(self):
        quiet = run('one-smmu-pcie', '--no-bench').out
        loud = run('one-smmu-pcie', '--no-bench', '-v').out
        self.assertNotIn('F_TRANSLATION', quiet)
        self.assertIn('F_TRANSLATION', loud)
        self.assertTrue(loud.startswith(quiet))


if __name__ == '__main__':
    unittest.main()
