import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NbdServer, startNbdServer } from '@sendense/blockio-nbd/server';
import { seededBytes } from '@sendense/testkit';
import { nbdShell, nbdUri } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileExport, makeRawFile, openFileExport } from './file-export.ts';

const MIB = 1024 * 1024;

let folder: string;
let server: NbdServer;
let disk: FileExport;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-nbd-'));
  await makeRawFile(join(folder, 'disk.raw'), 4 * MIB, [{ offset: MIB, data: seededBytes(1, 5000) }]);
  disk = await openFileExport(join(folder, 'disk.raw'));
  server = await startNbdServer({ address: { kind: 'unix', path: join(folder, 'nbd.sock') } });
  server.addExport('disk', disk);
});
afterEach(async () => {
  await server.stop();
  await disk[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const connectLine = () => `h.connect_uri('${nbdUri(server.address, 'disk')}')`;

/** Ways to come in that no program of today takes by itself. */
const manners = [
  { manner: 'with simple replies', setUp: ['h.set_request_structured_replies(False)'] },
  { manner: 'with structured replies', setUp: [] },
  { manner: 'by the first newstyle handshake', setUp: ['h.set_handshake_flags(0)'] },
  {
    manner: 'with the padding of that handshake left out',
    setUp: ['h.set_handshake_flags(nbd.HANDSHAKE_FLAG_NO_ZEROES)'],
  },
];

/** Lines that print the error of a call, or `ok`. */
const attempt = (call: string) => [
  'try:',
  `  ${call}`,
  "  print('ok')",
  'except nbd.Error as error:',
  '  print(error.errno)',
];

describeWithPeers(['nbdsh'], 'our server to libnbd', () => {
  describe.each(manners)('$manner', ({ setUp }) => {
    it('reads, writes, zeroes, trims, caches and flushes', async () => {
      await nbdShell([
        ...setUp,
        connectLine(),
        'assert h.get_size() == 4 * 1024 * 1024',
        "h.pwrite(b'x' * 100000, 3)",
        "assert h.pread(100000, 3) == b'x' * 100000",
        "h.pwrite(b'y' * 512, 200000, nbd.CMD_FLAG_FUA)",
        'h.zero(50000, 3)',
        'h.zero(512, 300000, nbd.CMD_FLAG_NO_HOLE)',
        'h.trim(4096, 2 * 1024 * 1024)',
        'h.cache(1024 * 1024, 0)',
        'h.flush()',
        "assert h.pread(50001, 3) == bytes(50000) + b'x'",
        'h.shutdown()',
      ]);
      const bytes = await readFile(join(folder, 'disk.raw'));
      const expected = Buffer.alloc(4 * MIB);
      expected.set(seededBytes(1, 5000), MIB);
      expected.fill('x', 50_003, 100_003).fill('y', 200_000, 200_512);
      expected.fill(0, 2 * MIB, 2 * MIB + 4096);
      expect(Buffer.compare(bytes, expected)).toBe(0);
    });

    it('answers requests that break the rules with the error of the protocol, and goes on', async () => {
      const printed = await nbdShell([
        ...setUp,
        'h.set_strict_mode(0)',
        connectLine(),
        'size = h.get_size()',
        ...attempt('h.pread(512, size - 511)'),
        ...attempt("h.pwrite(b'x' * 512, size - 511)"),
        ...attempt('h.zero(512, size)'),
        ...attempt('h.trim(512, size)'),
        ...attempt('h.zero(512, 0, nbd.CMD_FLAG_FAST_ZERO)'),
        ...attempt('h.pread(33 * 1024 * 1024, 0)'),
        ...attempt('h.pread(512, 0)'),
      ]);
      expect(printed.split('\n')).toEqual(['EINVAL', 'ENOSPC', 'ENOSPC', 'EINVAL', 'EINVAL', 'EINVAL', 'ok']);
    });
  });

  it('answers options one by one, and lets the client go without an export', async () => {
    server.addExport('second', { reader: disk.reader, description: 'read only' });
    const printed = await nbdShell([
      'h.set_opt_mode(True)',
      connectLine(),
      'h.opt_list(lambda name, text: print(name, text))',
      "h.set_export_name('nowhere')",
      ...attempt('h.opt_info()'),
      "h.set_export_name('second')",
      'h.opt_info()',
      'print(h.get_size(), h.is_read_only())',
      'h.opt_list_meta_context(print)',
      'h.opt_abort()',
    ]);
    expect(printed.split('\n')).toEqual([
      'disk ',
      'second read only',
      'ENOENT',
      `${4 * MIB} True`,
      'base:allocation',
    ]);
  });

  it('gives an unfragmented read whole, and its zeros as a hole', async () => {
    const printed = await nbdShell([
      connectLine(),
      'def chunk(data, offset, status, error): print(len(data), offset, status)',
      'h.pread_structured(4000, 1024 * 1024, chunk, nbd.CMD_FLAG_DF)',
      'h.pread_structured(4000, 0, chunk)',
    ]);
    expect(printed.split('\n')).toEqual([`4000 ${MIB} 1`, '4000 0 2']);
  });
});
