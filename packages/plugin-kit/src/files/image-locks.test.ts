import { describe, expect, it } from 'vitest';
import { parseLocks } from './image-locks.ts';

/** Seen on Linux 6.1 with QEMU 7.2: a reader of inode 132, a writer of inode 145. */
const LOCKS = `1: OFDLCK ADVISORY  READ -1 fe:00:132 203 203
2: OFDLCK ADVISORY  READ -1 fe:00:132 201 201
3: OFDLCK ADVISORY  READ -1 fe:00:132 100 100
4: OFDLCK ADVISORY  READ -1 fe:00:145 201 201
5: OFDLCK ADVISORY  READ -1 fe:00:145 100 101
6: POSIX  ADVISORY  WRITE 812 08:01:77 0 EOF
7: FLOCK  ADVISORY  WRITE 813 fe:00:146 0 EOF
8: -> OFDLCK ADVISORY  READ -1 fe:00:148 100 101
`;
/** Device 254:0 as `stat` numbers it. */
const DEVICE = 65_024;

describe('parseLocks', () => {
  it('tells a writer from a reader that forbids writing, and both from nobody', () => {
    expect(parseLocks(LOCKS, `${DEVICE}:145`)).toEqual({ written: true, writesForbidden: true });
    expect(parseLocks(LOCKS, `${DEVICE}:132`)).toEqual({ written: false, writesForbidden: true });
    expect(parseLocks(LOCKS, `${DEVICE}:131`)).toEqual({ written: false, writesForbidden: false });
  });

  it('takes a lock of the whole file for one of every byte', () => {
    expect(parseLocks(LOCKS, '2049:77')).toEqual({ written: true, writesForbidden: true });
  });

  it('ignores flock, which says nothing of bytes, and locks that are only waited for', () => {
    expect(parseLocks(LOCKS, `${DEVICE}:146`)).toEqual({ written: false, writesForbidden: false });
    expect(parseLocks(LOCKS, `${DEVICE}:148`)).toEqual({ written: false, writesForbidden: false });
  });

  it('knows devices with large numbers', () => {
    const device = (0x123n << 8n) | 0x45n | (0x678n << 20n);
    const line = '1: OFDLCK ADVISORY  READ -1 123:67845:9 101 101\n';
    expect(parseLocks(line, `${device}:9`).written).toBe(true);
  });

  it('finds nothing for an identity of another form', () => {
    expect(parseLocks(LOCKS, 'object-7')).toEqual({ written: false, writesForbidden: false });
  });
});
