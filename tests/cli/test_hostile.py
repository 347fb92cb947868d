# SPDX-License-Identifier: MIT
"""Files that are no boards, and boards that were damaged: an answer, never a crash."""
import os
import random
import tempfile
import unittest
from program import INPUT, board, smmulator

ROUNDS = 60


class Hostile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        with open(board('five-smmus'), 'rb') as f:
            self.blob = f.read()

    def attempt(self, blob):
        path = os.path.join(self.folder.name, 'board.dtb')
        with open(path, 'wb') as f:
            f.write(blob)
        done = smmulator('run', '--no-bench', '--functions', '2', '--pages', '1', '--dtb', path)
        if done.status == INPUT:
            self.assertEqual(done.out, '')
            self.assertTrue(done.err.startswith('smmulator: '), done.err)
        return done

    def test_no_board_at_all(self):
        for blob in (b'', b'\0', b'\xd0\x0d\xfe\xed', b'#!/bin/sh\n', b'\xff' * 4096):
            self.assertEqual(self.attempt(blob).status, INPUT)

    def test_no_file(self):
        for path in ('/nonexistent', self.folder.name):
            done = smmulator('run', '--dtb', path)
            self.assertEqual(done.status, INPUT)
            self.assertIn(path, done.err)

    def test_too_large(self):
        self.assertEqual(self.attempt(self.blob + b'\0' * (9 << 20)).status, INPUT)

    def test_endless_input(self):
        self.assertEqual(smmulator('run', '--dtb', '/dev/zero').status, INPUT)

    def test_what_only_the_driver_can_refuse(self):
        """A register base that is no multiple of 64 KiB: node and property, exit status 2."""
        reg = bytes.fromhex('000000002b1000000000000000020000')
        self.assertEqual(self.blob.count(reg), 1)
        done = self.attempt(self.blob.replace(reg, bytes.fromhex('000000002b101000') + reg[8:]))
        self.assertEqual(done.status, INPUT)
        self.assertIn('iommu@2b100000: reg: ', done.err)
        self.assertIn('/soc/iommu@2b100000', done.err)

    def test_truncated(self):
        for i in range(ROUNDS):
            done = self.attempt(self.blob[:len(self.blob) * i // ROUNDS])
            self.assertEqual(done.status, INPUT)

    def test_damaged(self):
        """Whatever bytes change: one of the exit statuses, and no signal."""
        rnd = random.Random(20261121)
        for _ in range(ROUNDS):
            blob = bytearray(self.blob)
            for _ in range(rnd.choice((1, 3, 30))):
                blob[rnd.randrange(len(blob))] = rnd.randrange(256)
            self.attempt(bytes(blob))


if __name__ == '__main__':
    unittest.main()
