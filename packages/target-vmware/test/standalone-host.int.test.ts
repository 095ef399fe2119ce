import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const MIB = 2 ** 20;
const DISKS = [seededBytes(51, 2 * MIB), seededBytes(52, MIB)];

describeWithPeers(['test-vcenter'], 'a restore to an ESXi on its own', () => {
  const bench = useBench({ esx: true, machines: 0 });
  afterEach(() => bench().clear());

  it.each(['lease', 'datastore'] as const)(
    'makes a machine with the bytes that were sent by %s, and starts it',
    async (via) => {
      await using target = bench().target({ via });
      await using writer = await target.begin(
        await planOf(target, { ...requestOf(DISKS), start: true }),
        runOf(),
      );
      await send(writer, DISKS);
      expect(await writer.commit()).toMatchObject({ findings: [] });
      const { machine } = await bench().machine('restored');
      expect(machine.power).toBe('on');
      for (const [number, bytes] of DISKS.entries())
        expect((await bench().content('restored', number)).equals(Buffer.from(bytes)), `disk ${number}`).toBe(
          true,
        );
      expect((await bench().objects()).filter((name) => name.includes('-disk-'))).toEqual([]);
    },
  );

  it('is undone without a trace', async () => {
    const before = await bench().objects();
    await using target = bench().target();
    await using writer = await target.begin(await planOf(target, requestOf(DISKS)), runOf());
    await send(writer, DISKS);
    await writer.rollback();
    expect(await bench().objects()).toEqual(before);
  });
});
