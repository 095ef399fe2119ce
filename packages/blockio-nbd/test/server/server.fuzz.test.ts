import type { ByteRange } from '@sendense/core';
import { seededRandom } from '@sendense/testkit';
import { collectGarbage } from '@sendense/tests/collect-garbage';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { arrayDisk } from './array-disk.ts';
import { type Bench, setUpBench } from './raw-client.ts';
import { anyBytes, damage, makeSession, pieces } from './session-cases.ts';

const SEED = testSeed();
const CASES = 12_000 * testScale();
const MIB = 1024 * 1024;
const SIZE = 64 * 1024;
const LIMITS = {
  maxPayloadBytes: MIB,
  connectionBytes: MIB,
  serverBytes: 2 * MIB,
  maxRequests: 8,
};
/** Growth of all buffers in use: what the server may take, its clients, and room for how they are collected. */
const MOST_BYTES = 8 * MIB;
/** A case takes a millisecond or so; one that takes this long hangs. */
const PATIENCE_MS = 10_000;

/**
 * Bytes of buffers that are in use. What is garbage counts for nothing: when it is collected depends on how busy the machine
 * is, so it is collected here before more than `most` is believed.
 */
function bufferBytes(most: number): number {
  const { arrayBuffers } = process.memoryUsage();
  if (arrayBuffers <= most) return arrayBuffers;
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** What the disks of the server saw. */
type Seen = { requests: number; largestBytes: number; mostBytes: number };

function fuzzedServer(): { readonly bench: Bench; readonly seen: Seen } {
  const seen: Seen = { requests: 0, largestBytes: 0, mostBytes: 0 };
  const watched = (alignmentBytes: number) => {
    const disk = arrayDisk(new Uint8Array(SIZE).fill(1, 8192, 30_000), { alignmentBytes, maxBytes: SIZE });
    const note = (bytes: number) => {
      seen.requests += 1;
      seen.largestBytes = Math.max(seen.largestBytes, bytes);
      seen.mostBytes = Math.max(seen.mostBytes, bench.context.bytes.taken);
    };
    const { reader, writer } = disk;
    return {
      reader: {
        ...reader,
        read: (offset: number, into: Uint8Array) => {
          note(into.byteLength);
          return reader.read(offset, into);
        },
        extents: (range: ByteRange) => {
          note(0);
          return reader.extents(range);
        },
      },
      writer: {
        ...writer,
        write: (offset: number, data: Uint8Array) => {
          note(data.byteLength);
          return writer.write(offset, data);
        },
        zero: (offset: number, length: number) => {
          note(0);
          return writer.zero(offset, length);
        },
      },
    };
  };
  const odd = {
    name: 'x:odd',
    async *status({ offset, length }: { offset: number; length: number }) {
      for (let at = offset; at < offset + length; at++) yield { offset: at, length: 1, flags: at % 2 };
    },
  };
  const bench = setUpBench(
    { '': watched(1), disk: { ...watched(1), contexts: [odd] }, blocks: watched(512) },
    { limits: LIMITS },
  );
  return { bench, seen };
}

/** Says these bytes to the server and resolves when it is done with the client. */
async function converse(bench: Bench, bytes: Uint8Array, random: () => number): Promise<void> {
  const { client, connection } = bench.connect();
  client.ignoreAnswers();
  for (const piece of pieces(bytes, random)) client.stream.write(piece);
  client.stream.end();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('the server hangs')), PATIENCE_MS);
  try {
    await Promise.race([connection.ended, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

it(
  'the server comes to an end with every client, and takes no more than it may',
  async () => {
    const { bench, seen } = fuzzedServer();
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => failures.push(error);
    process.on('unhandledRejection', onFailure);
    const before = bufferBytes(0);
    let peak = before;
    let entered = 0;
    try {
      for (let at = 0; at < CASES; at++) {
        const seed = SEED + at;
        const random = seededRandom(seed);
        const requests = seen.requests;
        const bytes = random() < 0.1 ? anyBytes(random) : damage(makeSession(random, SIZE), random);
        await converse(bench, bytes, random).catch((cause: unknown) => {
          throw new Error(`case with seed ${seed} failed`, { cause });
        });
        if (seen.requests > requests) entered += 1;
        // Plain comparisons: thousands of `expect` would take most of the time.
        if (bench.context.bytes.taken !== 0)
          throw new Error(`case with seed ${seed} kept bytes of the budget`);
        peak = Math.max(peak, bufferBytes(before + MOST_BYTES));
        if (bench.defects.length > 0) {
          throw new Error(`case with seed ${seed} hit a defect: ${bench.defects.join('; ')}`);
        }
        bench.log.length = 0;
      }
    } finally {
      process.off('unhandledRejection', onFailure);
    }
    console.info(`seed ${SEED}: ${CASES} sessions, ${entered} of them reached a disk`);
    expect(failures).toEqual([]);
    expect(entered).toBeGreaterThan(CASES / 2);
    expect(seen.largestBytes).toBeLessThanOrEqual(SIZE);
    expect(seen.mostBytes).toBeLessThanOrEqual(LIMITS.serverBytes);
    expect(peak - before).toBeLessThanOrEqual(MOST_BYTES);
  },
  60_000 * testScale(),
);
