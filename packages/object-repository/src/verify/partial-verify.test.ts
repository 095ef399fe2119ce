import assert from 'node:assert/strict';
import type { Finding, VerifyCoverage } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { dataPacks, flip, keysOf, open } from '../../test/hurt-objects.ts';
import { CHUNK_BYTES, sampleId, writeSample } from '../../test/sample-disk.ts';
import { CHUNKS, newer, older, seeds, stored, verify, verifyInSteps } from '../../test/verify-runs.ts';

describe('a verification with a budget', () => {
  it('stops within a point, and resumed again and again reads each chunk once', async () => {
    const shared = await stored(older, newer);
    const runs = await verifyInSteps(shared);
    expect(runs.length).toBeGreaterThan(3);
    expect(runs[0]?.coverage).toMatchObject({ checked: [], left: [older, newer].map(sampleId), sample: 1 });
    for (const { codes } of runs.slice(0, -1)) expect(codes).toContain('verify-stopped');
    expect(runs.flatMap(({ codes }) => codes.filter((code) => code !== 'verify-stopped'))).toEqual([
      'point-verified',
      'point-verified',
    ]);
    expect(runs.at(-1)?.coverage).toEqual({
      checked: [older, newer].map(sampleId),
      left: [],
      sample: 1,
      cursor: null,
    });
    const chunks = runs.reduce((sum, { dataBytes }) => sum + dataBytes, 0) / CHUNK_BYTES;
    expect(chunks).toBeGreaterThanOrEqual(CHUNKS + 1);
    expect(chunks).toBeLessThan(CHUNKS + 2);
  });

  it('reads the directory of each pack once, whoever stores points meanwhile', async () => {
    const shared = await stored(older);
    await using writer = await open(shared);
    const read: string[] = [];
    const onDirectory = (key: string) => read.push(key);
    let run = await verify(shared, { budgetMs: 1 }, { onDirectory });
    const packs = new Set(keysOf(shared, 'packs/'));
    for (let sequence = 1; run.coverage.checked.length === 0; sequence += 1) {
      await writeSample(writer, { ...newer, stream: 'b', sequence, disk: [1000 + sequence] });
      const resume = run.coverage.cursor ?? assert.fail();
      run = await verify(shared, { budgetMs: 2500, resume }, { onDirectory });
      assert(sequence < 50, 'it does not come to its end');
    }
    const first = read.filter((key) => packs.has(key));
    expect(first.toSorted()).toEqual([...packs].toSorted());
  });

  it('finds a damaged directory in a later step', async () => {
    const shared = await stored(older, newer);
    const [first] = (await verify(shared, { budgetMs: 1 })).findings;
    expect(first).toMatchObject({
      code: 'verify-stopped',
      message: expect.stringContaining('directories') as string,
    });
    for (const [key, object] of shared.objects) {
      if (!key.startsWith('packs/')) continue;
      const bytes = Uint8Array.from(object.bytes);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      shared.objects.set(key, { ...object, bytes });
    }
    const findings = (await verifyInSteps(shared)).flatMap((run) => run.findings);
    const objects = findings.filter(({ code }) => code === 'directory-damaged').map(({ object }) => object);
    const packs = keysOf(shared, 'packs/');
    expect(objects).toHaveLength(packs.length);
    expect(new Set(objects)).toEqual(new Set(packs));
  });

  it('tells each damaged chunk, whichever step comes upon it', async () => {
    const shared = await stored(older);
    for (const pack of dataPacks(shared)) flip(shared, pack);
    await using writer = await open(shared);
    await writeSample(writer, { ...newer, disk: seeds(501) });
    const [, ...packs] = dataPacks(shared);
    for (const pack of packs.slice(-1)) flip(shared, pack);
    const findings = (await verifyInSteps(shared)).flatMap((run) => run.findings);
    const hurt = findings.filter(({ code }) => code === 'disk-damaged').map(({ point }) => point);
    expect(hurt).toEqual([older, newer].map(sampleId));
    expect(findings.map(({ code }) => code)).not.toContain('point-verified');
  });

  it('names points that share what was found damaged before it was resumed', async () => {
    const shared = await stored(older, newer);
    const [pack = ''] = dataPacks(shared);
    flip(shared, pack);
    const runs = await verifyInSteps(shared);
    const findings = runs.flatMap((run) => run.findings);
    const hurt = findings.filter(({ code }) => code === 'disk-damaged').map(({ point }) => point);
    expect(hurt).toEqual([older, newer].map(sampleId));
    expect(runs.at(-1)?.findings).toContainEqual(
      expect.objectContaining({ severity: 'error', code: 'damage-told-before' }),
    );
  });

  it('goes through points that came meanwhile, older ones too, and forgets those that went', async () => {
    const shared = await stored(newer);
    const first = await verify(shared, { budgetMs: 1 });
    await using writer = await open(shared);
    await writeSample(writer, { ...older, stream: 'b', disk: seeds(900, 3) });
    const { coverage } = await verify(shared, { resume: first.coverage.cursor ?? '' });
    expect(coverage).toMatchObject({ checked: ['b-1', 'a-2'], left: [], cursor: null });
  });
});

