import { connectNbd } from '@sendense/blockio-nbd/client';
import { startNbdServer } from '@sendense/blockio-nbd/server';
import { seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { arrayDisk } from './array-disk.ts';

const KIB = 1024;
const SIZE = 1024 * KIB;
const RUNS = 12 * testScale();
const STEPS = 60;

/**
 * One client does random things to a disk over several connections; a plain array tells what must be there. Tells whether
 * the disk is equal to it in the end.
 */
async function play(seed: number): Promise<boolean> {
  const random = seededRandom(seed);
  const model = seededBytes(seed, SIZE);
  const block = [1, 512, 4096][seededInteger(random, 3)] ?? 1;
  const disk = arrayDisk(Uint8Array.from(model), { alignmentBytes: block, maxBytes: 16 * KIB });
  await using server = await startNbdServer();
  server.addExport('disk', disk);
  const contexts = ['base:allocation'];
  const connections = 1 + seededInteger(random, 4);
  await using client = await connectNbd({ address: server.address, export: 'disk', contexts, connections });
  const range = () => {
    const offset = seededInteger(random, SIZE / block) * block;
    const length = Math.min(SIZE - offset, (1 + seededInteger(random, (200 * KIB) / block)) * block);
    return { offset, length };
  };
  for (let step = 0; step < STEPS; step++) {
    const { offset, length } = range();
    const durable = random() < 0.2;
    switch (seededInteger(random, 4)) {
      case 0: {
        const data = seededBytes(seed + step, length);
        model.set(data, offset);
        await client.write(offset, data, { durable });
        break;
      }
      case 1:
        model.fill(0, offset, offset + length);
        await client.zero(offset, length, { durable, noHole: random() < 0.5 });
        break;
      case 2: {
        const read = new Uint8Array(length);
        await client.read(offset, read);
        if (Buffer.compare(read, model.subarray(offset, offset + length)) !== 0) {
          throw new Error(`step ${step}: [${offset}, +${length}) reads as something else`);
        }
        break;
      }
      default:
        for await (const run of client.blockStatus('base:allocation', { offset, length })) {
          const zero = (Number(run.flags) & 2) !== 0;
          if (zero && model.subarray(run.offset, run.offset + run.length).some((byte) => byte !== 0)) {
            throw new Error(`step ${step}: calls data at ${run.offset} zeros`);
          }
        }
    }
  }
  const all = new Uint8Array(SIZE);
  await client.read(0, all);
  return Buffer.compare(all, model) === 0;
}

it(
  'client and server keep a disk equal to a plain array through random changes',
  async () => {
    for (let run = 0; run < RUNS; run++) {
      const seed = testSeed() + run;
      const equal = await play(seed).catch((cause: unknown) => {
        throw new Error(`the run with seed ${seed} failed`, { cause });
      });
      expect(equal, `seed ${seed}`).toBe(true);
    }
    console.info(`seed ${testSeed()}: ${RUNS} runs of ${STEPS} steps`);
  },
  60_000 * testScale(),
);
