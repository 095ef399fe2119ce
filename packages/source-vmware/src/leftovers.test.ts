import { captureId, streamId } from '@sendense/core';
import type { VimSnapshot } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import { belowOurs, nameOf, snapshotText } from './leftovers.ts';

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
