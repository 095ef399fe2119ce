import { describe, expect, it } from 'vitest';
import {
  failedTask,
  faultReply,
  type Script,
  scripted,
  taskScript,
} from '../../test/support/scripted-session.ts';
import { createSnapshot, readSnapshotDisks, removeSnapshot } from './snapshots.ts';

const SNAPSHOT = { type: 'VirtualMachineSnapshot', id: 'snapshot-7' };
const GONE = '<obj>snapshot-7</obj>';
const BEGUN: Script = {
  RemoveSnapshot_Task: () =>
    '<RemoveSnapshot_TaskResponse><returnval type="Task">task-1</returnval></RemoveSnapshot_TaskResponse>',
};

async function opened(script: Script) {
  const { session } = scripted(script);
  await session.open();
  return session;
}

describe('taking a snapshot', () => {
  const begun: Script = {
    CreateSnapshot_Task: () =>
      '<CreateSnapshot_TaskResponse><returnval type="Task">task-1</returnval></CreateSnapshot_TaskResponse>',
  };

  it.each([
    ['SnapshotNoChange', 'SNAPSHOT_FAILED', 'never'],
    ['TooManySnapshotLevels', 'SNAPSHOT_FAILED', 'never'],
    ['InvalidState', 'CONFLICT', 'never'],
    ['TaskInProgress', 'LOCKED', 'later'],
    ['ApplicationQuiesceFault', 'QUIESCE_FAILED', 'never'],
    ['FilesystemQuiesceFault', 'QUIESCE_FAILED', 'never'],
  ])('that ends in %s is %s, of the call and of its task', async (fault, code, retry) => {
    const request = { name: 'n', description: '', quiesce: true };
    const scripts: readonly Script[] = [
      { CreateSnapshot_Task: () => faultReply(fault) },
      { ...begun, ...taskScript([failedTask(fault)]) },
    ];
    for (const script of scripts) {
      const taken = createSnapshot(await opened(script), { type: 'VirtualMachine', id: 'vm-7' }, request);
      await expect(taken).rejects.toMatchObject({
        code,
        retry,
        effect: 'none',
        message: expect.stringContaining('no'),
        remedy: expect.any(String),
        context: { fault, method: 'CreateSnapshot_Task' },
      });
    }
  });
});

describe('removing a snapshot', () => {
  it.each<[string, Script]>([
    ['the call', { RemoveSnapshot_Task: () => faultReply('ManagedObjectNotFound', GONE) }],
    ['the task', { ...BEGUN, ...taskScript([failedTask('ManagedObjectNotFound', GONE)]) }],
  ])('is done when %s says that it is gone', async (_who, script) => {
    await expect(removeSnapshot(await opened(script), SNAPSHOT)).resolves.toBeUndefined();
  });

  const other = '<obj>own</obj>';
  it.each<[string, Script, 'none' | 'unknown']>([
    ['a file of the disks', { ...BEGUN, ...taskScript([failedTask('FileNotFound')]) }, 'none'],
    ['another object', { ...BEGUN, ...taskScript([failedTask('ManagedObjectNotFound', other)]) }, 'none'],
    [
      'what waits for the task',
      { ...BEGUN, ...taskScript([]), WaitForUpdatesEx: () => faultReply('ManagedObjectNotFound', other) },
      'unknown',
    ],
  ])('fails when %s is gone', async (_what, script, effect) => {
    const removed = removeSnapshot(await opened(script), SNAPSHOT);
    await expect(removed).rejects.toMatchObject({ code: 'NOT_FOUND', effect });
  });
});

describe('the disks of a snapshot', () => {
  const reply = (properties: string) => ({
    RetrievePropertiesEx: () =>
      `<RetrievePropertiesExResponse><returnval><objects><obj type="VirtualMachineSnapshot">snapshot-7</obj>${properties}</objects></returnval></RetrievePropertiesExResponse>`,
  });

  it.each([
    ['withheld', '<missingSet><path>config.hardware</path></missingSet>', 'PERMISSION_DENIED'],
    ['not told', '', 'PROTOCOL_VIOLATION'],
  ])('are not taken for none when they are %s', async (_how, properties, code) => {
    const read = readSnapshotDisks(await opened(reply(properties)), SNAPSHOT);
    await expect(read).rejects.toMatchObject({ code, remedy: expect.any(String) });
  });

  it('are none when the server says so', async () => {
    const none = reply('<propSet><name>config.hardware</name><val><numCPU>1</numCPU></val></propSet>');
    expect(await readSnapshotDisks(await opened(none), SNAPSHOT)).toEqual([]);
  });
});
