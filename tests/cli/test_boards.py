# SPDX-License-Identifier: MIT
"""Boards that cannot be: the message names the node and its property; exit status 2."""
import glob
import os
import unittest
from program import BOARDS, INPUT, board, run

# Board: node and property that are wrong.
WRONG = {
    'bad-cells': ('/iommu@2b000000', '#iommu-cells'),
    'bad-circle': ('/pcie@40000000', 'iommu-map'),
    'bad-map': ('/pcie@40000000', 'iommu-map'),
    'bad-map-mask': ('/pcie@40000000', 'iommu-map'),
    'bad-no-smmu': ('/', 'compatible'),
    'bad-nowhere': ('/dma@10000000', 'iommus'),
    'bad-overlap': ('/iommu@80010000', 'reg'),
    'bad-wide-stream': ('/dma@10000000', 'iommus'),
    'bad-window': ('/iommu@2b000000', 'reg'),
}


class Wrong(unittest.TestCase):
    def test_message_names_node_and_property(self):
        for name, (node, prop) in WRONG.items():
            for form in ([], ['--json']):
                done = run(name, '--no-bench', *form)
                self.assertEqual((done.status, done.out), (INPUT, ''), name)
                self.assertTrue(done.err.startswith(
                    f'smmulator: {board(name)}: {node}: {prop}: '), done.err)
                self.assertEqual(done.err.count('\n'), 1)

    def test_every_bad_board_is_here(self):
        found = {os.path.basename(p)[:-4] for p in glob.glob(os.path.join(BOARDS, 'bad-*.dtb'))}
        self.assertEqual(found, set(WRONG))


if __name__ == '__main__':
    unittest.main()
