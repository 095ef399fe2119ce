import assert from 'node:assert/strict';
import type { Finding, VerifyCoverage } from '@sendense/core';
import { openObjectRepository } from '../src/object-repository.ts';
import type { ObjectVerifyScope } from '../src/verify/verify-repository.ts';
import { create, dataPacks, open } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { createMemoryStore, type Interceptor, type SharedObjects } from './memory-store.ts';
import { type SamplePoint, writeSample } from './sample-disk.ts';

/** Chunks of the disks of these tests. */
export const CHUNKS = 100;
/** So many seeds of chunks from one on. */
export const seeds = (from: number, count = CHUNKS) =>
  Array.from({ length: count }, (_, index) => from + index);
/** A point. */
export const older: SamplePoint = { stream: 'a', sequence: 1, disk: seeds(1) };
/** Shares all but its last chunk with the older one. */
export const newer: SamplePoint = { stream: 'a', sequence: 2, disk: [...seeds(1, CHUNKS - 1), 500] };

/** A repository of these points. */
export async function stored(...points: readonly SamplePoint[]): Promise<SharedObjects> {
  const shared = await create();
  await using writer = await open(shared);
  for (const point of points) await writeSample(writer, point);
  return shared;
}

/** What a verification told. */
export type Run = {
  readonly findings: readonly Finding[];
  readonly codes: readonly string[];
  readonly coverage: VerifyCoverage;
  /** Bytes of chunks of disks that the store gave. */
  readonly dataBytes: number;
};

/** Who learns what happens meanwhile. */
export type Listeners = {
  readonly signal?: AbortSignal;
  readonly onData?: (bytes: number) => unknown;
  readonly onFinding?: (finding: Finding) => unknown;
  readonly onDirectory?: (pack: string) => unknown;
  readonly intercept?: Interceptor;
};

/** Verifies by a clock that goes on a second with each request of a pack. */
export async function verify(
  shared: SharedObjects,
  scope: Partial<ObjectVerifyScope> = {},
  { signal, onData, onFinding, onDirectory, intercept }: Listeners = {},
): Promise<Run> {
  const store = createMemoryStore(shared, intercept);
  const data = new Set(dataPacks(shared));
  let dataBytes = 0;
  const get: typeof store.get = (key, range, options) => {
    if (key.startsWith('packs/')) shared.nowMs += 1000;
    const { offset = 0, length = 0 } = range ?? {};
    // what reaches to its end is its directory
    const isFrame = offset + length < (shared.objects.get(key)?.bytes.byteLength ?? 0);
    if (data.has(key) && isFrame) dataBytes += length;
    onData?.(dataBytes);
    if (key.startsWith('packs/') && !isFrame) onDirectory?.(key);
    return store.get(key, range, options);
  };
  const clock = { now: () => new Date(shared.nowMs), monotonicMs: () => shared.nowMs };
  await using repository = await openObjectRepository({ store: { ...store, get }, key: testKey }, { clock });
  let coverage: VerifyCoverage | undefined;
  const findings: Finding[] = [];
  const onCoverage = (told: VerifyCoverage) => (coverage = told);
  const found = repository.verify({ depth: 'data', onCoverage, ...scope }, signal && { signal });
  for await (const finding of found) {
    findings.push(finding);
    onFinding?.(finding);
  }
  return {
    findings,
    codes: findings.map(({ code }) => code),
    coverage: coverage ?? { checked: [], left: [], sample: 1, cursor: null },
    dataBytes,
  };
}

/** Verifies in steps that are as short as may be, until nothing is left. */
export async function verifyInSteps(
  shared: SharedObjects,
  scope: Partial<ObjectVerifyScope> = {},
  listeners: Listeners = {},
): Promise<readonly Run[]> {
  const runs = [await verify(shared, { ...scope, budgetMs: 1 }, listeners)];
  for (let cursor = runs[0]?.coverage.cursor; typeof cursor === 'string'; ) {
    const run = await verify(shared, { ...scope, budgetMs: 1, resume: cursor }, listeners);
    runs.push(run);
    cursor = run.coverage.cursor;
    assert(runs.length < 100, 'it does not come to its end');
  }
  return runs;
}
