import { SendenseError } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { CONTEXTS, DISK, DISK_BYTES, honestReplies } from '../../../test/support/reply-cases.ts';
import { Command, type HeaderStyle, type NbdRequest, REPLY_HEADER_BYTES } from '../../protocol/index.ts';
import { PendingRequest, type RequestOutcome } from './pending-request.ts';
import { ReplyStream } from './reply-stream.ts';

const CASES = Math.round(5000 * testScale());
const styles: readonly HeaderStyle[] = ['simple', 'structured', 'extended'];
/** Bytes around each buffer that must stay as they are. */
const MARGIN = 64;

type Played = {
  readonly outcomes: Map<bigint, RequestOutcome>;
  readonly buffers: Map<bigint, Uint8Array>;
  readonly thrown: unknown;
};

/** Feeds bytes, cut at random, to a stream that waits for answers to `requests`. */
function play(
  style: HeaderStyle,
  requests: readonly NbdRequest[],
  bytes: Uint8Array,
  random: () => number,
): Played {
  const outcomes = new Map<bigint, RequestOutcome>();
  const buffers = new Map<bigint, Uint8Array>();
  const pending = new Map<bigint, PendingRequest>();
  for (const request of requests) {
    const reads = request.command === Command.read;
    const whole = new Uint8Array((reads ? request.length : 0) + 2 * MARGIN).fill(0xee);
    buffers.set(request.cookie, whole);
    const into = reads ? whole.subarray(MARGIN, MARGIN + request.length) : undefined;
    const settle = (outcome: RequestOutcome) => outcomes.set(request.cookie, outcome);
    pending.set(request.cookie, new PendingRequest(request, into, { settle, fail: () => undefined }));
  }
  const stream = new ReplyStream(style, pending, { sizeBytes: DISK_BYTES, contexts: CONTEXTS });
  try {
    for (let at = 0; at < bytes.byteLength; ) {
      const cut = 1 + seededInteger(random, seededInteger(random, 3) === 0 ? 5 : 4000);
      const part = Uint8Array.from(bytes.subarray(at, at + cut));
      stream.push(part);
      // a socket reads into the same buffer again
      part.fill(0xaa);
      at += cut;
    }
    return { outcomes, buffers, thrown: undefined };
  } catch (thrown) {
    return { outcomes, buffers, thrown };
  }
}

/** Damages bytes: mostly fields of the headers, for what the magic hides is never looked at. */
function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const damaged = Uint8Array.from(bytes);
  const way = seededInteger(random, 6);
  if (way === 0) return damaged.subarray(0, seededInteger(random, damaged.byteLength));
  if (way === 1) {
    const at = seededInteger(random, damaged.byteLength);
    return Buffer.concat([
      damaged.subarray(0, at),
      Uint8Array.of(seededInteger(random, 256)),
      damaged.subarray(at),
    ]);
  }
  if (way === 2) return Buffer.concat([damaged, damaged]);
  const near =
    way === 3 ? damaged.byteLength : Math.min(damaged.byteLength, REPLY_HEADER_BYTES.extended + 20);
  for (let count = 1 + seededInteger(random, 3); count > 0; count--) {
    const at = Math.min(damaged.byteLength - 1, 4 + seededInteger(random, near));
    damaged[at] = [0, 1, 0xff, 0x80, seededInteger(random, 256)][seededInteger(random, 5)] ?? 0;
  }
  return damaged;
}

function expectMargins({ buffers }: Played, name: string): void {
  for (const whole of buffers.values()) {
    const clean = [...whole.subarray(0, MARGIN), ...whole.subarray(-MARGIN)].every((byte) => byte === 0xee);
    if (!clean) throw new Error(`${name}: bytes outside of a buffer were written`);
  }
}

describe.each(styles)('replies of style %s', (style) => {
  const seed = testSeed();

  it(`that are honest give the bytes of the disk, however they are cut and mixed (seed ${seed})`, () => {
    const random = seededRandom(seed);
    for (let index = 0; index < CASES / 5; index++) {
      const { requests, bytes } = honestReplies(style, random);
      const played = play(style, requests, bytes, random);
      if (played.thrown !== undefined) throw new Error(`case ${index}`, { cause: played.thrown });
      for (const { cookie, command, offset, length } of requests) {
        const outcome = played.outcomes.get(cookie);
        if (outcome === undefined) throw new Error(`case ${index}: request ${cookie} has no outcome`);
        if (!outcome.ok || command !== Command.read) continue;
        const read = played.buffers.get(cookie)?.subarray(MARGIN, MARGIN + length) ?? new Uint8Array();
        if (Buffer.compare(read, DISK.subarray(offset, offset + length)) !== 0)
          throw new Error(`case ${index}: read ${cookie} gave other bytes`);
      }
      expectMargins(played, `case ${index}`);
    }
  });

  it(`that are damaged settle or throw PROTOCOL_VIOLATION, and write nowhere else (seed ${seed})`, () => {
    const random = seededRandom(seed + 1);
    let refused = 0;
    let settled = 0;
    for (let index = 0; index < CASES; index++) {
      const { requests, bytes } = honestReplies(style, random);
      const played = play(style, requests, damage(bytes, random), random);
      const { thrown } = played;
      if (thrown !== undefined && !SendenseError.is(thrown, 'PROTOCOL_VIOLATION'))
        throw new Error(`case ${index}`, { cause: thrown });
      expectMargins(played, `case ${index}`);
      if (thrown !== undefined) refused += 1;
      settled += played.outcomes.size;
    }
    console.info(`seed ${seed}, ${style}: ${CASES} cases, ${refused} refused, ${settled} requests settled`);
    expect(refused).toBeGreaterThan(CASES / 10);
    expect(settled).toBeGreaterThan(CASES / 2);
  });
});
