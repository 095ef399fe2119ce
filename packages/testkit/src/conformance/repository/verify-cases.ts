import assert from 'node:assert/strict';
import { collect } from '../../collect.ts';
import { seededInteger, seededRandom } from '../../seeded.ts';
import type { ConformanceCase } from '../case.ts';
import { settle } from '../expect.ts';
import { type Chain, writeChain } from './maintenance-cases.ts';
import { expectPoint, pointIds } from './point-work.ts';
import type { RepositoryContext, StoredObject } from './repository-subject.ts';

/** How many bits are flipped, one after another. */
const FLIPS = 48;

/** What verify finds, and does not find. */
export const verifyCases: readonly ConformanceCase<RepositoryContext>[] = [
  {
    name: 'finds nothing wrong with what it has just stored',
    clause: 'Repository.verify',
    async run(context) {
      const chain = await writeChain(context, 3);
      for (const depth of ['structure', 'data'] as const) {
        for (const points of [undefined, [chain[1]?.id ?? assert.fail()]]) {
          const scope = points === undefined ? { depth } : { depth, points };
          const findings = await collect(context.repository.verify(scope));
          assert.deepEqual(
            findings.filter(({ severity }) => severity === 'error'),
            [],
          );
        }
      }
    },
  },
  {
    name: 'finds any flipped bit, or it was harmless',
    clause:
      'Repository.verify: find any flipped bit of the scope as an `error` finding, or prove it harmless',
    async run(context) {
      const chain = await writeChain(context, 3);
      const random = seededRandom(4242);
      const objects = await context.stored();
      for (let flip = 0; flip < FLIPS; flip++) {
        const object = objects[seededInteger(random, objects.length)] ?? assert.fail();
        const bytes = await object.read();
        if (bytes.byteLength === 0) continue;
        const bit = seededInteger(random, bytes.byteLength * 8);
        await expectFound(context, chain, object, bytes, bit);
      }
    },
  },
  {
    name: 'finds an object that was cut short or lost its last byte',
    clause: 'Repository.verify: truncation is damage',
    async run(context) {
      const chain = await writeChain(context, 2);
      for (const object of await context.stored()) {
        const bytes = await object.read();
        if (bytes.byteLength === 0) continue;
        await object.write(bytes.subarray(0, bytes.byteLength - 1));
        await expectFindingOrHarmless(context, chain, `${object.name} without its last byte`);
        await object.write(bytes);
      }
    },
  },
];

async function expectFound(
  context: RepositoryContext,
  chain: Chain,
  object: StoredObject,
  bytes: Uint8Array,
  bit: number,
): Promise<void> {
  const flipped = Uint8Array.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  await object.write(flipped);
  await expectFindingOrHarmless(context, chain, `bit ${bit} of ${object.name} (${bytes.byteLength} bytes)`);
  await object.write(bytes);
}

/** Harmless: a fresh process lists the same points, and every byte of them is right. A refusal is a finding too. */
async function expectFindingOrHarmless(
  { reopen }: RepositoryContext,
  chain: Chain,
  what: string,
): Promise<void> {
  const opened = await settle(reopen);
  if (!opened.ok) return;
  const repository = opened.value as Awaited<ReturnType<typeof reopen>>;
  const verified = await settle(async () => {
    const findings = await collect(repository.verify({ depth: 'data' }));
    assert.ok(!findings.some(({ severity }) => severity === 'error'));
  });
  if (verified.ok) {
    const harmless = await settle(async () => {
      assert.deepEqual(
        await pointIds(repository),
        chain.map(({ id }) => id),
      );
      for (const { id, content } of chain) await expectPoint(repository, id, { 'disk-a': content });
    });
    assert.ok(harmless.ok, `${what} is damaged and verify does not say so`);
  }
  await repository[Symbol.asyncDispose]();
}
