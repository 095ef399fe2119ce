import { type LogRecord, pointId } from '@sendense/core';
import { type FileSystem, mapErrno } from '@sendense/plugin-kit/files';
import {
  collect,
  createMemoryFileSystem,
  interceptFileSystem,
  type MemoryFileSystem,
  ProcessDied,
} from '@sendense/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  backUp,
  CLUSTER,
  changed,
  contentOf,
  DISK_BYTES,
  expectContents,
  MACHINE,
} from '../test/model-machine.ts';
import { plugin } from './plugin.ts';
import { createLocalRepository, type LocalRepository, openLocalRepository } from './repository-local.ts';

const path = '/backups/repository';
const first = changed(new Uint8Array(DISK_BYTES), [{ at: 1, seed: 1 }]);
const second = changed(first, [{ at: 2, seed: 2 }]);
/** The disks of the test's machine, as they were numbered first. */
const NUMBERS = [
  ['disk-a', 0],
  ['disk-b', 1],
];
let fileSystem: MemoryFileSystem;

beforeEach(() => {
  fileSystem = createMemoryFileSystem();
});

async function edit(file: string, change: (text: string) => string): Promise<void> {
  let text: string;
  {
    await using handle = await fileSystem.open(file, 'read');
    const bytes = new Uint8Array(await handle.size());
    await handle.read(bytes, 0);
    text = change(Buffer.from(bytes).toString());
  }
  await fileSystem.unlink(file);
  await using handle = await fileSystem.open(file, 'create');
  await handle.write(Buffer.from(text), 0);
}

async function twoPoints(): Promise<LocalRepository> {
  const repository = await createLocalRepository({ path }, { fileSystem });
  await backUp(repository, { sequence: 1, content: first });
  await backUp(repository, { sequence: 2, content: second, base: { id: pointId('p1'), content: first } });
  return repository;
}

