import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ATTRIBUTE } from '../src/ntfs/attribute.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import {
  fillNtfs,
  linkData,
  makeNtfs,
  NtfsBytes,
  overlayData,
  setAttributes,
  setReparsePoint,
} from './support/ntfs-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

const OFFLINE = 0x1000;
const ENCRYPTED = 0x4000;
const RELATIVE = 1;
/** A number of {@link overlayData} that no system has. */
const STRANGE = 9;
const TAG = {
  mountPoint: 0xa000_0003,
  link: 0xa000_000c,
  wof: 0x8000_0017,
  dedup: 0x8000_0013,
  cloud: 0x9000_301a,
};
const STRANGER = 0x8000_7777;
const NOISE_BYTES = 100_000;
const SPARSE_BYTES = 300_000;
const LOG_RECORD = 2;

let folder = '';
let image = '';
let whole: NtfsBytes;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-ntfs-state-'));
  image = join(folder, 'disk.raw');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fill(root: string): Promise<void> {
  await mkdir(join(root, 'folder'));
  await writeFile(join(root, 'folder', 'inside'), 'inside');
  await writeFile(join(root, 'noise'), noise(NOISE_BYTES, 'noise'));
  const points: readonly (readonly [string, number, Buffer])[] = [
    ['junction', TAG.mountPoint, linkData('\\??\\C:\\Users\\Public')],
    ['link up', TAG.link, linkData('folder\\inside', RELATIVE)],
    ['link away', TAG.link, linkData('\\??\\D:\\elsewhere', 0)],
    ['system compressed', TAG.wof, overlayData(STRANGE)],
    ['deduplicated', TAG.dedup, Buffer.alloc(16)],
    ['in the cloud', TAG.cloud, Buffer.alloc(16)],
    ['from the cloud', TAG.cloud, Buffer.alloc(16)],
    ['of a stranger', STRANGER, Buffer.alloc(16)],
  ];
  for (const [name, tag, data] of points) {
    if (name === 'junction') await mkdir(join(root, name));
    else await writeFile(join(root, name), name === 'from the cloud' ? 'is here' : '');
    setReparsePoint(join(root, name), tag, data);
  }
  setAttributes(join(root, 'in the cloud'), OFFLINE);
  await writeFile(join(root, 'sparse from the cloud'), 'begin');
  await truncate(join(root, 'sparse from the cloud'), SPARSE_BYTES);
  setReparsePoint(join(root, 'sparse from the cloud'), TAG.cloud, Buffer.alloc(16));
  for (const name of ['folder in the cloud', 'folder from the cloud', 'folder of a stranger']) {
    await mkdir(join(root, name));
    setReparsePoint(join(root, name), name.endsWith('cloud') ? TAG.cloud : STRANGER, Buffer.alloc(16));
  }
  setAttributes(join(root, 'folder in the cloud'), OFFLINE);
  await writeFile(join(root, 'preallocated'), noise(5000, 'preallocated'));
  await writeFile(join(root, 'a long name.text'), 'short too');
  run('setfattr', ['-h', '-n', 'system.ntfs_dos_name', '-v', 'ALONGN~1.TEX', join(root, 'a long name.text')]);
}

async function recordOf(path: string): Promise<number> {
  await using session = await browse(await openRawPoint(image));
  return (await session.stat(path)).node % 2 ** 32;
}

/** A page of the log as a running Windows writes it: in use by one client, not clean. */
function restartPage(): Buffer {
  const page = Buffer.alloc(4096);
  page.write('RSTR', 0, 'latin1');
  page.writeUInt16LE(30, 4);
  page.writeUInt16LE(9, 6);
  page.writeUInt32LE(4096, 16);
  page.writeUInt32LE(4096, 20);
  page.writeUInt16LE(48, 24);
  page.writeUInt16LE(1, 30);
  for (let end = 510; end < 4096; end += 512) page.writeUInt16LE(1, end);
  return page;
}

