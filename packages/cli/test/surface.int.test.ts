import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson } from './run-ctl.ts';
import { changeDisk, makeDisk } from './sample-disk.ts';
import { misfits, type Shape } from './shape.ts';

const MIB = 1 << 20;

const printedDisks: Shape = [{ id: 'disk-N', sizeBytes: 'count', path: 'absolute path' }];
const printedPoint = {
  id: 'text',
  repository: 'text',
  instant: 'instant',
  machine: 'uuid',
  kind: 'kind',
  parentId: 'text or null',
  consistency: 'text',
  bytesStored: 'count',
  disks: printedDisks,
} as const;
const backup = {
  jobId: 'text',
  pointId: 'text',
  machine: 'uuid',
  kind: 'kind',
  reason: 'text or null',
  reasonText: 'text or null',
  bytesRead: 'count',
  changedBytes: 'count',
  bytesStored: 'count',
  durationMs: 'count',
  disks: printedDisks,
} as const;
const restore = {
  jobId: 'text',
  pointId: 'text',
  target: 'text',
  bytesWritten: 'count',
  durationMs: 'count',
  verified: 'boolean',
  verifyMs: 'count',
} as const;
const restoreStatus = {
  jobId: 'text',
  state: 'text',
  steps: [{ name: 'text', state: 'text', error: 'error or null' }],
  percent: 'number',
  etaSeconds: 'number or null',
} as const;

/** The fields of every verb as others script against them: names, and what each must be. */
const SURFACE: Readonly<Record<string, Shape>> = {
  'repository init': { repositoryId: 'text', path: 'absolute path' },
  'backup start': backup,
  'backup start again': backup,
  'backup start --dry-run': {
    kind: 'kind',
    reason: 'text or null',
    reasonText: 'text or null',
    predictedBytes: 'count',
  },
  'backup list': { points: [printedPoint] },
  'backup list --vm': { points: [printedPoint] },
  'backup show': { ...printedPoint, spec: { schema: 'count', name: 'text', disks: [{ id: 'text' }] } },
  'backup chain': {
    machine: 'uuid',
    disks: [
      {
        id: 'disk-N',
        chain: [{ pointId: 'text', kind: 'kind', path: 'absolute path', bytesStored: 'count' }],
        totalBytes: 'count',
      },
    ],
  },
  'backup hold': printedPoint,
  'backup unhold': printedPoint,
  'backup note': printedPoint,
  'restore start': restore,
  'restore start qcow2': restore,
  'restore start --no-verify': restore,
  'restore show': restoreStatus,
  'restore resume': restoreStatus,
  verify: {
    checkedBytes: 'count',
    complete: 'boolean',
    depth: 'text',
    samplePercent: 'number',
    pointsLeft: ['text'],
    cursor: 'text or null',
    findings: [{ severity: 'severity', pointId: 'text or null', object: 'text or null', message: 'text' }],
  },
  'repository usage': {
    points: 'count',
    machines: 'count',
    storedBytes: 'count',
    logicalBytes: 'count',
    totalBytes: 'count or null',
    availableBytes: 'count or null',
  },
  'prune --dry-run': { kept: ['text'], removed: ['text'], freedBytes: 'count' },
  'backup consolidate': { pointId: 'text', bytesStored: 'count' },
  'backup delete': { removed: ['text'], freedBytes: 'count' },
  prune: { kept: ['text'], removed: ['text'], freedBytes: 'count' },
  'repository rebuild-catalog': { points: 'count', machines: 'count' },
  reconcile: { removed: ['text'] },
  doctor: { checks: [{ name: 'text', ok: 'boolean', remedy: 'text or null' }] },
  'jobs list': { jobs: [{ id: 'text', kind: 'text', status: 'text' }] },
  'jobs cancel': { jobId: 'text', state: 'text' },
};

let home = '';
let older = Buffer.alloc(0);
let newer = Buffer.alloc(0);
const results: Record<string, Record<string, unknown>> = {};

const result = (verb: string): Record<string, unknown> => results[verb] ?? {};
const field = (verb: string, name: string): string => String(result(verb)[name]);

async function runVerb(verb: string, args: readonly string[]): Promise<void> {
  results[verb] = await ctlJson(home, args);
}

async function backUpTwice(repository: readonly string[]): Promise<void> {
  const start = ['backup', 'start', '--source', 'image:disk.raw', ...repository];
  await runVerb('repository init', ['repository', 'init', ...repository]);
  await runVerb('backup start --dry-run', [...start, '--dry-run']);
  await runVerb('backup start', start);
  older = await readFile(join(home, 'disk.raw'));
  await changeDisk(join(home, 'disk.raw'), MIB / 2, 100_000, 'changed');
  newer = await readFile(join(home, 'disk.raw'));
  await runVerb('backup start again', start);
}

