import assert from 'node:assert/strict';
import {
  consistencySatisfies,
  MAX_CHANGE_STATE_BYTES,
  machineSpecSchema,
  type SourceCapabilities,
} from '@sendense/core';
import { collect } from '../../collect.ts';
import type { ConformanceCase } from '../case.ts';
import { expectCode, settle } from '../expect.ts';
import { backUp, expectReceived, GuestModel, requestOf, stateOf } from './capture-work.ts';
import { DISK_SIZES, type SourceContext } from './source-subject.ts';

type SourceCase = ConformanceCase<SourceContext, SourceCapabilities>;

const tracks = ({ tracking }: SourceCapabilities): boolean => tracking;

/** Inventory, the dry run, one capture by itself. */
export const captureCases: readonly SourceCase[] = [
  {
    name: 'declares the capabilities of its manifest',
    clause: 'SourceConnector.capabilities',
    async run({ source, capabilities }) {
      assert.deepEqual(source.capabilities, capabilities);
      assert.equal(source.specificationVersion, 'v1');
      assert.ok(source.platform.length > 0);
    },
  },
  {
    name: 'lists each machine once, and by name',
    clause: 'SourceConnector.machines: yield each machine that matches once',
    async run({ source, machine }) {
      const all = await collect(source.machines());
      const own = all.filter((summary) => summary.machine.id === machine.id);
      assert.equal(own.length, 1);
      assert.equal(new Set(all.map((summary) => JSON.stringify(summary.machine))).size, all.length);
      const named = await collect(source.machines({ name: own[0]?.name ?? '' }));
      assert.ok(named.some((summary) => summary.machine.id === machine.id));
      assert.deepEqual(await collect(source.machines({ name: 'no such machine' })), []);
    },
  },
  {
    name: 'describes a machine in the neutral model, and an unknown one with NOT_FOUND',
    clause: 'SourceConnector.describe: reject an unknown machine with NOT_FOUND',
    async run(context) {
      const { source, machine, disks } = context;
      const spec = machineSpecSchema.parse(await source.describe(machine));
      assert.deepEqual(spec.disks.map(({ id }) => id).sort(), [...disks].sort());
      assert.deepEqual(
        disks.map((id) => spec.disks.find((disk) => disk.id === id)?.sizeBytes),
        [...DISK_SIZES],
      );
      const unknown = { ...machine, id: `${machine.id}-is-not-there` };
      await expectCode(() => source.describe(unknown), 'NOT_FOUND');
      await expectCode(() => source.plan(requestOf(context, { machine: unknown })), 'NOT_FOUND');
      await expectCode(() => source.capture(requestOf(context, { machine: unknown })), 'NOT_FOUND');
    },
  },
  {
    name: 'captures every byte of every disk in full the first time, and says why',
    clause: 'Changes: full with a reason; invariant 12',
    async run(context) {
      const guest = new GuestModel(context);
      await guest.write(0, 0, 4096);
      await guest.write(0, (DISK_SIZES[0] ?? 0) - 512, 512);
      await guest.write(1, 65_536, 8192);
      const capture = await context.source.capture(requestOf(context));
      assert.deepEqual(capture.disks.map(({ id }) => id).sort(), [...context.disks].sort());
      assert.deepEqual(capture.skipped, []);
      for (const { id, changes, reader, sizeBytes, sectorBytes } of capture.disks) {
        assert.ok(changes.kind === 'full' && changes.reason.length > 0, `${id} is full with a reason`);
        assert.equal(reader.sizeBytes, sizeBytes);
        assert.ok(sectorBytes === 512 || sectorBytes === 4096);
        assert.ok(capture.spec.disks.some((disk) => disk.id === id && disk.sizeBytes === sizeBytes));
      }
      await expectReceived(context, capture, guest.freeze());
      await capture[Symbol.asyncDispose]();
    },
  },
  {
    name: 'plans what it then does, and changes nothing for it',
    clause:
      'SourceConnector.plan: change nothing on the platform; give each disk a kind, and a full its reason',
    async run(context) {
      const guest = new GuestModel(context);
      await guest.write(0, 65_536, 65_536);
      const { state } = await backUp(context, guest);
      await guest.write(0, 262_144, 4096);
      const before = await context.objects();
      const request = requestOf(context, { since: state === null ? [] : [state] });
      const plan = await context.source.plan(request);
      assert.deepEqual(await context.objects(), before);
      const capture = await context.source.capture(request);
      for (const { id, changes, sizeBytes } of capture.disks) {
        const planned = plan.disks.find((disk) => disk.id === id) ?? assert.fail(`no plan for ${id}`);
        assert.equal(planned.kind, changes.kind, `kind of ${id}`);
        assert.equal(planned.sizeBytes, sizeBytes);
        assert.equal(planned.reason, changes.kind === 'full' ? changes.reason : null, `reason of ${id}`);
        if (changes.kind === 'incremental') {
          const extents = await collect(changes.extents());
          const changed = extents.reduce((sum, { length }) => sum + length, 0);
          assert.equal(planned.changedBytes, changed, `changedBytes of ${id}`);
        }
      }
      await capture[Symbol.asyncDispose]();
    },
  },
  {
    name: 'gives the bytes of the instant while the guest writes on, or says that the instant is lost',
    clause:
      'Capture: all disks frozen at one instant; seal rejects with INSTANT_LOST when the bytes are not those',
    async run(context) {
      const guest = new GuestModel(context);
      await guest.write(0, 0, 131_072);
      await guest.write(1, 0, 65_536);
      const capture = await context.source.capture(requestOf(context));
      const frozen = guest.freeze();
      await guest.write(0, 4096, 65_536);
      await guest.write(1, 0, 131_072);
      const read = await settle(() => expectReceived(context, capture, frozen));
      const sealed = await settle(() => capture.seal());
      if (!sealed.ok) await expectCode(() => Promise.reject(sealed.error), 'INSTANT_LOST');
      else if (!read.ok) throw read.error;
      await capture[Symbol.asyncDispose]();
    },
  },
  {
    name: 'tells which ranges were never written',
    clause: 'SourceCapabilities.reportsZeros',
    requires: ({ reportsZeros }) => reportsZeros,
    async run(context) {
      const guest = new GuestModel(context);
      await guest.write(0, 0, 65_536);
      const capture = await context.source.capture(requestOf(context));
      const view = capture.disks.find(({ id }) => id === context.disks[0]) ?? assert.fail();
      const extents = await collect(view.reader.extents({ offset: 0, length: view.sizeBytes }));
      assert.ok(
        extents.some(({ kind }) => kind === 'zero'),
        'an empty disk has zero extents',
      );
      await capture[Symbol.asyncDispose]();
    },
  },
  {
    name: 'leaves excluded disks out and says so',
    clause: 'DiskFilter: disks left out are reported as skipped',
    async run(context) {
      const [first, second] = context.disks;
      assert.ok(first !== undefined && second !== undefined);
      const request = requestOf(context, { disks: { exclude: [second] } });
      const plan = await context.source.plan(request);
      assert.deepEqual(
        [plan.disks.map(({ id }) => id), plan.skipped.map(({ id }) => id)],
        [[first], [second]],
      );
      const capture = await context.source.capture(request);
      assert.deepEqual(
        capture.disks.map(({ id }) => id),
        [first],
      );
      assert.deepEqual(
        capture.skipped.map(({ id }) => id),
        [second],
      );
      const state = await capture.seal();
      assert.ok(
        state === null || !state.disks.includes(second),
        'the state does not hold for a skipped disk',
      );
      await capture[Symbol.asyncDispose]();
    },
  },
  {
    name: 'obtains a consistency that is accepted, or refuses with QUIESCE_FAILED and leaves nothing',
    clause: 'CaptureRequest.consistency: a weaker result than `accept` is refused with QUIESCE_FAILED',
    async run(context) {
      for (const accept of ['crash', 'filesystem', 'application'] as const) {
        const before = await context.objects();
        const consistency = { want: 'application', accept } as const;
        const outcome = await settle(() => context.source.capture(requestOf(context, { consistency })));
        if (!outcome.ok) await expectCode(() => Promise.reject(outcome.error), 'QUIESCE_FAILED');
        else {
          const capture = outcome.value as Awaited<ReturnType<typeof context.source.capture>>;
          const told = capture.consistency === 'application' || capture.findings.length > 0;
          await capture[Symbol.asyncDispose]();
          assert.ok(
            consistencySatisfies(capture.consistency, accept),
            `${capture.consistency} for ${accept}`,
          );
          assert.ok(context.capabilities.consistency.includes(capture.consistency), 'it is declared');
          assert.ok(told, 'a weaker consistency than wanted is a finding');
        }
        assert.deepEqual(await context.objects(), before);
      }
    },
  },
  {
    name: 'seals with a state that an engine can store',
    clause: 'ChangeState: plain JSON of at most 256 KiB that names its instant, machine, stream and disks',
    requires: tracks,
    inverse: { name: 'seals with null, so that the next capture is full', run: sealsWithNull },
    async run(context) {
      const capture = await context.source.capture(requestOf(context));
      const state = stateOf({ state: await capture.seal() });
      await capture.commit();
      assert.equal(state.instant, capture.instant.id);
      assert.deepEqual([state.machine, state.stream], [context.machine, 'stream-1']);
      assert.deepEqual(state.disks.toSorted(), [...context.disks].sort());
      assert.ok(Buffer.byteLength(JSON.stringify(state)) <= MAX_CHANGE_STATE_BYTES);
      await capture[Symbol.asyncDispose]();
    },
  },
  {
    name: 'names every object it makes after the capture',
    clause: 'SourceConnector.capture: name everything it makes after `request.id` (invariant 4)',
    async run(context) {
      const before = new Set(await context.objects());
      const request = requestOf(context);
      const capture = await context.source.capture(request);
      const made = (await context.objects()).filter((name) => !before.has(name));
      for (const name of made)
        assert.ok(name.includes(request.id), `${name} is not named after ${request.id}`);
      await capture[Symbol.asyncDispose]();
    },
  },
];

async function sealsWithNull(context: SourceContext): Promise<void> {
  const guest = new GuestModel(context);
  await guest.write(0, 0, 4096);
  const first = await backUp(context, guest);
  assert.equal(first.state, null);
  const second = await backUp(context, guest, {}, first.disks);
  assert.ok(second.kinds.every((kind) => kind === 'full'));
}