describe('a local repository', () => {
  it('is made in a new folder, or an empty one, and nowhere else', async () => {
    await (await createLocalRepository({ path }, { fileSystem }))[Symbol.asyncDispose]();
    await expect(createLocalRepository({ path }, { fileSystem })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await fileSystem.makeDirectory('/disk/lost+found');
    await (await createLocalRepository({ path: '/disk' }, { fileSystem }))[Symbol.asyncDispose]();
    await fileSystem.makeDirectory('/used/photos');
    await expect(createLocalRepository({ path: '/used' }, { fileSystem })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
  });

  it('says what is wrong with a path or an option, and what to do', async () => {
    await fileSystem.makeDirectory('/empty');
    for (const other of ['/nowhere', '/empty']) {
      const error = { code: 'NOT_FOUND', remedy: expect.stringContaining('init') as unknown };
      await expect(openLocalRepository({ path: other }, { fileSystem })).rejects.toMatchObject(error);
    }
    await expect(openLocalRepository({ path: '' }, { fileSystem })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    const typo = { path, lockTimeout: 3 } as unknown as { path: string };
    await expect(openLocalRepository(typo, { fileSystem })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is opened by its plugin', async () => {
    const folder = '/plugin';
    const repository = await createLocalRepository({ path: folder }, { fileSystem });
    expect([plugin.kind, plugin.name, repository.kind]).toEqual(['repository', 'local', 'local']);
    await repository[Symbol.asyncDispose]();
  });

  it('of a newer version is refused', async () => {
    await (await createLocalRepository({ path }, { fileSystem }))[Symbol.asyncDispose]();
    await edit(`${path}/sendense-repository.json`, (text) => text.replace('"version": 1', '"version": 2'));
    await expect(openLocalRepository({ path }, { fileSystem })).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
    });
  });

  it('with a damaged point record says so, and gives the other points', async () => {
    await using repository = await twoPoints();
    const [record] = (await fileSystem.list(`${path}/${MACHINE}/points`)).map(
      (name) => `${path}/${MACHINE}/points/${name}`,
    );
    await edit(record ?? '', (text) => text.replace('"held": false', '"held": true'));
    expect((await collect(repository.points())).map(({ id }) => id)).toEqual(['p2']);
    expect(repository.findings).toMatchObject([
      { severity: 'error', code: 'record-unreadable', object: record },
    ]);
    expect(Buffer.compare(await contentOf(repository, pointId('p2')), second)).toBe(0);
    await expect(repository.open(pointId('p1'))).rejects.toMatchObject({ code: 'CORRUPT' });
    // Nothing is removed while not every record can be read.
    const { removed, findings } = await repository.maintenance.prune({ last: 1 });
    expect([removed, findings.map(({ code }) => code)]).toEqual([[], ['not-swept']]);
  });

  it('does not take a point beside one of a newer version', async () => {
    await using repository = await twoPoints();
    const [name] = await fileSystem.list(`${path}/${MACHINE}/points`);
    await edit(`${path}/${MACHINE}/points/${name}`, (text) => text.replace('"version": 1', '"version": 2'));
    await expect(backUp(repository, { sequence: 3, content: first })).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
    });
  });

  it('makes a lost machine.json anew', async () => {
    await using repository = await twoPoints();
    await fileSystem.unlink(`${path}/${MACHINE}/machine.json`);
    const { disks, findings } = await backUp(repository, { sequence: 3, content: first });
    expect(disks.map(({ id, number }) => [id, number])).toEqual(NUMBERS);
    expect(findings).toEqual([]);
  });

  it('makes a damaged machine.json anew, keeps the numbers of the disks, and says so', async () => {
    await using repository = await twoPoints();
    const file = `${path}/${MACHINE}/machine.json`;
    await edit(file, (text) => text.replace('disk-a', 'disk-x'));
    const base = { id: pointId('p2'), content: second };
    const { disks, findings } = await backUp(repository, { sequence: 3, content: first, base });
    expect(disks.map(({ id, number }) => [id, number])).toEqual(NUMBERS);
    expect(findings).toMatchObject([{ severity: 'warning', code: 'machine-record-rebuilt', object: file }]);
    expect(repository.findings.map(({ code }) => code)).toEqual(['machine-record-rebuilt']);
    expect(await collect(repository.verify({ depth: 'data' }))).toEqual([]);
  });

  it('refuses a backup when machine.json and a point record are damaged, and says what to do', async () => {
    await using repository = await twoPoints();
    await edit(`${path}/${MACHINE}/machine.json`, (text) => text.replace('disk-a', 'disk-x'));
    const [name] = await fileSystem.list(`${path}/${MACHINE}/points`);
    await edit(`${path}/${MACHINE}/points/${name}`, (text) => text.replace('"held": false', '"held": true'));
    await expect(backUp(repository, { sequence: 3, content: first })).rejects.toMatchObject({
      code: 'CORRUPT',
      remedy: expect.stringContaining('verify') as unknown,
    });
  });

  it('forgets at the next opening what a process held that died', async () => {
    await (await twoPoints())[Symbol.asyncDispose]();
    let dead = false;
    const mortal = interceptFileSystem(fileSystem, async ({ operation, run }) => {
      if (dead && operation.kind !== 'close') throw new ProcessDied('dead');
      return await run();
    });
    const holds = `${path}/locks/${MACHINE}/holds`;
    const repository = await openLocalRepository({ path }, { fileSystem: mortal });
    const reader = await repository.open(pointId('p2'));
    expect(await fileSystem.list(holds)).toHaveLength(1);
    dead = true;
    await reader[Symbol.asyncDispose]();
    await repository[Symbol.asyncDispose]();
    expect(await fileSystem.list(holds)).toHaveLength(1);
    await (await openLocalRepository({ path }, { fileSystem }))[Symbol.asyncDispose]();
    expect(await fileSystem.list(holds)).toEqual([]);
  });

  it('keeps names and order apart when the clock goes back or two points are of one second', async () => {
    await using repository = await createLocalRepository({ path }, { fileSystem });
    const at = new Date(Date.UTC(2026, 9, 4, 12));
    const contents = new Map<string, Uint8Array>();
    for (const [index, back] of [0, 0, 7_200_000, 7_200_000].entries()) {
      const content = changed(first, [{ at: index, seed: index + 5 }]);
      contents.set(`p${index + 1}`, content);
      await backUp(repository, { sequence: index + 1, content, at: new Date(at.getTime() - back) });
    }
    await expectContents(repository, contents);
    const points = await collect(repository.points());
    expect(points.map(({ id }) => id)).toEqual(['p1', 'p2', 'p3', 'p4']);
    expect(points.map(({ disks }) => disks[0]?.path?.split('/').at(-1))).toEqual([
      'full-20261004-120000.qcow2',
      'full-20261004-120000-2.qcow2',
      'full-20261004-100000.qcow2',
      'full-20261004-100000-2.qcow2',
    ]);
    expect([...(await repository.maintenance.prune({ last: 1 })).kept]).toEqual(['p4']);
  });

  it('refuses a sequence that the stream has passed', async () => {
    await using repository = await twoPoints();
    await repository.maintenance.delete(pointId('p1'));
    await expect(backUp(repository, { sequence: 1, content: first, id: 'late' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('tells what changed between points, also where they share no file any more', async () => {
    await using repository = await twoPoints();
    const changes = async () => {
      await using reader = await repository.open(pointId('p2'), { since: pointId('p1') });
      const [view] = reader.disks;
      return view?.changes.kind === 'incremental' ? await collect(view.changes.extents()) : [];
    };
    const expected = [{ offset: 2 * CLUSTER, length: CLUSTER, kind: 'data' }];
    expect(await changes()).toEqual(expected);
    await repository.maintenance.consolidate({ kind: 'synthetic-full', point: pointId('p2') });
    expect(await changes()).toEqual(expected);
  });

  it('says when the storage cannot make names durable: at opening, in the log, and in each point', async () => {
    const lines: LogRecord[] = [];
    const mount = interceptFileSystem(fileSystem, async ({ operation, run }) =>
      operation.kind === 'sync-directory' ? (false as Awaited<ReturnType<typeof run>>) : await run(),
    );
    await using repository = await createLocalRepository(
      { path },
      { fileSystem: mount, log: (line) => lines.push(line) },
    );
    expect(repository.findings.map(({ code }) => code)).toEqual(['folder-sync-unavailable']);
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
    const { findings } = await backUp(repository, { sequence: 1, content: first });
    expect(findings.map(({ code }) => code)).toEqual(['folder-sync-unavailable']);
  });

  it('on storage that cannot be written to can be read, and says so', async () => {
    await (await twoPoints())[Symbol.asyncDispose]();
    await using repository = await openLocalRepository({ path }, { fileSystem: readOnly(fileSystem) });
    expect(repository.findings.map(({ code }) => code)).toEqual(['repository-read-only']);
    await expectContents(
      repository,
      new Map([
        ['p1', first],
        ['p2', second],
      ]),
    );
    await expect(backUp(repository, { sequence: 3, content: first })).rejects.toMatchObject({
      code: 'READ_ONLY',
    });
    await expect(repository.maintenance.delete(pointId('p1'))).rejects.toMatchObject({ code: 'READ_ONLY' });
  });
});

function readOnly(inner: FileSystem): FileSystem {
  const changes = ['create', 'write', 'rename', 'unlink', 'make-directory', 'remove-directory'];
  return interceptFileSystem(inner, async ({ operation, run }) => {
    if (changes.includes(operation.kind)) {
      throw mapErrno(Object.assign(new Error('EROFS'), { code: 'EROFS' }), operation.kind, operation.path);
    }
    return await run();
  });
}
