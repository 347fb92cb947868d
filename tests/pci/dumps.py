#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the sample dumps, in the layout that `lspci -xxxx` prints.

Usage: dumps.py FOLDER [BYTES]. Every register is put where the PCI Local Bus, PCIe
Base and SR-IOV specifications have it; no machine was copied. BYTES of each function,
4096 without it (-xxxx; 256 is what -xxx gives, 64 -x).
"""
import os
import struct
import sys

ENDPOINT, LEGACY, ROOT, UP, DOWN, TO_PCI, TO_PCIE, RC_ENDPOINT = 0, 1, 4, 5, 6, 7, 8, 9
ISOLATE = 0x1d  # SV, RR, CR, UF


class Function:
    def __init__(self, place, name='Device', ids=(0x1dea, 0x0001), cls=0x0200, multi=False):
        self.place, self.name = place, name
        self.config = bytearray(4096)
        self.last = [None, None]
        self.free = [0x40, 0x100]
        self.put(0x00, '<HH', *ids)
        self.put(0x0a, '<H', cls)
        self.config[0x0e] = 0x80 if multi else 0

    def put(self, at, fmt, *values):
        struct.pack_into(fmt, self.config, at, *values)

    def bridge(self, secondary, subordinate):
        bus = int(self.place.split(':')[-2], 16)
        self.config[0x0e] |= 1
        self.put(0x0a, '<H', 0x0604)
        self.put(0x18, '<BBB', bus, secondary, subordinate)
        return self

    def cap(self, ident, size):
        at = self.free[0]
        self.put(at, '<BB', ident, 0)
        self.config[self.last[0] + 1 if self.last[0] else 0x34] = at
        self.config[0x06] |= 0x10
        self.last[0], self.free[0] = at, at + (size + 3 & ~3)
        return at

    def ext(self, ident, size):
        at = self.free[1]
        self.put(at, '<I', 1 << 16 | ident)
        if self.last[1]:
            header, = struct.unpack_from('<I', self.config, self.last[1])
            self.put(self.last[1], '<I', header & 0xfffff | at << 20)
        self.last[1], self.free[1] = at, at + (size + 3 & ~3)
        return at

    def express(self, kind, flr=False):
        at = self.cap(0x10, 0x3c)
        self.put(at + 2, '<HI', kind << 4 | 2, 1 << 28 if flr else 0)
        return self

    def msi(self):
        self.cap(0x05, 0x18)
        return self

    def msix(self):
        self.cap(0x11, 0x0c)
        return self

    def acs(self, ctrl=ISOLATE, caps=0x5f):
        self.put(self.ext(0x0d, 8) + 4, '<HH', caps, ctrl)
        return self

    def ats(self, enabled=False, depth=0, aligned=True):
        self.put(self.ext(0x0f, 8) + 4, '<HH', depth | aligned << 5, enabled << 15)
        return self

    def pri(self, capacity=512, enabled=False):
        at = self.ext(0x13, 16)
        self.put(at + 4, '<HHII', int(enabled), 0x100, capacity, 0)
        return self

    def pasid(self, bits=20, enabled=False):
        self.put(self.ext(0x1b, 8) + 4, '<HH', 6 | bits << 8, int(enabled))
        return self

    def sriov(self, total, enabled, offset, stride, device):
        at = self.ext(0x10, 0x40)
        self.put(at + 8, '<H', 1 if enabled else 0)
        self.put(at + 0xc, '<HHHBxHHHH', total, total, enabled, 0, offset, stride, 0, device)
        return self

    def text(self, size):
        lines = [f'{self.place} {self.name}']
        for at in range(0, size, 16):
            lines.append(f'{at:02x}: ' + ' '.join(f'{b:02x}' for b in self.config[at:at + 16]))
        return '\n'.join(lines) + '\n\n'


def vf(place):
    """A virtual function: its own ids read as all ones, its header is that of one function."""
    return Function(place, 'Virtual function', (0xffff, 0xffff)).express(ENDPOINT, True).msix().ats()


def port(place, kind, buses, acs=ISOLATE, multi=False):
    f = Function(place, 'PCI bridge', (0x1dea, 0x1000 + kind), multi=multi).bridge(*buses)
    f.express(kind)
    return f if acs is None else f.acs(acs)


def server():
    """Root ports, a switch, SR-IOV, ATS with PRI and PASID."""
    yield Function('00:00.0', 'Host bridge', cls=0x0600)
    yield port('00:01.0', ROOT, (1, 2), multi=True)
    yield port('00:01.1', ROOT, (3, 7), multi=True)
    yield port('00:02.0', ROOT, (8, 8), acs=None)
    yield Function('00:0e.0', 'Accelerator').express(RC_ENDPOINT, True).ats().pasid(8)
    yield port('00:1c.0', ROOT, (9, 9), acs=None, multi=True)
    yield port('00:1c.4', ROOT, (0xa, 0xa), acs=None, multi=True)
    yield Function('00:1f.0', 'ISA bridge', cls=0x0601, multi=True)
    yield Function('00:1f.2', 'SATA controller', cls=0x0106, multi=True).msi()
    yield Function('00:1f.3', 'SMBus', cls=0x0c05, multi=True)
    for n in range(2):
        nic = Function(f'01:00.{n}', 'Ethernet controller', (0x1dea, 0x0100), multi=True)
        nic.express(ENDPOINT, True).msix().acs(0, 0).ats(True)
        if n == 0:
            yield nic.sriov(8, 4, 0x80, 2, 0x0101)
        else:
            yield nic.sriov(8, 2, 0x17f, 2, 0x0101)
    for place in ('01:10.0', '01:10.2', '01:10.4', '01:10.6', '02:10.0'):
        yield vf(place)
    yield port('03:00.0', UP, (4, 7), acs=None)
    yield port('04:00.0', DOWN, (5, 5))
    yield port('04:08.0', DOWN, (6, 6), acs=ISOLATE & ~4)
    yield port('04:10.0', DOWN, (7, 7), acs=None)
    yield Function('05:00.0', 'NVMe', cls=0x0108).express(ENDPOINT, True).msix() \
        .ats(True, 31).pri(512, True).pasid(20, True)
    yield Function('06:00.0', 'Ethernet controller').express(ENDPOINT)
    yield Function('07:00.0', 'GPU', cls=0x0300, multi=True).express(LEGACY).msi()
    yield Function('07:00.1', 'Audio', cls=0x0403, multi=True).express(ENDPOINT).msi()
    yield Function('08:00.0', 'Ethernet controller').express(ENDPOINT)
    yield Function('09:00.0', 'Ethernet controller').express(ENDPOINT)
    yield Function('0a:00.0', 'Ethernet controller').express(ENDPOINT)


def bridges():
    """Conventional buses and the ids that bridges lend."""
    yield Function('00:00.0', 'Host bridge', cls=0x0600)
    yield port('00:1c.0', ROOT, (3, 4), multi=True)
    yield port('00:1c.1', ROOT, (5, 6), multi=True)
    yield Function('00:1d.0', 'Reverse bridge').bridge(7, 7).express(TO_PCIE)
    yield Function('00:1e.0', 'PCI bridge', (0x8086, 0x244e)).bridge(1, 2)
    yield Function('01:00.0', 'Firewire', cls=0x0c00)
    yield Function('01:01.0', 'Ethernet controller')
    yield Function('01:02.0', 'PCI bridge').bridge(2, 2)
    yield Function('02:00.0', 'Serial', cls=0x0700)
    yield Function('03:00.0', 'PCIe-to-PCI bridge').bridge(4, 4).express(TO_PCI)
    yield Function('04:00.0', 'Audio', cls=0x0401)
    yield Function('04:04.0', 'Ethernet controller')
    yield Function('05:00.0', 'Tundra', (0x10e3, 0x8113)).bridge(6, 6)
    yield Function('06:01.0', 'Serial', cls=0x0700)
    yield Function('07:00.0', 'Ethernet controller').express(ENDPOINT)


def multi():
    """Devices of several functions, with and without ACS; quirk aliases; a second segment."""
    yield Function('0000:00:00.0', 'Host bridge', cls=0x0600)
    for n, bus in enumerate((1, 2, 3, 4)):
        yield port(f'0000:00:{3 + n:02x}.0', ROOT, (bus, bus))
    for n in range(4):
        yield Function(f'0000:01:00.{n}', 'Quad', multi=True).express(ENDPOINT)
    for n, acs in enumerate((0x1c, None, None, 0x14)):
        f = Function(f'0000:02:00.{n}', 'Mixed', multi=True).express(ENDPOINT)
        yield f if acs is None else f.acs(acs, 0x1c)
    yield Function('0000:03:00.0', 'SATA controller', (0x1b4b, 0x9230), 0x0106).express(LEGACY)
    for n in range(2):
        yield Function(f'0000:04:00.{n}', 'SD host', (0x1180, 0xe832), 0x0805, True) \
            .express(ENDPOINT).acs(0, 0)
    yield Function('0001:00:00.0', 'Host bridge', cls=0x0600)
    yield port('0001:00:03.0', ROOT, (1, 1), acs=None)
    yield Function('0001:01:00.0', 'Ethernet controller').express(ENDPOINT)


def main():
    folder, size = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 4096
    os.makedirs(folder, exist_ok=True)
    for sample in (server, bridges, multi):
        with open(os.path.join(folder, f'{sample.__name__}.txt'), 'w', encoding='ascii') as f:
            f.writelines(function.text(size) for function in sample())


if __name__ == '__main__':
    main()
