import type { ByteRange } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { faultReply, scripted } from '../../test/support/scripted-session.ts';
import { type ChangedAreasRequest, queryChangedAreas } from './changed-areas.ts';

const MACHINE = { type: 'VirtualMachine', id: 'vm-7' };
const SIZE = 1000;
const REQUEST: ChangedAreasRequest = {
  machine: MACHINE,
  snapshot: { type: 'VirtualMachineSnapshot', id: 'snapshot-9' },
  deviceKey: 2000,
  sizeBytes: SIZE,
  changeId: '52 de c0/17',
};

type Area = readonly [start: number, length: number];

function reply(startOffset: number, length: number, areas: readonly Area[] = []): string {
  const changed = areas.map(
    ([start, bytes]) => `<changedArea><start>${start}</start><length>${bytes}</length></changedArea>`,
  );
  return `<QueryChangedDiskAreasResponse><returnval><startOffset>${startOffset}</startOffset><length>${length}</length>${changed.join('')}</returnval></QueryChangedDiskAreasResponse>`;
}

/** What is told when the server answers with `replies` in turn, and from where each was asked for. */
async function told(replies: readonly string[], request: Partial<ChangedAreasRequest> = {}) {
  const left = [...replies];
  const { session, sent } = scripted({
    QueryChangedDiskAreas: () => left.shift() ?? faultReply('InvalidArgument'),
  });
  await session.open();
  const areas: ByteRange[] = [];
  for await (const area of queryChangedAreas(session, { ...REQUEST, ...request })) areas.push(area);
  const asked = sent
    .filter(({ method }) => method === 'QueryChangedDiskAreas')
    .map(({ body }) => Number(/<startOffset>(\d+)</.exec(body)?.[1]));
  return { areas: areas.map(({ offset, length }): Area => [offset, length]), asked, sent };
}

describe('changed areas of a disk', () => {
  it('are asked for from where the last reply ended, and never at the end of the disk', async () => {
    const { areas, asked } = await told([reply(0, 400, [[100, 50]]), reply(400, 600, [[900, 100]])]);
    expect(asked).toEqual([0, 400]);
    expect(areas).toEqual([
      [100, 50],
      [900, 100],
    ]);
  });

  it('are those of the snapshot since the change id, with parameters in the order of the WSDL', async () => {
    const { sent } = await told([reply(0, SIZE)]);
    expect(sent.at(-1)?.body.replaceAll(/>\s+</g, '><')).toContain(
      '<snapshot type="VirtualMachineSnapshot">snapshot-9</snapshot><deviceKey>2000</deviceKey><startOffset>0</startOffset><changeId>52 de c0/17</changeId>',
    );
  });

  it('are joined, sorted and clipped, also where two replies meet', async () => {
    const { areas } = await told([
      reply(0, 500, [
        [300, 200],
        [100, 50],
        [140, 20],
      ]),
      reply(500, 700, [
        [500, 10],
        [990, 200],
        [2000, 5],
      ]),
    ]);
    expect(areas).toEqual([
      [100, 60],
      [300, 210],
      [990, 10],
    ]);
  });

  it('are not lost when one reaches past its reply and the next does not tell it again', async () => {
    const { areas } = await told([reply(0, 500, [[400, 300]]), reply(500, 500, [[800, 1]])]);
    expect(areas).toEqual([
      [400, 300],
      [800, 1],
    ]);
  });

  it('may be none', async () => {
    expect((await told([reply(0, SIZE)])).areas).toEqual([]);
    expect((await told([], { sizeBytes: 0 })).asked).toEqual([]);
  });

  it.each([
    ['leaves out what follows', [reply(0, 0)]],
    ['does not go on', [reply(0, 400), reply(0, 400)]],
    ['leaves a gap', [reply(0, 400), reply(500, 500)]],
    ['has an area before it', [reply(0, 400), reply(400, 600, [[10, 5]])]],
    ['has an area that is no range', [reply(0, SIZE, [[-5, 10]])]],
    ['has an area beyond what can be counted', [reply(0, SIZE, [[9_007_199_254_740_991, 10]])]],
    ['holds nothing', ['<QueryChangedDiskAreasResponse/>']],
  ])('are refused from a reply that %s', async (_what, replies) => {
    await expect(told(replies)).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      context: { deviceKey: 2000, machine: 'vm-7' },
    });
  });

  it.each(['FileFault', 'InvalidArgument', 'FileNotFound'])(
    'are lost when the server answers %s',
    async (fault) => {
      await expect(told([faultReply(fault)])).rejects.toMatchObject({
        code: 'CHANGE_TRACKING_LOST',
        context: { fault },
      });
    },
  );

  it('fail for another fault as it is', async () => {
    const denied = faultReply(
      'NoPermission',
      '<privilegeId>VirtualMachine.Provisioning.DiskRandomRead</privilegeId>',
    );
    await expect(told([denied])).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});
