import {
  type Call,
  type Capture,
  type CaptureRequest,
  type DiskView,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { isNamedBy, serializeBitmapName } from '@sendense/plugin-kit/baselines';
import { parseState } from './baseline-state.ts';
import { checkMachine, type Decision, decide } from './capture-plan.ts';
import type { SourceContext } from './context.ts';
import { openDiskView } from './disk-view.ts';
import type { FrozenInstant, HostMachine, InstantRequest } from './host/machine-host.ts';
import { qemuCapture } from './qemu-capture.ts';

/** The machine of `request` as it is now; the host looks for the bitmaps that its states name. */
export async function describeFor(
  { host }: SourceContext,
  request: CaptureRequest,
  call?: Call,
): Promise<HostMachine> {
  const baselines = request.since.flatMap((state) => Object.values(parseState(state)?.disks ?? {}));
  const named = [...new Set(baselines.map(({ bitmap }) => bitmap))];
  const machine = await host.describe({ ...call, named });
  checkMachine(request.machine, machine);
  return machine;
}

/** Removes what an earlier call with this id left; bitmaps that a given state names are no leftovers. */
async function removeLeftovers(
  { host }: SourceContext,
  request: CaptureRequest,
  call?: Call,
): Promise<boolean> {
  const temporary = await host.tidy(({ capture }) => capture === request.id, call);
  const bitmaps = await host.removeBitmaps(
    ({ capture, name }) => capture === request.id && !isNamedBy(request.since, name),
    call,
  );
  const left = [...temporary.findings, ...bitmaps.findings];
  if (left.length > 0) {
    throw new SendenseError('CONFLICT', left.map(({ message }) => message).join('; '), {
      operation: 'begin-capture',
      remedy: 'an earlier call with this capture id left it; repeat with a new id, and reconcile later',
    });
  }
  return temporary.removed.length + bitmaps.removed.length > 0;
}

function instantRequest(request: CaptureRequest, decision: Decision, baseline: string): InstantRequest {
  const { id: captureId, stream, consistency } = request;
  const disks = decision.disks.map(({ disk, choice, refusal }) => ({
    disk,
    since: choice.kind === 'incremental' ? choice.bitmap.name : null,
    track: refusal === undefined,
  }));
  return { captureId, stream, baseline, power: decision.machine.power, consistency, disks };
}

async function openDisks(
  { log }: SourceContext,
  decision: Decision,
  instant: FrozenInstant,
  call?: Call,
): Promise<readonly DiskView[]> {
  const views: DiskView[] = [];
  try {
    for (const [index, decided] of decision.disks.entries()) {
      const frozen = instant.disks[index];
      if (frozen === undefined) throw new TypeError('the host froze fewer disks than asked for');
      views.push(await openDiskView(decided, frozen, log, call));
    }
    return views;
  } catch (error) {
    await Promise.allSettled(views.map(({ reader }) => reader[Symbol.asyncDispose]()));
    throw error;
  }
}

/** Freezes the machine of `request`. `closed` is told when the capture is closed. Leaves nothing when it rejects. */
export async function beginCapture(
  context: SourceContext,
  request: CaptureRequest,
  closed: (capture: Capture) => void,
  call?: Call,
): Promise<Capture> {
  const { host, clock } = context;
  const before = await describeFor(context, request, call);
  host.checkConsistency(request.consistency, before.power);
  const changed = await removeLeftovers(context, request, call);
  const machine = changed ? await describeFor(context, request, call) : before;
  const decision = await decide(context, request, machine);
  const { id: capture, stream } = request;
  const baseline = serializeBitmapName({ capture, stream, at: clock.now() });
  throwIfAborted(call?.signal, 'begin-capture');
  const instant = await host.begin(instantRequest(request, decision, baseline), call);
  try {
    const disks = await openDisks(context, decision, instant, call);
    return qemuCapture(context, { stream, baseline, decision, instant, disks, closed });
  } catch (error) {
    await instant.end();
    await host.removeBitmaps(({ name }) => name === baseline).catch(() => undefined);
    throw error;
  }
}
