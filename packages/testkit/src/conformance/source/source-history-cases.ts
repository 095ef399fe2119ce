import assert from 'node:assert/strict';
import { type ChangeState, streamId } from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededInteger, seededRandom } from '../../seeded.ts';
import type { ConformanceCase } from '../case.ts';
import { afterCrash, backUp, GuestModel, keepOf, requestOf } from './capture-work.ts';
import { DISK_SIZES, type SourceContext } from './source-subject.ts';

/** What a destination of one stream holds. */
type Destination = { readonly stream: string; state: ChangeState | null; disks: readonly DiskContent[] };

/** Long random lives of a machine with two destinations: every backup must be the machine, byte for byte. */
export const sourceHistoryCases: readonly ConformanceCase<SourceContext>[] = [1, 2, 3].map((seed) => ({
  name: `misses no write through a random history of backups, give-ups and crashes of two streams (seed ${seed})`,
  clause: 'invariants 1, 2 and 6 together',
  run: (context) => live(context, seed),
}));

async function live(context: SourceContext, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const guest = new GuestModel(context);
  const destinations: Destination[] = ['stream-1', 'stream-2'].map((stream) => ({
    stream,
    state: null,
    disks: [],
  }));
  let { source } = context;
  for (let step = 0; step < 16; step++) {
    await write(guest, random);
    const destination = destinations[seededInteger(random, 2)] ?? assert.fail();
    const stream = streamId(destination.stream);
    const since = destination.state === null ? [] : [destination.state];
    const choice = seededInteger(random, 5);
    if (choice < 3) {
      const done = await backUp({ ...context, source }, guest, { stream, since }, destination.disks);
      if (destination.state !== null && choice === 0) await source.retire([destination.state]);
      Object.assign(destination, { state: done.state, disks: done.disks });
    } else {
      const capture = await source.capture(requestOf(context, { stream, since }));
      await write(guest, random);
      if (choice === 3) await capture[Symbol.asyncDispose]();
      else source = await recover(context, destinations);
    }
  }
}

async function recover(
  context: SourceContext,
  destinations: readonly Destination[],
): Promise<SourceContext['source']> {
  const source = await afterCrash(context);
  const states = destinations.flatMap(({ state }) => (state === null ? [] : [state]));
  await source.reconcile(keepOf(context.owner, { states }));
  return source;
}

async function write(guest: GuestModel, random: () => number): Promise<void> {
  const disk = seededInteger(random, DISK_SIZES.length);
  const sectors = Math.floor((DISK_SIZES[disk] ?? 0) / 512);
  const length = 1 + seededInteger(random, 40);
  const offset = seededInteger(random, sectors - length);
  await guest.write(disk, offset * 512, length * 512);
}
