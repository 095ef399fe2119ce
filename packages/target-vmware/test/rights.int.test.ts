import { type RestorePlan, SendenseError, type TargetConnector } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RESTORE_RIGHTS } from './restore-rights.ts';
import { planOf, requestOf, runOf, send } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const DISKS = [seededBytes(81, 2 ** 20)];
const NICS = [{ model: 'vmxnet3', network: 'VM Network' }];

/** Without the first a machine is made all the same, without its UEFI variables; the second is for files. */
const OF_LEASES = RESTORE_RIGHTS.filter(
  (right) => right !== 'VirtualMachine.Config.AdvancedConfig' && right !== 'Datastore.Browse',
);

/** A disk that is put on a datastore is neither imported nor made by the server, and was on no other machine. */
const OF_DATASTORES = RESTORE_RIGHTS.filter(
  (right) =>
    right !== 'VirtualMachine.Config.AdvancedConfig' &&
    right !== 'VApp.Import' &&
    right !== 'VirtualMachine.Config.AddNewDisk' &&
    right !== 'VirtualMachine.Config.RemoveDisk',
);

describeWithPeers(
  ['test-vcenter'],
  'the rights of a restore that replaces a machine and starts the new one',
  () => {
    const bench = useBench();
    const allow = (privileges: readonly string[]) => bench().server.control('settings', { privileges });

    describe.each([
      { via: 'lease', wanted: OF_LEASES },
      { via: 'datastore', wanted: OF_DATASTORES },
    ] as const)('by $via', ({ via, wanted }) => {
      let target: TargetConnector;
      let plan: RestorePlan;
      beforeEach(async () => {
        target = bench().target({ via });
        await using first = await target.begin(await planOf(target, requestOf(DISKS)), runOf());
        await send(first, DISKS);
        await first.commit();
        const request = { ...requestOf(DISKS, { nics: NICS }), overwrite: true, start: true };
        plan = await planOf(target, request);
      });
      afterEach(async () => {
        await allow([]);
        await target[Symbol.asyncDispose]();
        await bench().clear();
      });

      /** What a restore by a user with these rights alone ends in. */
      async function restored(privileges: readonly string[]): Promise<unknown> {
        await using writer = await target.begin(plan, runOf());
        await allow(privileges);
        try {
          await send(writer, DISKS);
          return (await writer.commit()).findings;
        } catch (error) {
          await allow([]);
          await writer.rollback();
          if (!SendenseError.is(error)) throw error;
          // a refused file names none: the remedy does
          return { code: error.code, names: error.context.privilege ?? error.remedy };
        }
      }

      it('are enough', async () => {
        expect(await restored(wanted)).toEqual([]);
      });

      it.each(wanted)('are all needed: without %s it fails, and tells so', async (right) => {
        expect(await restored(wanted.filter((other) => other !== right))).toEqual({
          code: 'PERMISSION_DENIED',
          names: expect.stringContaining(right),
        });
      });
    });
  },
);