async function look(repository: readonly string[]): Promise<void> {
  const id = ['--backup-id', field('backup start', 'pointId'), ...repository];
  const machine = field('backup start', 'machine');
  await runVerb('backup list', ['backup', 'list', ...repository]);
  await runVerb('backup list --vm', ['backup', 'list', '--vm', machine]);
  await runVerb('backup show', ['backup', 'show', ...id]);
  await runVerb('backup chain', ['backup', 'chain', '--machine', machine, ...repository]);
  await runVerb('backup hold', ['backup', 'hold', ...id, '--note', 'before the upgrade']);
  await runVerb('backup unhold', ['backup', 'unhold', ...id]);
  await runVerb('backup note', ['backup', 'note', ...id]);
  await runVerb('repository usage', ['repository', 'usage', ...repository]);
}

async function restoreBoth(repository: readonly string[]): Promise<void> {
  const start = ['restore', 'start', ...repository, '--backup-id'];
  const [full, increment] = [field('backup start', 'pointId'), field('backup start again', 'pointId')];
  await runVerb('restore start', [...start, full, '--target', 'image:older.raw', '--format', 'raw']);
  await runVerb('restore start qcow2', [...start, increment, '--target', 'image:out/', '--format', 'qcow2']);
  const plain = ['--target', 'image:newer.raw', '--format', 'raw', '--no-verify', '--disk', '0'];
  await runVerb('restore start --no-verify', [...start, increment, ...plain]);
  const job = ['--job', field('restore start', 'jobId')];
  await runVerb('restore show', ['restore', 'show', ...job]);
  await runVerb('restore resume', ['restore', 'resume', ...job]);
}

async function maintain(repository: readonly string[]): Promise<void> {
  const keep = ['prune', ...repository, '--keep-last', '1'];
  await runVerb('verify', ['verify', ...repository]);
  await runVerb('prune --dry-run', [...keep, '--dry-run']);
  const increment = ['--backup-id', field('backup start again', 'pointId')];
  await runVerb('backup consolidate', ['backup', 'consolidate', ...increment, ...repository]);
  const full = ['--backup-id', field('backup start', 'pointId')];
  await runVerb('backup delete', ['backup', 'delete', ...full, ...repository]);
  await runVerb('prune', keep);
  await runVerb('repository rebuild-catalog', ['repository', 'rebuild-catalog', ...repository]);
  await runVerb('reconcile', ['reconcile', ...repository]);
  await runVerb('doctor', ['doctor', ...repository]);
  await runVerb('jobs list', ['jobs', 'list']);
  await runVerb('jobs cancel', ['jobs', 'cancel', '--job', field('backup start', 'jobId')]);
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-cli-'));
  await makeDisk(join(home, 'disk.raw'), 4 * MIB);
  const repository = ['--repository', 'backups'];
  await backUpTwice(repository);
  await look(repository);
  await restoreBoth(repository);
  await maintain(repository);
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

it.each(Object.entries(SURFACE))('%s prints every field of its surface', (verb, shape) => {
  expect(misfits(results[verb], shape)).toEqual([]);
});

it('tells why a backup is full, and nothing on an increment', () => {
  expect(result('backup start --dry-run')).toMatchObject({ kind: 'full', reason: 'first-backup' });
  expect(result('backup start')).toMatchObject({ kind: 'full', reason: 'first-backup' });
  expect(result('backup start again')).toMatchObject({ kind: 'incremental', reason: null, reasonText: null });
});

it('stores in an increment about what changed', () => {
  expect(result('backup start again').bytesStored).toBeLessThan(600_000);
});

it('restores both points byte for byte', async () => {
  expect((await readFile(join(home, 'older.raw'))).equals(older)).toBe(true);
  expect((await readFile(join(home, 'newer.raw'))).equals(newer)).toBe(true);
  expect(result('restore start')).toMatchObject({ verified: true });
  expect(result('restore start qcow2')).toMatchObject({ verified: true });
  expect(result('restore start --no-verify')).toMatchObject({ verified: false });
});

it('keeps a hold and a note until they are taken back', () => {
  expect(result('backup hold')).toMatchObject({ held: true, note: 'before the upgrade' });
  expect(result('backup unhold')).toMatchObject({ held: false, note: 'before the upgrade' });
  expect(result('backup note')).toMatchObject({ note: null });
});

it('lists the same points by repository and, where only one is known, without', () => {
  expect(result('backup list --vm')).toEqual(result('backup list'));
  expect(result('backup chain')).toMatchObject({
    disks: [{ id: 'disk-0', chain: [{ kind: 'full' }, { kind: 'incremental' }] }],
  });
});

it('records every job with how it ended', () => {
  const jobs = result('jobs list').jobs as { kind: string; status: string }[];
  expect(jobs.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
    'backup completed',
    'backup completed',
    'restore completed',
    'restore completed',
    'restore completed',
  ]);
});
