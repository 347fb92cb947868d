# SPDX-License-Identifier: MIT
"""ACPI tables that QEMU makes for its virt board, taken out of fw_cfg without any guest."""
import shutil
import struct
import subprocess

QEMU = shutil.which('qemu-system-aarch64')
FW_CFG = 0x09020000  # of the virt board: data, then the selector, big-endian
FILE_DIR = 0x19


class FwCfg:
    """QEMU stopped at its first instruction, asked over its test protocol."""
    def __init__(self, *args):
        self.qemu = subprocess.Popen(
            [QEMU, '-display', 'none', '-S', '-nodefaults', '-monitor', 'none', '-serial',
             'none', '-qtest', 'stdio', '-qtest-log', '/dev/null', '-m', '256', *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.qemu.kill()
        self.qemu.communicate()

    def ask(self, lines):
        self.qemu.stdin.write(''.join(line + '\n' for line in lines).encode())
        self.qemu.stdin.flush()
        answers = []
        while len(answers) < len(lines):
            line = self.qemu.stdout.readline().decode()
            if not line:
                raise RuntimeError('QEMU ended: ' + self.qemu.stderr.read().decode())
            if line.startswith('OK'):
                answers.append(line.split()[1:])
            elif line.startswith(('FAIL', 'ERR')):
                raise RuntimeError(line)
        return answers

    def read(self, size):
        data = b''
        while len(data) < size:
            n = min(2048, (size - len(data) + 7) // 8)
            for answer in self.ask([f'readq {FW_CFG:#x}'] * n):
                data += struct.pack('<Q', int(answer[0], 16))
        return data[:size]

    def select(self, key):
        self.ask([f'writew {FW_CFG + 8:#x} {(key >> 8 | (key & 0xff) << 8):#x}'])

    def file(self, name):
        self.select(FILE_DIR)
        count = struct.unpack('>I', self.read(8)[:4])[0]
        self.select(FILE_DIR)
        entries = self.read(4 + 64 * count)[4:]
        for i in range(count):
            size, key, _, text = struct.unpack('>IHH56s', entries[64 * i:64 * i + 64])
            if text.rstrip(b'\0').decode() == name:
                self.select(key)
                return self.read(size)
        raise KeyError(name)


def tables(*args):
    """{signature: bytes} of the tables of a virt board with these arguments."""
    with FwCfg(*args) as fw_cfg:
        blob = fw_cfg.file('etc/acpi/tables')
    found = {}
    at = 0
    while at + 36 <= len(blob):
        signature, length = struct.unpack_from('<4sI', blob, at)
        if not signature.strip(b'\0'):
            at += 1  # padding between tables
            continue
        if length < 36 or at + length > len(blob):
            break
        found[signature.decode('latin-1')] = blob[at:at + length]
        at += length
    return found


def checksummed(table):
    """QEMU leaves the checksum to the firmware that installs the table."""
    table = bytearray(table)
    table[9] = 0
    table[9] = -sum(table) & 0xff
    return bytes(table)
