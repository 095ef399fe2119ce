import assert from 'node:assert/strict';
import { type Finding, SendenseError, type VerifyCoverage } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import type { ObjectVerifyScope } from '../src/verify/verify-repository.ts';
import { dataPacks, first, flip, keysOf, open, twoCopies } from './hurt-objects.ts';
import type { Interceptor, SharedObjects } from './memory-store.ts';
import { CHUNK_BYTES, type SamplePoint, sampleId, writeSample } from './sample-disk.ts';
import {
  type Listeners,
  newer,
  older,
  type Run,
  seeds,
  stored,
  verify,
  verifyInSteps,
} from './verify-runs.ts';

const small: SamplePoint = { stream: 'a', sequence: 1, disk: seeds(1, 40) };
/** What it shares with the small one lies before what it does not. */
const large: SamplePoint = { stream: 'a', sequence: 2, disk: [...seeds(1, 40), ...seeds(501)] };
const other: SamplePoint = { stream: 'b', sequence: 2, disk: seeds(701) };

/** Points of which damage is told, once for each time that it is. */
const hurtPoints = (runs: readonly Run[]) =>
  runs.flatMap(({ findings }) =>
    findings.filter(({ code }) => code === 'disk-damaged').map(({ point }) => point),
  );

/** Points that are told to be whole. */
const wholePoints = (runs: readonly Run[]) =>
  runs.flatMap(({ findings }) =>
    findings.filter(({ code }) => code === 'point-verified').map(({ point }) => point),
  );

/** Verifies in short steps until one of them is as wanted, and gives its cursor. */
async function cursorWhen(
  shared: SharedObjects,
  isWanted: (coverage: VerifyCoverage, dataBytes: number) => boolean,
  scope: Partial<ObjectVerifyScope> = {},
): Promise<string> {
  let dataBytes = 0;
  let resume: string | undefined;
  for (let step = 0; step < 100; step += 1) {
    const more = { ...scope, ...(resume !== undefined && { resume }) };
    const run = await verify(shared, { ...more, budgetMs: 1 });
    dataBytes += run.dataBytes;
    resume = run.coverage.cursor ?? assert.fail('it came to its end');
    if (isWanted(run.coverage, dataBytes)) return resume;
  }
  return assert.fail('no step was as wanted');
}

/** Breaks a verification off, and gives what it told and its last cursor. */
async function breakOff(
  shared: SharedObjects,
  listen: (stop: () => void) => Listeners,
  scope: Partial<ObjectVerifyScope> = {},
) {
  const cancel = new AbortController();
  const findings: Finding[] = [];
  let told: VerifyCoverage | undefined;
  const running = verify(
    shared,
    { ...scope, onCoverage: (coverage) => (told = coverage) },
    {
      ...listen(() => cancel.abort()),
      signal: cancel.signal,
      onFinding: (finding) => findings.push(finding),
    },
  );
  await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
  return {
    codes: findings.map(({ code }) => code),
    cursor: told?.cursor ?? assert.fail('it told no cursor'),
  };
}

describe('a chunk that was found damaged, and points that share it', () => {
  it('hurts the later ones, too, when the damage could not be noted', async () => {
    const shared = await stored(older, newer);
    flip(shared, dataPacks(shared)[0] ?? '');
    const intercept: Interceptor = async ({ kind, key }, run) => {
      if (kind === 'put' && key.startsWith('damage/'))
        throw new SendenseError('PERMISSION_DENIED', 'only reading is allowed', { operation: 'put-object' });
      run();
    };
    const runs = await verifyInSteps(shared, {}, { intercept });
    expect(hurtPoints(runs)).toEqual([older, newer].map(sampleId));
    expect(wholePoints(runs)).toEqual([]);
  });

  it('hurts the later ones, too, when what was noted cannot be read', async () => {
    const shared = await stored(older, newer);
    flip(shared, dataPacks(shared)[0] ?? '');
    const flipped = new Set<string>();
    const onFinding = () => {
      for (const key of keysOf(shared, 'damage/').filter((each) => !flipped.has(each))) {
        flip(shared, key);
        flipped.add(key);
      }
    };
    const runs = await verifyInSteps(shared, {}, { onFinding });
    expect(flipped.size).toBeGreaterThan(0);
    expect(hurtPoints(runs)).toEqual([older, newer].map(sampleId));
    expect(wholePoints(runs)).toEqual([]);
  });
});

