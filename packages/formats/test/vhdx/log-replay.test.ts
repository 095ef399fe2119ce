import { SendenseError } from '@sendense/core';
import { openVhdx } from '@sendense/formats/vhdx';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  AT,
  IMAGE,
  type LoggedChange,
  littleEndian,
  logEntry,
  MIB,
  patchCopies,
  sampleVhdx,
} from './patch-vhdx.ts';

const GUID = new Uint8Array(16).fill(0xab);

type Change = Omit<LoggedChange, 'guid' | 'flushedBytes'> & { readonly flushedBytes?: number };

/** The sample whose table holds nothing, with entries in its log by their place in it. */
async function withLog(entries: Readonly<Record<number, Change>>) {
  const { fileSystem, file } = await sampleVhdx();
  const table = file.slice(AT.table, AT.table + 4096);
  file.fill(0, AT.table, AT.table + 4096);
  patchCopies(file, AT.headers, 48, GUID);
  const flushedBytes = file.byteLength;
  for (const [place, change] of Object.entries(entries)) {
    const bytes = logEntry({ flushedBytes, ...change, guid: GUID });
    for (const [index, byte] of bytes.entries()) file[AT.log + ((Number(place) + index) % MIB)] = byte;
  }
  return { fileSystem, file, table };
}

/** The sector of the table as the sample has it. */
async function tableSector(): Promise<Uint8Array> {
  const { file } = await sampleVhdx();
  return file.slice(AT.table, AT.table + 4096);
}

async function read(fileSystem: Parameters<typeof openVhdx>[1]) {
  await using image = await openVhdx(IMAGE, fileSystem);
  const into = new Uint8Array(2);
  await image.read(2 * MIB - 2, into);
  return { bytes: [...into], info: image.info };
}

describe('the log of a VHDX', () => {
  it('is replayed in memory: what it says is read, is told, and no byte of the file changes', async () => {
    const sector = await tableSector();
    const { fileSystem, file } = await withLog({ 0: { sequence: 5, offset: AT.table, change: { sector } } });
    const before = file.slice();
    fileSystem.operations.length = 0;
    const { bytes, info } = await read({ fileSystem });
    expect(bytes).toEqual([7, 7]);
    expect([info.dirty, info.warnings.map(({ code }) => code)]).toEqual([true, ['log-replayed']]);
    expect(fileSystem.operations).toEqual([]);
    expect(Buffer.compare(file, before)).toBe(0);
  });

  it('is replayed from the entry on that the newest calls the oldest, around the end of the log', async () => {
    const sector = await tableSector();
    const tail = MIB - 4096;
    const entries = {
      [tail]: { sequence: 7, tail, offset: AT.table, change: { sector } },
      // The third one overwrites the second; the first is older than any that counts.
      4096: { sequence: 8, tail, offset: MIB + 7 * MIB, change: { zeros: 4096 }, lastBytes: 9 * MIB },
    };
    const { fileSystem } = await withLog(entries);
    expect((await read({ fileSystem })).bytes).toEqual([7, 7]);
  });

  it('counts only up to the newest of the valid sequences', async () => {
    const sector = await tableSector();
    const { fileSystem } = await withLog({
      0: { sequence: 9, offset: AT.table, change: { sector } },
      [64 * 1024]: { sequence: 3, tail: 64 * 1024, offset: AT.table, change: { zeros: 4096 } },
    });
    expect((await read({ fileSystem })).bytes).toEqual([7, 7]);
  });

  it('makes zeros of what it zeroes, and the last change of a sector counts', async () => {
    const sector = await tableSector();
    const { fileSystem } = await withLog({
      0: { sequence: 4, offset: AT.table, change: { sector } },
      8192: { sequence: 5, offset: AT.table, change: { zeros: 8192 } },
    });
    expect((await read({ fileSystem })).bytes).toEqual([0, 0]);
  });

  it('may change guest bytes, which a driver then finds at no place', async () => {
    const sector = await tableSector();
    const { fileSystem, file, table } = await withLog({
      0: { sequence: 4, offset: AT.table, change: { sector } },
      8192: { sequence: 5, offset: 5 * MIB - 4096, change: { sector: new Uint8Array(4096).fill(9) } },
    });
    expect([table[8], file.byteLength]).toEqual([6, 5 * MIB]);
    expect((await read({ fileSystem })).bytes).toEqual([9, 9]);
    await using image = await openVhdx(IMAGE, { fileSystem });
    const located = collect(image.locate({ offset: MIB, length: MIB }));
    await expect(located).rejects.toSatisfy((error) => SendenseError.is(error, 'UNSUPPORTED'));
  });

  it.each([
    ['nothing', {}, 'nothing valid'],
    [
      'an entry whose oldest is not there',
      { 0: { sequence: 4, tail: 4096, offset: 0, change: { zeros: 0 } } },
      'nothing valid',
    ],
    [
      'a file that was longer',
      { 0: { sequence: 4, offset: 0, change: { zeros: 0 }, flushedBytes: 2 ** 40 } },
      'cut short',
    ],
    [
      'a change off the grid',
      { 0: { sequence: 4, offset: 512, change: { zeros: 0 } } },
      'describes its changes wrongly',
    ],
  ] as const)('that holds %s is CORRUPT', async (_, entries, part) => {
    const { fileSystem } = await withLog(entries);
    await expect(read({ fileSystem })).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining(part),
    });
  });

  it('with a flipped bit, or of another GUID, does not count', async () => {
    const sector = await tableSector();
    const { fileSystem, file } = await withLog({ 0: { sequence: 5, offset: AT.table, change: { sector } } });
    file.set([(file[AT.log + 5000] ?? 0) ^ 1], AT.log + 5000);
    await expect(read({ fileSystem })).rejects.toMatchObject({ code: 'CORRUPT' });
    file.set([(file[AT.log + 5000] ?? 0) ^ 1], AT.log + 5000);
    expect((await read({ fileSystem })).bytes).toEqual([7, 7]);
    patchCopies(file, AT.headers, 48, [1]);
    await expect(read({ fileSystem })).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it.each([
    ['outside the file', 72, 2 ** 50, 8, 'CORRUPT'],
    ['of 1 GiB', 68, 2 ** 30, 4, 'CORRUPT'],
    ['of no length', 68, 0, 4, 'CORRUPT'],
  ])('%s is refused', async (_, field, value, length, code) => {
    const { fileSystem, file } = await withLog({});
    patchCopies(file, AT.headers, field, littleEndian(value, length));
    await expect(read({ fileSystem })).rejects.toMatchObject({ code });
  });
});
