import { describe, expect, it } from 'vitest';
import { change, faultReply, scripted, taskScript, update } from '../../test/support/scripted-session.ts';
import { consolidateDisks } from './consolidate.ts';
import { readSnapshots } from './snapshot-tree.ts';

const MACHINE = { type: 'VirtualMachine', id: 'vm-7' };

function node(id: number, more = ''): string {
  return `<snapshot type="VirtualMachineSnapshot">snapshot-${id}</snapshot><name>s${id}</name><description>d</description><createTime>2026-11-2${id}T10:00:00.5Z</createTime><quiesced>true</quiesced>${more}`;
}

function machine(properties: string): string {
  return `<RetrievePropertiesExResponse><returnval><objects><obj type="VirtualMachine">vm-7</obj>${properties}</objects></returnval></RetrievePropertiesExResponse>`;
}

describe('the snapshots of a machine', () => {
  async function treeOf(value: string) {
    const { session } = scripted({ RetrievePropertiesEx: () => machine(value) });
    await session.open();
    return readSnapshots(session, MACHINE);
  }

  it('are told each after the one below it', async () => {
    const { snapshots, current } = await treeOf(
      `<propSet><name>snapshot</name><val><currentSnapshot type="VirtualMachineSnapshot">snapshot-3</currentSnapshot><rootSnapshotList>${node(
        1,
        `<childSnapshotList>${node(2)}</childSnapshotList><childSnapshotList>${node(3)}</childSnapshotList>`,
      )}</rootSnapshotList></val></propSet>`,
    );
    expect(snapshots.map(({ object, parent }) => [object.id, parent?.id])).toEqual([
      ['snapshot-1', undefined],
      ['snapshot-2', 'snapshot-1'],
      ['snapshot-3', 'snapshot-1'],
    ]);
    expect(snapshots[0]).toMatchObject({
      name: 's1',
      description: 'd',
      quiesced: true,
      createdAt: new Date('2026-11-21T10:00:00.500Z'),
    });
    expect(current?.id).toBe('snapshot-3');
  });

  it('are none where the property is absent', async () => {
    expect(await treeOf('')).toEqual({ snapshots: [], current: undefined });
  });
});

describe('merging what a removed snapshot left', () => {
  const needed = (value: string) => ({
    RetrievePropertiesEx: () =>
      machine(`<propSet><name>runtime.consolidationNeeded</name><val>${value}</val></propSet>`),
  });
  const begun = {
    ConsolidateVMDisks_Task: () =>
      '<ConsolidateVMDisks_TaskResponse><returnval type="Task">task-1</returnval></ConsolidateVMDisks_TaskResponse>',
    ...taskScript([update(1, change('info.state', 'success'))]),
  };

  it.each([
    ['true', true],
    ['false', false],
  ])('is done only where the server says that it is needed (%s)', async (value, done) => {
    const { session, methods } = scripted({ ...begun, ...needed(value) });
    await session.open();
    expect(await consolidateDisks(session, MACHINE)).toBe(done);
    expect(methods().includes('ConsolidateVMDisks_Task')).toBe(done);
  });

  it('is not needed of a machine that is gone, and fails for what else is', async () => {
    const gone = (id: string) =>
      scripted({ RetrievePropertiesEx: () => faultReply('ManagedObjectNotFound', `<obj>${id}</obj>`) });
    const first = gone('vm-7').session;
    await first.open();
    expect(await consolidateDisks(first, MACHINE)).toBe(false);
    const second = gone('pc').session;
    await second.open();
    await expect(consolidateDisks(second, MACHINE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