describe('a verification that is resumed', () => {
  it('tells manifests and index objects that are damaged, also those that were before', async () => {
    const shared = await stored(older, newer);
    const [manifest = ''] = keysOf(shared, 'points/');
    flip(shared, manifest);
    const { codes, cursor } = await breakOff(shared, (stop) => ({ onDirectory: stop }));
    expect(codes).toEqual(['manifest-damaged']);
    flip(shared, keysOf(shared, 'index/')[0] ?? '');
    const { findings } = await verify(shared, { resume: cursor });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'manifest-damaged', object: manifest }));
    expect(findings.map(({ code }) => code)).toContain('index-damaged');
  });

  it('names the point that it had begun when what it had read of it is gone', async () => {
    const shared = await stored(small);
    const [pack = ''] = dataPacks(shared);
    await using writer = await open(shared);
    await writeSample(writer, large);
    const points = [sampleId(large)];
    const isFarEnough = (_: VerifyCoverage, bytes: number) => bytes > 64 * CHUNK_BYTES;
    const resume = await cursorWhen(shared, isFarEnough, { points });
    shared.objects.delete(pack);
    const rest = await verify(shared, { points, resume });
    expect(rest.codes).toContain('pack-missing');
    expect(hurtPoints([rest])).toEqual(points);
    expect(wholePoints([rest])).toEqual([]);
  });

  it('names the point that it had begun when others found meanwhile that what it had read is damaged', async () => {
    const shared = await stored(small);
    const [pack = ''] = dataPacks(shared);
    await using writer = await open(shared);
    await writeSample(writer, large);
    const points = [sampleId(large)];
    const isFarEnough = (_: VerifyCoverage, bytes: number) => bytes > 64 * CHUNK_BYTES;
    const resume = await cursorWhen(shared, isFarEnough, { points });
    flip(shared, pack);
    await verify(shared, { points: [sampleId(small)] });
    expect(hurtPoints([await verify(shared, { points, resume })])).toEqual(points);
  });

  it('names once a point that it had gone through and of which something is gone since', async () => {
    const shared = await stored(small, other);
    const resume = await cursorWhen(shared, ({ checked }) => checked.length === 1);
    const [pack = ''] = dataPacks(shared);
    shared.objects.delete(pack);
    const run = await verify(shared, { budgetMs: 1, resume });
    expect(run.coverage.left).toEqual([sampleId(other)]);
    const rest = await verify(shared, { resume: run.coverage.cursor ?? '' });
    expect(hurtPoints([run, rest])).toEqual([sampleId(small)]);
    expect(wholePoints([run, rest])).toEqual([sampleId(other)]);
    expect(rest.findings).toContainEqual(
      expect.objectContaining({ code: 'damage-told-before', severity: 'error' }),
    );
    // the pack is told by each: what is told again is not counted
    expect([run, rest].every(({ codes }) => codes.includes('pack-missing'))).toBe(true);
    expect(rest.findings[0]?.message).toMatch(/told before .*: 1$/);
  });

  it('reads a point that was made again under the id of one that it had gone through', async () => {
    const shared = await stored(small);
    const [manifest = ''] = keysOf(shared, 'points/');
    await using writer = await open(shared);
    await writeSample(writer, other);
    const resume = await cursorWhen(shared, ({ checked }) => checked.length === 1);
    shared.objects.delete(manifest);
    const before = new Set(dataPacks(shared));
    await using again = await open(shared);
    await writeSample(again, { ...small, disk: seeds(901) });
    for (const pack of dataPacks(shared)) if (!before.has(pack)) flip(shared, pack);
    const rest = await verify(shared, { resume });
    expect(hurtPoints([rest])).toEqual([sampleId(small)]);
    expect(wholePoints([rest])).toEqual([sampleId(other)]);
  });

  it('tells a damaged copy beside a whole one that was read before it broke off', async () => {
    const shared = await twoCopies(seeds(1));
    const [pack = ''] = dataPacks(shared);
    flip(shared, pack);
    const points = [sampleId(first)];
    const listen = (stop: () => void): Listeners => ({
      onData: (bytes) => {
        if (bytes > 150 * CHUNK_BYTES) stop();
      },
    });
    const { codes, cursor } = await breakOff(shared, listen, { points });
    expect(codes).toEqual([]);
    const { findings } = await verify(shared, { points, resume: cursor });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'pack-damaged', object: pack }));
  });

  it('reads the directories of packs that were stored after it had read all others', async () => {
    const shared = await stored(older);
    const resume = await cursorWhen(shared, (_, bytes) => bytes > 0);
    const before = new Set(keysOf(shared, 'packs/'));
    await using writer = await open(shared);
    await writeSample(writer, other);
    const [pack = ''] = keysOf(shared, 'packs/').filter((key) => !before.has(key));
    const object = shared.objects.get(pack) ?? assert.fail();
    const bytes = Uint8Array.from(object.bytes);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    shared.objects.set(pack, { ...object, bytes });
    const { findings, coverage } = await verify(shared, { resume });
    expect(findings).toContainEqual(expect.objectContaining({ code: 'directory-damaged', object: pack }));
    expect(coverage).toMatchObject({ left: [], cursor: null });
  });
});

it('a verification tells now and then how far it is, not at each of many points', async () => {
  const points = Array.from({ length: 30 }, (_, index) => ({ ...small, sequence: index + 1 }));
  const shared = await stored(...points);
  const told: VerifyCoverage[] = [];
  await verify(shared, { onCoverage: (coverage) => told.push(coverage) });
  expect(told.length).toBeLessThan(20);
  expect(told.at(-1)).toMatchObject({ checked: points.map(sampleId), left: [], cursor: null });
});
