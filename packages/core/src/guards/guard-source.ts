import type { CaptureRequest } from '../capture/capture-request.ts';
import { type ChangeState, MAX_CHANGE_STATE_BYTES } from '../capture/change-state.ts';
import type { SourceConnector } from '../capture/source-connector.ts';
import { SendenseError } from '../errors/sendense-error.ts';
import type { MachineRef } from '../machine/machine-ref.ts';
import { checkArray, checkObject, checkText } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardCapture } from './guard-capture.ts';
import { guardOnce } from './guard-once.ts';

/** A source that receives only what `SourceConnector` promises it; its captures are guarded too. */
export const guardSource = guardOnce<SourceConnector>((inner) => {
  const gate = new Gate('source');
  const { specificationVersion, platform, capabilities } = inner;
  return {
    specificationVersion,
    platform,
    capabilities,
    machines: (filter, call) =>
      gate.iterate('list-machines', call, undefined, () => inner.machines(filter, call)),
    describe: (machine, call) =>
      gate.query(
        'describe-machine',
        call,
        () => checkMachine(machine, 'describe-machine'),
        () => inner.describe(machine, call),
      ),
    plan: (request, call) =>
      gate.query(
        'plan-capture',
        call,
        () => checkRequest(request, 'plan-capture'),
        () => inner.plan(request, call),
      ),
    capture: (request, call) =>
      gate.open(
        'capture-machine',
        call,
        () => checkRequest(request, 'capture-machine'),
        async () => guardCapture(await inner.capture(request, call)),
      ),
    retire: (states, call) =>
      gate.effect(
        'retire-states',
        call,
        () => checkStates(states, 'retire-states'),
        () => inner.retire(states, call),
      ),
    reconcile: (keep, call) =>
      gate.effect(
        'reconcile-source',
        call,
        () => checkObject(keep, 'keep'),
        () => inner.reconcile(keep, call),
      ),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});

function checkMachine(machine: MachineRef, operation: string): void {
  checkObject(machine, 'machine');
  checkText(machine.connection, 'machine.connection', operation);
  checkText(machine.id, 'machine.id', operation);
}

function checkStates(states: readonly ChangeState[], operation: string): void {
  checkArray(states, 'states');
  for (const state of states) {
    checkObject(state, 'a state');
    if (Buffer.byteLength(JSON.stringify(state)) <= MAX_CHANGE_STATE_BYTES) continue;
    throw new SendenseError(
      'CONFIG_INVALID',
      `a change state is larger than ${MAX_CHANGE_STATE_BYTES} bytes`,
      {
        operation,
        context: { schema: state.schema, instant: state.instant },
      },
    );
  }
}

function checkRequest(request: CaptureRequest, operation: string): void {
  checkObject(request, 'request');
  checkText(request.id, 'request.id', operation);
  checkText(request.stream, 'request.stream', operation);
  checkMachine(request.machine, operation);
  checkStates(request.since, operation);
  const { machine, stream } = request;
  const foreign = request.since.find(
    (state) =>
      state.stream !== stream ||
      state.machine.connection !== machine.connection ||
      state.machine.id !== machine.id,
  );
  if (foreign === undefined) return;
  throw new SendenseError('CONFIG_INVALID', 'a baseline of another machine or stream cannot be built on', {
    operation,
    context: { instant: foreign.instant, stream: foreign.stream },
    remedy: 'give the states of this machine and stream only',
  });
}
