import assert from 'node:assert/strict';
import { type Capture, type SourceCapabilities, streamId } from '@sendense/core';
import { collect } from '../../collect.ts';
import type { ConformanceCase } from '../case.ts';
import { abortDuring, expectCode, settle } from '../expect.ts';
import {
  afterCrash,
  backUp,
  expectReceived,
  GuestModel,
  keepOf,
  requestOf,
  stateOf,
} from './capture-work.ts';
import { DISK_SIZES, type SourceContext } from './source-subject.ts';

type SourceCase = ConformanceCase<SourceContext, SourceCapabilities>;

const tracks = ({ tracking }: SourceCapabilities): boolean => tracking;

/** A guest that has written, and its first backup. */
async function firstBackup(context: SourceContext) {
  const guest = new GuestModel(context);
  await guest.write(0, 0, 262_144);
  await guest.write(1, 0, 65_536);
  const backup = await backUp(context, guest);
  return { guest, backup, state: stateOf(backup) };
}

/** Increments: what they hold, and that nothing but `retire` takes a baseline away. */
export const baselineCases: readonly SourceCase[] = [
  {
    name: 'answers with what changed since the state, and nothing is missed',
    clause: 'Changes: only `extents()` differ from the instant `since` (invariant 6)',
    requires: tracks,
    async run(context) {
      const { guest, backup, state } = await firstBackup(context);
      await guest.write(0, 65_536 + 512, 1024);
      await guest.write(0, (DISK_SIZES[0] ?? 0) - 512, 512);
      const capture = await context.source.capture(requestOf(context, { since: [state] }));
      for (const { changes } of capture.disks) {
        assert.ok(changes.kind === 'incremental', `${changes.kind}, must be incremental`);
        assert.equal(changes.since, state.instant);
      }
      await expectReceived(context, capture, guest.freeze(), backup.disks);
      await capture[Symbol.asyncDispose]();
    },
  },
  {
    name: 'reads no more than the pieces that were written',
    clause: 'SourceCapabilities.granularityBytes; CAP-1: incremental reads only changed extents',
    requires: tracks,
    async run(context) {
      const { guest, state } = await firstBackup(context);
      await guest.write(0, 524_288, 512);
      const capture = await context.source.capture(requestOf(context, { since: [state] }));
      const { granularityBytes } = context.capabilities;
      for (const { id, changes, sizeBytes } of capture.disks) {
        assert.ok(changes.kind === 'incremental');
        const extents = await collect(changes.extents());
        const bytes = extents.reduce((sum, { length }) => sum + length, 0);
        const allowed = id === context.disks[0] ? granularityBytes : 0;
        assert.ok(bytes <= allowed, `${bytes} changed bytes of ${id} for one write of 512`);
        let reached = 0;
        for (const { offset, length } of extents) {
          assert.ok(offset >= reached && length > 0, `extents go back at ${offset}`);
          reached = offset + length;
        }
        assert.ok(reached <= sizeBytes, 'extents lie inside the disk');
      }
      await capture[Symbol.asyncDispose]();
    },
  },
  {
    name: 'has in the next delta what was written while the capture was open',
    clause: 'Capture.seal: the candidate records since the instant, not since the seal',
    requires: tracks,
    async run(context) {
      const { guest, backup, state } = await firstBackup(context);
      await guest.write(0, 131_072, 4096);
      const capture = await context.source.capture(requestOf(context, { since: [state] }));
      const frozen = guest.freeze();
      await guest.write(0, 393_216, 4096);
      const read = await settle(() => expectReceived(context, capture, frozen, backup.disks));
      const sealed = await settle(() => capture.seal());
      if (!sealed.ok) {
        await expectCode(() => Promise.reject(sealed.error), 'INSTANT_LOST');
        await capture[Symbol.asyncDispose]();
        return;
      }
      if (!read.ok) throw read.error;
      await capture.commit();
      await capture[Symbol.asyncDispose]();
      const since = [stateOf({ state: await capture.seal().catch(() => sealed.value as never) })];
      await backUp(context, guest, { since }, frozen);
    },
  },
  {
    name: 'keeps an older state valid whatever newer captures do',
    clause: 'invariant 2: every state of an earlier seal stays valid until retired; Capture.seal',
    requires: tracks,
    async run(context) {
      const { guest, backup, state } = await firstBackup(context);
      await guest.write(0, 0, 4096);
      await backUp(context, guest, { since: [state] }, backup.disks);
      const abandoned = await context.source.capture(requestOf(context, { since: [state] }));
      await guest.write(0, 196_608, 4096);
      await abandoned[Symbol.asyncDispose]();
      const sealed = await context.source.capture(requestOf(context, { since: [state] }));
      await sealed.seal();
      await guest.write(0, 589_824, 4096);
      await sealed[Symbol.asyncDispose]();
      const third = await backUp(context, guest, { since: [state] }, backup.disks);
      assert.ok(
        third.kinds.every((kind) => kind === 'incremental'),
        'the first state still holds',
      );
    },
  },
  {
    name: 'keeps the baselines of two streams apart',
    clause: 'CaptureRequest.stream: a stream owns its baselines',
    requires: tracks,
    async run(context) {
      const { guest, backup, state } = await firstBackup(context);
      const stream = streamId('stream-2');
      await guest.write(0, 0, 4096);
      const other = await backUp(context, guest, { stream });
      await guest.write(0, 131_072, 4096);
      const next = await backUp(context, guest, { since: [state] }, backup.disks);
      await context.source.retire([state]);
      await guest.write(1, 131_072, 4096);
      const second = await backUp(context, guest, { stream, since: [stateOf(other)] }, other.disks);
      assert.ok([...next.kinds, ...second.kinds].every((kind) => kind === 'incremental'));
    },
  },
  {
    name: 'leaves nothing of a capture that is given up, before and after its seal',
    clause: 'Capture: dispose before `commit` abandons the candidate baseline',
    async run(context) {
      const before = await context.objects();
      const unsealed = await context.source.capture(requestOf(context));
      await unsealed[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before);
      const sealed = await context.source.capture(requestOf(context));
      await sealed.seal();
      await sealed[Symbol.asyncDispose]();
      await sealed[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before);
    },
  },
  {
    name: 'gives the same state when seal is repeated, and commits as often as it is asked',
    clause:
      'Capture.seal: give the same state when repeated; Capture.commit: harmless when repeated (invariant 10)',
    async run(context) {
      const guest = new GuestModel(context);
      const capture = await context.source.capture(requestOf(context));
      const state = await capture.seal();
      assert.deepEqual(await capture.seal(), state);
      await capture.commit();
      await capture.commit();
      await capture[Symbol.asyncDispose]();
      if (state === null) return;
      const disks = guest.freeze();
      await guest.write(0, 0, 4096);
      const next = await backUp(context, guest, { since: [state] }, disks);
      assert.ok(next.kinds.every((kind) => kind === 'incremental'));
    },
  },
  {
    name: 'misses nothing when the process dies between the destination`s commit and its own',
    clause: 'The one order of a backup: each step may be the last one that happens',
    requires: tracks,
    async run(context) {
      const { guest, backup, state } = await firstBackup(context);
      await guest.write(0, 65_536, 4096);
      const capture = await context.source.capture(requestOf(context, { since: [state] }));
      const frozen = guest.freeze();
      await expectReceived(context, capture, frozen, backup.disks);
      const sealed = stateOf({ state: await capture.seal() });
      const source = await afterCrash(context);
      await source.reconcile(keepOf(context.owner, { states: [sealed, state] }));
      await guest.write(0, 458_752, 4096);
      const next = await backUp({ ...context, source }, guest, { since: [sealed, state] }, frozen);
      assert.ok(
        next.kinds.every((kind) => kind === 'incremental'),
        'the journalled state still holds',
      );
    },
  },
  {
    name: 'adopts or removes what an earlier call with the same id left',
    clause: 'SourceConnector.capture: adopt or remove what an earlier call with the same id left',
    async run(context) {
      const before = await context.objects();
      const guest = new GuestModel(context);
      await guest.write(0, 0, 65_536);
      const request = requestOf(context);
      const left: Capture = await context.source.capture(request);
      const frozen = guest.freeze();
      await guest.write(0, 32_768, 65_536);
      const source = await afterCrash(context);
      const again = await source.capture(request);
      const adopted = again.instant.id === left.instant.id;
      await expectReceived(context, again, adopted ? frozen : guest.freeze());
      await again[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before, 'nothing is left of both');
    },
  },
  {
    name: 'forgets retired states only, as often as it is asked',
    clause: 'SourceConnector.retire: be idempotent; leave the states of other streams valid',
    requires: tracks,
    async run(context) {
      const { guest, backup, state } = await firstBackup(context);
      await guest.write(0, 65_536, 4096);
      const second = await backUp(context, guest, { since: [state] }, backup.disks);
      await context.source.retire([state]);
      await context.source.retire([state]);
      await guest.write(0, 131_072, 4096);
      const third = await backUp(context, guest, { since: [stateOf(second), state] }, second.disks);
      assert.ok(
        third.kinds.every((kind) => kind === 'incremental'),
        'the newer state still holds',
      );
      const before = await context.objects();
      const capture = await context.source.capture(requestOf(context, { since: [state] }));
      await expectReceived(context, capture, guest.freeze(), backup.disks);
      await capture[Symbol.asyncDispose]();
      assert.deepEqual(await context.objects(), before);
    },
  },
  {
    name: 'takes the first state that holds, and is full with a reason when none does',
    clause: 'CaptureRequest.since: newest first; each disk takes the first that holds',
    requires: tracks,
    async run(context) {
      const { guest, backup, state } = await firstBackup(context);
      await guest.write(0, 0, 4096);
      const second = stateOf(await backUp(context, guest, { since: [state] }, backup.disks));
      await context.source.retire([second]);
      await guest.write(0, 131_072, 4096);
      const bad = [
        { ...second, schema: 'nobody/1' as const },
        { ...second, data: null },
        { ...second, data: { nothing: [1, 'of', { use: true }] } },
      ];
      const older = await context.source.capture(requestOf(context, { since: [...bad, second, state] }));
      for (const { changes } of older.disks) {
        assert.ok(changes.kind === 'full' || changes.since === state.instant, 'the older state is taken');
      }
      await expectReceived(context, older, guest.freeze(), backup.disks);
      await older[Symbol.asyncDispose]();
      const none = await context.source.capture(requestOf(context, { since: bad }));
      for (const { changes } of none.disks) assert.ok(changes.kind === 'full' && changes.reason.length > 0);
      await none[Symbol.asyncDispose]();
    },
  },
  {
    name: 'lists everything beyond the old end of a grown disk, and takes a cut one in full',
    clause: 'invariant 6: beyond the base`s size nothing is unlisted; shrunk: full',
    async run(context) {
      const guest = new GuestModel(context);
      await guest.write(1, 0, 65_536);
      const backup = await backUp(context, guest);
      const since = backup.state === null ? [] : [backup.state];
      const size = DISK_SIZES[1] ?? 0;
      await context.resize(1, size + 131_072);
      guest.disks[1]?.resize(size + 131_072);
      await guest.write(1, size + 65_536, 4096);
      const grown = await context.source.capture(requestOf(context, { since }));
      const dirty = backup.disks.map((disk) => disk.snapshot());
      await expectReceived(context, grown, guest.freeze(), dirty);
      await grown[Symbol.asyncDispose]();
      await context.resize(1, size - 131_072);
      guest.disks[1]?.resize(size - 131_072);
      const cut = await context.source.capture(requestOf(context, { since }));
      const view = cut.disks.find(({ id }) => id === context.disks[1]);
      assert.equal(view?.changes.kind, 'full', 'a disk that was cut is full');
      await expectReceived(context, cut, guest.freeze(), dirty);
      await cut[Symbol.asyncDispose]();
    },
  },
  {
    name: 'removes what a dead process left, and nothing that is kept, young, or not the owner`s',
    clause:
      'SourceConnector.reconcile: remove the owner`s objects that `keep` does not name and nobody else`s (invariant 5)',
    async run(context) {
      const guest = new GuestModel(context);
      const { state } = await backUp(context, guest);
      const states = state === null ? [] : [state];
      const clean = await context.objects();
      const request = requestOf(context);
      await context.source.capture(request);
      const littered = await context.objects();
      const source = await afterCrash(context);
      await source.reconcile(keepOf(`not-${context.owner}`));
      assert.deepEqual(await context.objects(), littered, 'another owner`s objects stay');
      await source.reconcile(keepOf(context.owner, { states, graceMs: 24 * 3_600_000 }));
      assert.deepEqual(await context.objects(), littered, 'young objects stay');
      await source.reconcile(keepOf(context.owner, { states, captures: [request.id] }));
      assert.deepEqual(await context.objects(), littered, 'a kept capture stays');
      await source.reconcile(keepOf(context.owner, { states, streams: [streamId('stream-9')] }));
      assert.deepEqual(await context.objects(), littered, 'objects of a stream that was not read stay');
      const report = await source.reconcile(keepOf(context.owner, { states }));
      assert.deepEqual(await context.objects(), clean, 'only the leftover goes');
      assert.equal(report.removed.length > 0, littered.length > clean.length);
      await guest.write(0, 0, 512);
      await backUp({ ...context, source }, guest, { since: states }, guestBase(guest));
    },
  },
  {
    name: 'leaves nothing behind when a capture is aborted under way',
    clause: 'SourceConnector.capture: leave nothing behind when it rejects',
    async run(context) {
      const before = await context.objects();
      const outcome = await abortDuring(async (call) => {
        const capture = await context.source.capture(requestOf(context), call);
        await capture[Symbol.asyncDispose]();
      });
      assert.deepEqual(await context.objects(), before, outcome);
    },
  },
];

/** The model before its last write of 512 bytes at the start of disk 0, which was zeros. */
function guestBase(guest: GuestModel) {
  const disks = guest.freeze();
  disks[0]?.zero(0, 512);
  return disks;
}
