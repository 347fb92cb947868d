# SPDX-License-Identifier: MIT
"""A run notices what is wrong: the program again, with faults put into it."""
import os
import unittest
import program
from program import OK, UNEXPECTED, guest_json, has_pci, run_json, run_pci_json

program.PROGRAM = os.environ['MUTANT_PROGRAM']
# Fault: the domain in which it shows, and a word of what the run must say.
FAULTS = {
    'nosync': ({'dma', 's2'}, 'it should have faulted'),
    'keep': ({'dma', 's2'}, 'it should have faulted'),
    'readonly': ({'dma', 's2'}, 'F_PERMISSION'),
    'detached': ({'s2', 'identity'}, 'ended after'),
}
# The same in guests, where every device must show it.
GUEST_FAULTS = {
    'nosync': 'it should have faulted',
    'keep': 'it should have faulted',
    'readonly': 'F_PERMISSION',
    'deaf': 'driver read 0 events',
    'swapped': 'it should have gone to',
}


class Mutants(unittest.TestCase):
    def tearDown(self):
        os.environ.pop('MUTANT', None)

    def test_none(self):
        done, report = run_json('one-smmu-pcie', '--no-bench', '--domain', 'all')
        self.assertEqual((done.status, report['ok']), (OK, True))

    def test_each_fault_is_found(self):
        for fault, (domains, says) in FAULTS.items():
            os.environ['MUTANT'] = fault
            done, report = run_json('one-smmu-pcie', '--no-bench', '-n', '1', '--domain', 'all')
            self.assertEqual((done.status, report['ok']), (UNEXPECTED, False), fault)
            failed = {row['domain'] for row in report['masters'] if not row['ok']}
            self.assertEqual(failed, domains, fault)
            self.assertTrue(any(says in line for line in report['unexpected']), fault)

    def test_each_fault_of_a_guest_is_found(self):
        for fault, says in GUEST_FAULTS.items():
            os.environ['MUTANT'] = fault
            done, report = guest_json('--rounds', '1')
            self.assertEqual((done.status, report['ok']), (UNEXPECTED, False), fault)
            for g in report['guests']:
                self.assertFalse(any(d['ok'] for d in g['devices']), fault)
            self.assertTrue(all(says in line for line in report['unexpected']), report['unexpected'])

    @unittest.skipUnless(has_pci(), 'built without libpci')
    def test_each_fault_of_a_function_is_found(self):
        for fault, says in {'deafatc': 'after the unmap', 'noreset': 'was not reset',
                            'nopasid': 'with a PASID'}.items():
            os.environ['MUTANT'] = fault
            done, report = run_pci_json('server', '--no-bench', '--domain', 'dma')
            self.assertEqual((done.status, report['ok']), (UNEXPECTED, False), fault)
            failed = {f['function']: f['tried']['note'] for f in report['functions']
                      if f['tried'] and not f['tried']['ok']}
            self.assertIn(says, failed.get('0000:05:00.0', ''), fault)
            self.assertTrue(any(says in line for line in report['unexpected']), fault)


if __name__ == '__main__':
    unittest.main()