describe('a verification that broke off', () => {
  it('goes on from what it told last, and loses no damage that it found and did not tell', async () => {
    const small = { ...older, disk: seeds(1, 40) };
    const large = { ...newer, disk: [...seeds(1, 40), ...seeds(501)] };
    const shared = await stored(small);
    const [pack] = dataPacks(shared);
    await using writer = await open(shared);
    await writeSample(writer, large);
    const [other = ''] = dataPacks(shared).filter((key) => key !== pack);
    flip(shared, other); // its first frame: about the 41st chunk
    const cancel = new AbortController();
    let told: VerifyCoverage | undefined;
    const findings: Finding[] = [];
    let read = 0;
    const breaking = verify(
      shared,
      { onCoverage: (coverage) => (told = coverage) },
      {
        signal: cancel.signal,
        onData: (bytes) => {
          read = bytes;
          if (bytes > 110 * CHUNK_BYTES) cancel.abort();
        },
        onFinding: (finding) => findings.push(finding),
      },
    );
    await expect(breaking).rejects.toMatchObject({ code: 'ABORTED' });
    expect(read).toBeLessThan(135 * CHUNK_BYTES);
    expect(findings).toMatchObject([{ code: 'point-verified', point: sampleId(small) }]);
    expect(told).toMatchObject({ checked: [sampleId(small)], left: [sampleId(large)] });
    const { codes, dataBytes } = await verify(shared, { resume: told?.cursor ?? '' });
    expect(codes).toEqual(['disk-damaged', 'pack-damaged']);
    expect(dataBytes).toBeLessThan(110 * CHUNK_BYTES);
  });
});

describe('a sample', () => {
  it('is about as large as was asked, in steps as at once, and says that it is one', async () => {
    const shared = await stored({ ...older, disk: seeds(1, 300) });
    const { dataBytes, findings, coverage } = await verify(shared, { sample: 0.5 });
    expect(coverage).toMatchObject({ sample: 0.5, left: [] });
    expect(findings).toMatchObject([
      { code: 'point-verified', message: expect.stringContaining('50 %') as string },
    ]);
    // eight standard deviations
    expect(Math.abs(dataBytes / CHUNK_BYTES - 150)).toBeLessThan(70);
    const runs = await verifyInSteps(shared, { sample: 0.5 });
    const chunks = runs.reduce((sum, run) => sum + run.dataBytes, 0) / CHUNK_BYTES;
    expect(runs.length).toBeGreaterThan(3);
    expect(Math.abs(chunks - 150)).toBeLessThan(70);
  });

  it('reads no data with depth structure, and says so', async () => {
    const { dataBytes, findings } = await verify(await stored(older), { depth: 'structure' });
    expect(dataBytes).toBe(0);
    expect(findings).toMatchObject([{ message: expect.stringContaining('was not read') as string }]);
  });
});
