import assert from 'node:assert/strict';
import {
  type Capture,
  type CaptureRequest,
  type ChangeState,
  captureId,
  changeStateSchema,
  copyBlocks,
  type DiskView,
  type Keep,
  type SourceConnector,
  streamId,
} from '@sendense/core';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { openMemoryWriter } from '../../memory/disk/memory-writer.ts';
import { seededBytes } from '../../seeded.ts';
import { expectBytes } from '../expect.ts';
import { DISK_SIZES, type SourceContext } from './source-subject.ts';

/** What the guest has written: the disks as they must be at the next instant. */
export class GuestModel {
  readonly disks = DISK_SIZES.map((sizeBytes) => new DiskContent(sizeBytes));
  readonly #context: SourceContext;
  #seed = 100;

  constructor(context: SourceContext) {
    this.#context = context;
  }

  /** The guest writes bytes of its own at `offset` of disk number `disk`. */
  async write(disk: number, offset: number, length: number): Promise<void> {
    const data = seededBytes(this.#seed++, length);
    await this.#context.write(disk, offset, data);
    this.disks[disk]?.write(offset, data);
  }

  /** The disks as they are now. */
  freeze(): DiskContent[] {
    return this.disks.map((disk) => disk.snapshot());
  }
}

let captures = 0;

/** A request with an id that was not used before. */
export function requestOf(context: SourceContext, given: Partial<CaptureRequest> = {}): CaptureRequest {
  return {
    id: captureId(`testkit-${++captures}`),
    machine: context.machine,
    stream: streamId('stream-1'),
    since: [],
    consistency: { want: 'crash', accept: 'crash' },
    ...given,
  };
}

/** What a destination holds after it took a view: the base with the changes over it, or all of a full. */
export async function received(view: DiskView, base?: DiskContent): Promise<DiskContent> {
  const full = view.changes.kind === 'full';
  const content = full
    ? new DiskContent(view.sizeBytes)
    : (base?.snapshot() ?? assert.fail('a delta needs a base'));
  content.resize(view.sizeBytes);
  const whole = { offset: 0, length: view.sizeBytes };
  const extents = view.changes.kind === 'full' ? view.reader.extents(whole) : view.changes.extents();
  const to = openMemoryWriter(content, { limits: { alignmentBytes: 1 } });
  await copyBlocks({ from: view.reader, to, extents });
  await to.flush();
  return content;
}

/** Fails unless what a destination received of each disk is what the disk held at the instant. */
export async function expectReceived(
  context: SourceContext,
  capture: Capture,
  frozen: readonly DiskContent[],
  bases: readonly DiskContent[] = [],
): Promise<void> {
  for (const view of capture.disks) {
    const number = context.disks.indexOf(view.id);
    const content = await received(view, bases[number]);
    const wanted = frozen[number]?.bytes() ?? assert.fail(`disk ${view.id} is not the machine's`);
    expectBytes(content.bytes(), wanted, `${view.id} (${view.changes.kind})`);
  }
}

/** A whole backup: captured since `since`, received, sealed, committed, closed. Gives the state, and what was received. */
export async function backUp(
  context: SourceContext,
  guest: GuestModel,
  given: Partial<CaptureRequest> = {},
  bases: readonly DiskContent[] = [],
): Promise<{
  readonly state: ChangeState | null;
  readonly disks: DiskContent[];
  readonly kinds: readonly string[];
}> {
  const capture = await context.source.capture(requestOf(context, given));
  try {
    const disks = guest.freeze();
    await expectReceived(context, capture, disks, bases);
    const state = await capture.seal();
    await capture.commit();
    return { state, disks, kinds: capture.disks.map(({ changes }) => changes.kind) };
  } finally {
    await capture[Symbol.asyncDispose]();
  }
}

/** The state, which a tracking source must have given; read back from JSON as an engine would have it. */
export function stateOf({ state }: { readonly state: ChangeState | null }): ChangeState {
  assert.ok(state !== null, 'a source with tracking seals with a state');
  return changeStateSchema.parse(JSON.parse(JSON.stringify(state)));
}

/** A keep that names nothing unless told. */
export function keepOf(owner: string, given: Partial<Keep> = {}): Keep {
  return { owner, states: [], captures: [], restores: [], replicas: [], graceMs: 0, ...given };
}

/** Gives up a connector the way a crash does: nothing is disposed, another process takes over. */
export async function afterCrash(context: SourceContext): Promise<SourceConnector> {
  return await context.reopen();
}
