import { captureId, type LogRecord, SendenseError, streamId, systemRandom } from '@sendense/core';
import type { VimClient, VimSnapshot } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import { belowOurs, nameOf, removeSnapshots, snapshotText, undone } from './leftovers.ts';

const ORIGIN = {
  capture: captureId('sendense-7f.1'),
  stream: streamId('job:nightly'),
  at: new Date(1_763_800_000_000),
};

function snapshot(text: { readonly name: string; readonly description: string }): VimSnapshot {
  const object = { type: 'VirtualMachineSnapshot', id: 'snapshot-1' };
  return { object, createdAt: undefined, quiesced: false, parent: undefined, ...text };
}

describe('the name of a snapshot of a backup', () => {
  it('tells its capture, stream and time', () => {
    expect(nameOf(snapshot(snapshotText(ORIGIN)))).toMatchObject(ORIGIN);
  });

  it('fits into what clients of vSphere show, and tells the whole id all the same', () => {
    const capture = captureId(`sendense-${'x'.repeat(119)}`);
    const text = snapshotText({ ...ORIGIN, capture });
    expect(text.name).toHaveLength(80);
    expect(nameOf(snapshot(text))?.capture).toBe(capture);
  });

  it.each([
    ['of somebody else', { name: 'before the update', description: '' }],
    [
      'with our description and another name',
      { name: 'mine', description: snapshotText(ORIGIN).description },
    ],
    ['with our name and another description', { name: snapshotText(ORIGIN).name, description: 'kept' }],
  ])('is not found on one %s', (_what, text) => {
    expect(nameOf(snapshot(text))).toBeUndefined();
  });
});

describe('what a snapshot of a backup stands on', () => {
  const at = (id: string, below?: string, text = { name: id, description: '' }): VimSnapshot => ({
    ...snapshot(text),
    object: { type: 'VirtualMachineSnapshot', id },
    parent: below === undefined ? undefined : { type: 'VirtualMachineSnapshot', id: below },
  });
  const ours = snapshotText(ORIGIN);

  it('is the nearest of somebody else below it, whatever came on top meanwhile', () => {
    const theirs = at('s-2', 's-1');
    const snapshots = [at('s-1'), theirs, at('s-3', 's-2', ours), at('s-4', 's-3', ours), at('s-5', 's-4')];
    expect(belowOurs({ snapshots }, snapshots[3]?.object)).toBe(theirs);
  });

  it('is nothing where all below are of backups', () => {
    const snapshots = [at('s-3', undefined, ours), at('s-4', 's-3', ours), at('s-5', 's-4')];
    expect(belowOurs({ snapshots }, snapshots[1]?.object)).toBeUndefined();
    expect(belowOurs({ snapshots: [] }, undefined)).toBeUndefined();
  });
});

describe('a snapshot that the server does not remove', () => {
  const OBJECT = { type: 'x', id: 'x' };
  const MACHINE = { type: 'VirtualMachine', id: 'vm-1' };
  const locked = async () => {
    throw new SendenseError('LOCKED', 'another task holds it', { operation: 'vim-RemoveSnapshot_Task' });
  };
  const vim: VimClient = {
    host: 'vc.example',
    content: {
      about: { kind: 'vcenter', fullName: 'vCenter', apiVersion: '8.0', instanceUuid: undefined },
      rootFolder: OBJECT,
      sessionManager: OBJECT,
      propertyCollector: OBJECT,
      viewManager: OBJECT,
      searchIndex: OBJECT,
      fileManager: undefined,
      virtualDiskManager: undefined,
      ovfManager: undefined,
    },
    redact: (text) => text,
    invoke: locked,
    inOneSession: locked,
    inAutomation: locked,
    fetchRange: locked,
    fetchFromHost: locked,
    openStream: locked,
    transfer: locked,
    [Symbol.asyncDispose]: async () => undefined,
  };

  function bench() {
    const logged: LogRecord[] = [];
    const timer = { monotonicMs: () => 0, sleep: async () => undefined };
    const log = (record: LogRecord) => void logged.push(record);
    const context = { timer, random: systemRandom, log, options: { taskPatienceMinutes: 120 } };
    const remove = () => removeSnapshots(context, { vim }, MACHINE, [snapshot(snapshotText(ORIGIN))]);
    return { context, remove, errors: () => logged.filter(({ level }) => level === 'error') };
  }

  it('is a finding, and logged by its name', async () => {
    const { remove, errors } = bench();
    expect(await remove()).toMatchObject({ removed: [], findings: [{ code: 'snapshot-left' }] });
    const message = expect.stringContaining('sendense.sendense-7f.1');
    expect(errors()).toMatchObject([{ message, fields: { object: 'snapshot-1', machine: 'vm-1' } }]);
  });

  it('is told by the error of a backup that could not be begun', async () => {
    const { context, remove } = bench();
    const why = new SendenseError('NO_SPACE', 'full', { operation: 'begin-capture' });
    expect(await undone(context, MACHINE, why, remove)).toMatchObject({
      code: 'NO_SPACE',
      effect: 'unknown',
      context: { left: [{ object: 'snapshot-1' }] },
    });
    const done = async () => ({ removed: [], findings: [] });
    expect(await undone(context, MACHINE, why, done)).toBe(why);
  });

  it('is not ruled out where nobody could look', async () => {
    const { context, errors } = bench();
    const why = new SendenseError('NO_SPACE', 'full', { operation: 'begin-capture' });
    expect(await undone(context, MACHINE, why, locked)).toMatchObject({
      code: 'NO_SPACE',
      effect: 'unknown',
    });
    expect(errors()).toMatchObject([{ fields: { machine: 'vm-1' } }]);
  });
});
