import type { BlockIoDriver } from '@sendense/core';
import { blockIoDriverConformance, type DiskContent, overlay, type Runner } from '../../src/index.ts';
import { type DriverChange, memoryDriverSubject } from '../memory-driver-subject.ts';
import type { Mutant } from './mutant.ts';

type Transfer = NonNullable<BlockIoDriver['transfer']>;

const transferring =
  (change: (transfer: Transfer, disks: readonly DiskContent[]) => Transfer): DriverChange =>
  (driver, disks) =>
    overlay(driver, {
      transfer: change(async (...given) => (await driver.transfer?.(...given)) as never, disks),
    });

/** Writes another byte at each turn of the event loop, for a while. */
function writeOn(disks: readonly DiskContent[], turn: number): void {
  for (const disk of disks) disk.write(65_536, new Uint8Array(512).fill(turn));
  if (turn < 60) setImmediate(() => writeOn(disks, turn + 1));
}

export const driverMutants: readonly Mutant<DriverChange>[] = [
  {
    breaks: 'goes on writing after a transfer has settled',
    caughtBy: 'writes nothing after an aborted transfer has settled',
    change: transferring((transfer, disks) => async (request, call) => {
      try {
        return await transfer(request, call);
      } finally {
        writeOn(disks, 1);
      }
    }),
  },
  {
    breaks: 'gives digests in another order than the moves',
    caughtBy: 'gives the digest of each move in their order',
    change: transferring((transfer) => async (request, call) => {
      const result = await transfer(request, call);
      const { digests } = result;
      if (digests === undefined) return result;
      const swapped = Buffer.concat([
        digests.subarray(32, 64),
        digests.subarray(0, 32),
        digests.subarray(64),
      ]);
      return { ...result, digests: swapped };
    }),
  },
  {
    breaks: 'takes every move from the first source',
    caughtBy: 'moves ranges of several sources to where they are asked for, and touches nothing else',
    change: transferring(
      (transfer) => (request, call) =>
        transfer({ ...request, from: request.from.map(() => request.from[0] as never) }, call),
    ),
  },
  {
    breaks: 'writes zeros that are to be left out',
    caughtBy: 'leaves runs of zeros out, or writes them, and tells them',
    change: transferring(
      (transfer) => (request, call) =>
        transfer({ ...request, zeros: { ...request.zeros, action: 'write' } }, call),
    ),
  },
  {
    breaks: 'does not tell the zeros it left out',
    caughtBy: 'leaves runs of zeros out, or writes them, and tells them',
    change: transferring((transfer) => async (request, call) => ({
      ...(await transfer(request, call)),
      zeros: new Float64Array(0),
    })),
  },
  {
    breaks: 'leaves gaps where zeros are to be packed',
    caughtBy: 'packs data without the zeros between it, over move after move, and tells them',
    change: transferring((transfer) => (request, call) => {
      const { action } = request.zeros;
      return transfer(
        { ...request, zeros: { ...request.zeros, action: action === 'pack' ? 'skip' : action } },
        call,
      );
    }),
  },
  {
    breaks: 'packs moves that lie apart',
    caughtBy: 'refuses to pack moves that do not follow each other, before it writes',
    change: transferring((transfer) => (request, call) => {
      if (request.zeros.action !== 'pack') return transfer(request, call);
      const moves = request.moves.slice();
      for (let at = 6; at < moves.length; at += 4) moves[at] = (moves[at - 4] ?? 0) + (moves[at - 3] ?? 0);
      return transfer({ ...request, moves }, call);
    }),
  },
  {
    breaks: 'clears a destination that it opens',
    caughtBy: 'opens a destination without changing a byte of it',
    change: (driver, disks) =>
      overlay(driver, {
        async openWriter(endpoint, call) {
          for (const disk of disks) disk.zero(0, disk.sizeBytes);
          return await driver.openWriter(endpoint, call);
        },
      }),
  },
  {
    breaks: 'supports everything',
    caughtBy: 'declares the capabilities it has, and answers what it supports without I/O',
    change: (driver) => overlay(driver, { supports: () => true }),
  },
];

export function registerDriver(runner: Runner, change: DriverChange): void {
  blockIoDriverConformance(runner, memoryDriverSubject('mutant', change));
}