describeWithPeers(['ntfs-tools', 'loop-mounts', 'fuse'], 'what NTFS keeps besides files', () => {
  beforeAll(async () => {
    makeNtfs(image, '24M', []);
    await fillNtfs(image, fill);
    run('ntfsfallocate', ['-l', '200000', image, '/preallocated']);
    whole = new NtfsBytes(await readFile(image));
  });

  it('is told: where links of Windows lead, of which those of the same volume are followed', async () => {
    await using session = await browse(await openRawPoint(image));
    expect(session.findings).toEqual([]);
    expect(await session.readLink('/junction')).toBe('C:\\Users\\Public');
    expect(await session.readLink('/link away')).toBe('D:\\elsewhere');
    expect(await session.readLink('/link up')).toBe('folder/inside');
    expect(String(await contentOf(session, '/link up'))).toBe('inside');
    await expect(session.list('/junction')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await session.stat('/junction')).toMatchObject({ type: 'symlink' });
  });

  it('is told: files whose data lie elsewhere are listed, and refused when they are read', async () => {
    await using session = await browse(await openRawPoint(image));
    for (const [path, why] of [
      ['/system compressed', /WOF/u],
      ['/deduplicated', /dedup/u],
      ['/in the cloud', /cloud/u],
      ['/of a stranger', /0x80007777/u],
    ] as const) {
      const found = await session.find(path);
      expect(found.stat.type).toBe('file');
      await expect(collect(session.read(found, { offset: 0, length: 1 })), path).rejects.toMatchObject({
        code: 'FORMAT_UNSUPPORTED',
        message: expect.stringMatching(why),
      });
    }
    expect(String(await contentOf(session, '/from the cloud'))).toBe('is here');
    const told: string[] = [];
    await collect(session.tar(await session.find('/'), 'all', ({ object = '' }) => told.push(object)));
    expect(told.sort()).toEqual([
      ...['deduplicated', 'in the cloud', 'of a stranger', 'system compressed'].map((name) => `all/${name}`),
      'folder in the cloud',
      'folder of a stranger',
    ]);
  });

  it('is told: folders whose content may lie elsewhere, on their first page', async () => {
    await using session = await browse(await openRawPoint(image));
    for (const name of ['folder in the cloud', 'folder of a stranger'])
      expect((await session.list(`/${name}`)).findings, name).toMatchObject([
        { severity: 'warning', code: 'folder-elsewhere' },
      ]);
    expect((await session.list('/folder from the cloud')).findings).toEqual([]);
    expect((await session.list('/folder in the cloud', { from: '0', limit: 1 })).findings).toEqual([]);
  });

  it('is told: a name that is not in a folder whose content may lie elsewhere, also by a path that goes on', async () => {
    await using session = await browse(await openRawPoint(image));
    for (const [path, why] of [
      [
        '/folder in the cloud/report',
        /cloud, and not on this volume: "report", which is not here, may be there/u,
      ],
      ['/folder of a stranger/sub/report', /0x80007777\): "sub", which is not here, may be there/u],
    ] as const)
      await expect(session.stat(path), path).rejects.toMatchObject({
        code: 'FORMAT_UNSUPPORTED',
        message: expect.stringMatching(why),
      });
    await expect(session.stat('/folder from the cloud/report')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is read: a file of the cloud that is here, though it is sparse', async () => {
    await using session = await browse(await openRawPoint(image));
    const { stat } = await session.find('/sparse from the cloud');
    expect(stat.allocatedBytes).toBeLessThan(SPARSE_BYTES);
    const content = await contentOf(session, '/sparse from the cloud');
    expect(content).toEqual(Buffer.concat([Buffer.from('begin'), Buffer.alloc(SPARSE_BYTES - 5)]));
  });

  it('is told: what was reserved and never written is zeros', async () => {
    await using session = await browse(await openRawPoint(image));
    const content = await contentOf(session, '/preallocated');
    expect(content.subarray(0, 5000)).toEqual(noise(5000, 'preallocated'));
    expect(content.subarray(5000)).toEqual(Buffer.alloc(content.byteLength - 5000));
    expect(content.byteLength).toBe(200_000);
    const extents = await collect(
      session.extents(await session.find('/preallocated'), { offset: 0, length: 1e6 }),
    );
    expect(extents).toEqual([
      { offset: 0, length: 5000, kind: 'data' },
      { offset: 5000, length: 195_000, kind: 'zero' },
    ]);
  });

  it('is told: an encrypted file is refused by name', async () => {
    const record = await recordOf('/noise');
    await using session = await whole.browse((copy) => {
      copy.change(record, (bytes, attributeAt) =>
        bytes.writeUInt16LE(ENCRYPTED, attributeAt(ATTRIBUTE.data) + 12),
      );
    });
    const found = await session.find('/noise');
    expect(found.stat.sizeBytes).toBe(NOISE_BYTES);
    await expect(collect(session.read(found, { offset: 0, length: 1 }))).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining('EFS'),
    });
  });

  it('is left out: short names beside long ones', async () => {
    await using session = await browse(await openRawPoint(image));
    expect((await namesOf(session, '/')).filter((name) => name.toLowerCase().startsWith('along'))).toEqual(
      [],
    );
    expect(await session.stat('/a long name.text')).toMatchObject({ links: 1 });
  });

  it('is told: a volume that asks to be checked', async () => {
    const dirty = join(folder, 'dirty.raw');
    await copyFile(image, dirty);
    run('ntfsfix', [dirty]);
    await using session = await browse(await openRawPoint(dirty));
    expect(session.findings).toMatchObject([{ severity: 'warning', code: 'file-system-errors' }]);
  });

  it('is told: a log that was in use, and one that is damaged', async () => {
    const log = whole.clusterAt(LOG_RECORD, ATTRIBUTE.data);
    await using used = await whole.browse(({ bytes }) => bytes.set(restartPage(), log));
    expect(used.findings).toMatchObject([{ severity: 'warning', code: 'journal-unread' }]);
    await using closed = await whole.browse(({ bytes }) => {
      const page = restartPage();
      page.writeUInt16LE(2, 48 + 14);
      bytes.set(page, log);
    });
    expect(closed.findings).toEqual([]);
    await using torn = await whole.browse(({ bytes }) => {
      bytes.set(restartPage(), log);
      bytes.writeUInt16LE(7, log + 510);
    });
    expect(torn.findings).toMatchObject([{ severity: 'warning', code: 'journal-unread' }]);
  });

  it('is told: that Windows was hibernated', async () => {
    const slept = join(folder, 'slept.raw');
    await copyFile(image, slept);
    await fillNtfs(slept, (root) => writeFile(join(root, 'hiberfil.sys'), 'hibr and more'));
    await using session = await browse(await openRawPoint(slept));
    expect(session.findings).toMatchObject([{ severity: 'warning', code: 'file-system-in-use' }]);
  });

  it('is told: a boot sector or a first record that is damaged, whose copies are used', async () => {
    await using booted = await whole.browse(({ bytes }) => bytes.fill(0, 0, 512));
    expect(booted.findings).toMatchObject([{ severity: 'warning', code: 'boot-sector-damaged' }]);
    expect((await contentOf(booted, '/noise')).equals(noise(NOISE_BYTES, 'noise'))).toBe(true);
    await using torn = await whole.browse((copy) => copy.bytes.writeUInt16LE(9999, copy.recordAt(0) + 510));
    expect(torn.findings).toMatchObject([{ severity: 'warning', code: 'file-system-errors' }]);
    expect((await contentOf(torn, '/noise')).equals(noise(NOISE_BYTES, 'noise'))).toBe(true);
  });

  it('is told: a record that was written in part, or taken for another file since', async () => {
    const record = await recordOf('/noise');
    await using torn = await whole.browse((copy) => {
      copy.bytes.writeUInt16LE(9999, copy.recordAt(record) + 510);
    });
    await expect(torn.stat('/noise')).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(await namesOf(torn, '/')).toContain('noise');
    await using taken = await whole.browse((copy) => {
      copy.bytes.writeUInt16LE(777, copy.recordAt(record) + 16);
    });
    await expect(taken.stat('/noise')).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});
