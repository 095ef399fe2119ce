import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { contentOf } from './support/browse.ts';
import { FatImage } from './support/fat-image.ts';
import { noise } from './support/sample-tree.ts';

const NAMES = Array.from({ length: 40 }, (_, index) => `a long name of a file ${index}`);

let folder = '';
let whole: FatImage;
let image: FatImage;

/** Names in an archive of the whole disk, and what was told. */
async function archive(
  session: BrowseSession,
): Promise<{ readonly bytes: Buffer; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  const pieces = await collect(
    session.tar(await session.find('/'), 'all', (finding) => findings.push(finding)),
  );
  return { bytes: Buffer.concat(pieces), findings };
}

describeWithPeers(['fat-tools'], 'a FAT file system', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-fat-chains-'));
    await mkdir(join(folder, 'MANY'));
    for (const name of NAMES) await writeFile(join(folder, 'MANY', name), '');
    await writeFile(join(folder, 'ONE'), noise(2500, 'one'));
    await writeFile(join(folder, 'TWO'), noise(2500, 'two'));
    await writeFile(join(folder, 'DELETED'), Buffer.alloc(4 * 2 ** 20 + 1024, 0xe5));
    const paths = ['MANY', 'ONE', 'TWO', 'DELETED'].map((name) => join(folder, name));
    whole = await FatImage.make(folder, paths);
  });
  beforeEach(() => {
    image = new FatImage(Buffer.from(whole.bytes));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('whose file has a chain that goes round says so, and gives no bytes for those behind it', async () => {
    const [first = 0, second = 0] = image.chainOf('ONE');
    image.link(second, first);
    await using session = await image.browse();
    await expect(contentOf(session, '/ONE')).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(await contentOf(session, '/TWO')).toEqual(noise(2500, 'two'));
  });

  it('whose folder has a chain that goes round lists each name once, and tells it', async () => {
    const [first = 0, second = 0] = image.chainOf('MANY');
    image.link(second, first);
    await using session = await image.browse();
    const { entries, findings } = await session.list('/MANY');
    const names = entries.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    expect(findings).toMatchObject([{ severity: 'error', code: 'directory-damaged' }]);
    const gone = NAMES.find((name) => !names.includes(name));
    await expect(session.find(`/MANY/${gone ?? ''}`)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect((await archive(session)).findings).toMatchObject([{ code: 'directory-damaged' }]);
  });

  it('whose folder is longer than any says that it is listed in part', async () => {
    image.bytes[image.entryAt('DELETED') + 11] = 0x10;
    await using session = await image.browse();
    const { entries, findings } = await session.list('/DELETED');
    expect(entries).toEqual([]);
    expect(findings).toMatchObject([{ severity: 'error', code: 'directory-damaged' }]);
    await expect(session.find('/DELETED/x')).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('with two files of one chain archives one of them, and tells the other', async () => {
    const [first = 0] = image.chainOf('ONE');
    image.bytes.writeUInt16LE(first, image.entryAt('TWO') + 26);
    await using session = await image.browse();
    const { bytes, findings } = await archive(session);
    expect(findings).toMatchObject([{ severity: 'error', code: 'file-left-out', object: 'all/TWO' }]);
    expect(bytes.includes('all/ONE')).toBe(true);
    expect(bytes.includes('all/TWO')).toBe(false);
  });

  it('with a file that runs into the chain of another archives the first one only', async () => {
    const [, , third = 0] = image.chainOf('ONE');
    const [, second = 0] = image.chainOf('TWO');
    image.link(second, third);
    await using session = await image.browse();
    const { findings } = await archive(session);
    expect(findings).toMatchObject([{ code: 'file-left-out', object: 'all/TWO' }]);
  });

  it('with two folders of one chain enters one of them', async () => {
    const [first = 0] = image.chainOf('MANY');
    const at = image.entryAt('TWO');
    image.bytes[at + 11] = 0x10;
    image.bytes.writeUInt16LE(first, at + 26);
    await using session = await image.browse();
    const { bytes, findings } = await archive(session);
    expect(findings).toMatchObject([{ code: 'file-left-out', object: 'TWO' }]);
    expect(bytes.includes('all/TWO')).toBe(false);
    expect(bytes.includes('all/MANY/a long name of a file 39')).toBe(true);
  });

  it('that was mounted, or whose machine met errors, tells so', async () => {
    const table = image.bytes.readUInt16LE(14) * 512;
    const findingsOf = async (): Promise<string[]> => {
      await using session = await image.browse();
      return session.findings.map(({ code }) => code);
    };
    expect(await findingsOf()).toEqual([]);
    image.bytes.writeUInt16LE(0x7fff, table + 2);
    expect(await findingsOf()).toEqual(['file-system-in-use']);
    image.bytes.writeUInt16LE(0xbfff, table + 2);
    expect(await findingsOf()).toEqual(['file-system-errors']);
    image.bytes.writeUInt16LE(0xffff, table + 2);
    image.bytes[0x25] = 1;
    expect(await findingsOf()).toEqual(['file-system-in-use']);
  });

  it('with a name that leads elsewhere cannot say that another name is not there', async () => {
    image.bytes[image.entryAt('TWO')] = 0x2f;
    await using session = await image.browse();
    await expect(session.find('/TWO')).rejects.toMatchObject({ code: 'CORRUPT' });
    expect((await session.find('/ONE')).stat.sizeBytes).toBe(2500);
  });
});
