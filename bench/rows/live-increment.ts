import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { LiveQemu } from '@sendense/tests/qemu';
import { clusterWrites, scatteredClusters } from '../data/scattered.ts';
import { settle } from '../measure/side.ts';
import { resultOf } from '../report/compare.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { copyToQcow2 } from './grow-chain.ts';
import { type FreshRepository, freshRepository } from './our-backup.ts';
import type { Row } from './row.ts';

const DISK = 'vda';
const SHARE = 0.05;
/** The row asks for 8 GiB where the others take 4. */
const TIMES_SIZE = 2;

/** What one full and the increment after it told. */
type Observation = {
  readonly fullMs: number;
  readonly incrementMs: number;
  /** Read from the image during the increment, by the kernel's account of QEMU. */
  readonly readBytes: number;
  /** What QEMU's own bitmap calls dirty. */
  readonly dirtyBytes: number;
};

/** The disk, a full of it, and what else is written; a live backup is given up where its scratch file has too little room. */
const SPACE_TIMES = 2.25;

async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bsize, bavail } = await statfs(folder);
  if (bsize * bavail >= bytes) return;
  const gib = (count: number) => `${(count / 2 ** 30).toFixed(1)} GiB`;
  throw new Error(`${folder} needs ${gib(bytes)} of room and has ${gib(bsize * bavail)}`);
}

type Bitmap = { readonly node: string; readonly name: string; readonly count: number };
type Node = {
  readonly 'node-name': string;
  readonly 'dirty-bitmaps'?: readonly { readonly name: string; readonly count: number }[];
};

async function bitmaps(qemu: LiveQemu): Promise<readonly Bitmap[]> {
  const nodes = (await qemu.command('query-named-block-nodes', { flat: true })) as readonly Node[];
  return nodes.flatMap(({ 'node-name': node, 'dirty-bitmaps': held = [] }) =>
    held.map(({ name, count }) => ({ node, name, count })),
  );
}

/** Bytes that the one bitmap of the machine calls dirty. */
async function dirtyBytes(qemu: LiveQemu): Promise<number> {
  const [only, ...more] = await bitmaps(qemu);
  if (only === undefined || more.length > 0) throw new Error('the machine does not hold one bitmap');
  return only.count;
}

/** Removes the bitmaps of the repository that is thrown away: a machine keeps a few, and then tracks no new stream. */
async function forget(qemu: LiveQemu): Promise<void> {
  for (const { node, name } of await bitmaps(qemu))
    await qemu.command('block-dirty-bitmap-remove', { node, name });
}

async function observe(
  bench: Workbench,
  qemu: LiveQemu,
  { repository, sizeBytes, seed }: { repository: FreshRepository; sizeBytes: number; seed: number },
): Promise<Observation> {
  await repository.renew();
  await forget(qemu);
  const from = ['--source', `qemu:${qemu.socket}`, '--repository', repository.path];
  // what the guest wrote is on disk before: a backup makes QEMU flush, and is not to pay for writes of others
  const back = async (type: string) => {
    await settle();
    return bench.ctlJson(repository.home, 'backup', 'start', ...from, '--type', type);
  };
  const full = await back('full');
  for (const write of clusterWrites(scatteredClusters(sizeBytes, SHARE, seed), seed))
    await qemu.io(DISK, write);
  const dirty = await dirtyBytes(qemu);
  const before = await qemu.fileBytesRead();
  const increment = await back('incremental');
  return {
    fullMs: Number(full.durationMs),
    incrementMs: Number(increment.durationMs),
    readBytes: (await qemu.fileBytesRead()) - before,
    dirtyBytes: dirty,
  };
}

async function* observations(bench: Workbench, sizeBytes: number): AsyncGenerator<Observation> {
  const source = await bench.dataSet('rnd', sizeBytes);
  await using folder = await bench.folder('disk');
  await using sockets = await bench.folder('memory');
  const disk = path.join(folder.path, 'disk.qcow2');
  await requireSpace(folder.path, SPACE_TIMES * sizeBytes);
  await copyToQcow2(source, disk);
  await using qemu = await LiveQemu.start({
    folder: sockets.path,
    disks: [{ id: DISK, path: disk }],
    uuid: '6f1d1f3e-8a43-4b7c-9b0e-0a1b2c3d4e5f',
    name: 'bench',
  });
  const repository = freshRepository(bench, folder.path);
  for (let run = 0; run < bench.settings.pairs; run++)
    yield await observe(bench, qemu, { repository, sizeBytes, seed: 1 + run });
}

type Reading = {
  readonly unit: 's' | 'bytes';
  readonly ours: (one: Observation) => number;
  readonly theirs: (one: Observation) => number;
  readonly ourCommand: string;
  readonly theirCommand: string;
  readonly note: string;
};

function incrementRow(name: string, times: number, reading: Reading): Row {
  const { unit, ours, theirs, ...words } = reading;
  return {
    name,
    peers: ['qemu-img', 'qemu-system-x86_64'],
    async *measure(bench: Workbench): AsyncGenerator<Result> {
      const sizeBytes = bench.settings.sizeBytes * times;
      bench.say(`${name}: ${bench.settings.pairs} fulls and increments of a running QEMU`);
      const begun = performance.now();
      const seen: Observation[] = [];
      for await (const one of observations(bench, sizeBytes)) seen.push(one);
      yield {
        ...resultOf(
          name,
          { destination: 'disk', data: 'rnd' },
          {
            unit,
            ours: seen.map(ours),
            theirs: seen.map(theirs),
          },
        ),
        sizeBytes,
        tookSeconds: (performance.now() - begun) / 1000,
        ...words,
      };
    },
  };
}

const BACKUP = 'sendense-ctl backup start --source qemu:… --type';

/** What QEMU reads from its image for an increment of 5 %, against what its bitmap calls dirty. */
export const incrementalBytes = incrementRow('incremental-bytes', 1, {
  unit: 'bytes',
  ours: (one) => one.readBytes,
  theirs: (one) => one.dirtyBytes,
  ourCommand: `${BACKUP} incremental`,
  theirCommand: 'query-named-block-nodes: count of the dirty bitmap',
  note: 'read: by QEMU, as the kernel counts it (rchar), with the metadata of the image',
});

/** An increment of 5 % against a full of the same disk, by the time each needed in its process. */
export const incrementalTime = incrementRow('incremental-time', TIMES_SIZE, {
  unit: 's',
  ours: (one) => one.incrementMs / 1000,
  theirs: (one) => one.fullMs / 1000,
  ourCommand: `${BACKUP} incremental`,
  theirCommand: `${BACKUP} full`,
  note: 'durationMs of both: without the start of the program',
});
