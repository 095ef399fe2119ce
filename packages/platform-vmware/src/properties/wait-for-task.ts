import { amendError, type Call, SendenseError } from '@sendense/core';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { mapFault } from '../map-error.ts';
import type { VimClient, VimInvoke } from '../session/vim-client.ts';
import { decodeLocalizedFault } from '../soap/envelope.ts';
import { itemsOf, managedObjectOf, wholeNumberOf } from '../soap/read-element.ts';
import { type ManagedObject, type VimField, vimObject } from '../soap/vim-value.ts';
import { filterOfObjects } from './filter-spec.ts';
import { valuesOf } from './object-properties.ts';

/** What is read of a task. */
const PATHS = ['info.state', 'info.error', 'info.result', 'info.progress'] as const;

/** How long the server waits for news before it answers without; below the usual time-out of proxies. */
const WAIT_SECONDS = 20;

/** Merging a large snapshot stands at one per cent for long; what has not moved for two hours has ended without a word, mostly. */
const PATIENCE_MS = 2 * 3_600_000;

/** Giving a collector back must not keep a program that ends waiting for a server that is gone. */
const GIVE_BACK_MS = 5_000;

/** What may be wanted while a task runs. */
export type TaskCall = Call & {
  /** Told when the server tells of progress, in per cent. */
  readonly onPercent?: (percent: number) => void;
  /** How long its state and its progress may stand still until it is not waited for any more; default two hours. */
  readonly patienceMs?: number;
  readonly timer?: Pick<Timer, 'monotonicMs'>;
};

/**
 * Begins `method` (`…_Task`) and waits for its end. Resolves with its result, `undefined` when it has none. Rejects with the
 * fault of the task. After every other failure once it was begun, it may go on: `effect` is `unknown`. Among them are `ABORTED`, which
 * ends the waiting and not the task, and `TIMEOUT` for one that stands still.
 */
export async function runTask(
  client: VimClient,
  method: string,
  target: ManagedObject,
  fields: readonly VimField[],
  call: TaskCall = {},
): Promise<XmlElement | undefined> {
  const response = await client.invoke(method, target, fields, call);
  const task = managedObjectOf(childOf(response, 'returnval'));
  if (task === undefined) {
    throw new SendenseError('PROTOCOL_VIOLATION', `the reply to ${method} names no task`, {
      operation: `vim-${method}`,
      effect: 'unknown',
    });
  }
  return waitForTask(client, task, method, call);
}

/** Waits for the end of a task that was begun; see {@link runTask}. */
export async function waitForTask(
  client: VimClient,
  task: ManagedObject,
  method: string,
  call: TaskCall = {},
): Promise<XmlElement | undefined> {
  const end = await watchInSession(client, task, method, call).catch((error: unknown) => {
    throw leftOpen(error, method);
  });
  if (end.failure !== undefined) throw end.failure;
  return end.result;
}

/** How a task ended. */
type TaskEnd = { readonly result?: XmlElement | undefined; readonly failure?: SendenseError };

/** The task goes on whatever keeps us from its end. */
function leftOpen(error: unknown, method: string): SendenseError {
  if (SendenseError.is(error)) return amendError(error, { effect: 'unknown' });
  return new SendenseError('UNEXPECTED', `waiting for ${method} failed`, {
    operation: `vim-${method}`,
    effect: 'unknown',
    cause: error,
  });
}

async function watchInSession(
  client: VimClient,
  task: ManagedObject,
  method: string,
  call: TaskCall,
): Promise<TaskEnd> {
  return client.inOneSession(async (invoke) => {
    // a collector of its own: updates of the one that all share would go to whoever asks first
    const made = await invoke('CreatePropertyCollector', client.content.propertyCollector);
    const collector = managedObjectOf(childOf(made, 'returnval')) ?? client.content.propertyCollector;
    try {
      const filter = filterOfObjects([task], { type: 'Task', paths: PATHS });
      await invoke('CreateFilter', collector, [
        ['spec', filter],
        ['partialUpdates', false],
      ]);
      return await watch({ client, invoke, collector }, method, call);
    } finally {
      // collectors end with the session at the latest
      if (collector.id !== client.content.propertyCollector.id)
        await invoke('DestroyPropertyCollector', collector, [], {
          signal: AbortSignal.timeout(GIVE_BACK_MS),
        }).catch(() => undefined);
    }
  }, call);
}

/** Where updates of a task come from. */
type Watch = { readonly client: VimClient; readonly invoke: VimInvoke; readonly collector: ManagedObject };

async function watch({ client, invoke, collector }: Watch, method: string, call: TaskCall): Promise<TaskEnd> {
  const values = new Map<string, XmlElement>();
  const checkMoves = createMoveCheck(method, call);
  let version = '';
  for (;;) {
    const response = await invoke('WaitForUpdatesEx', collector, [
      ['version', version],
      ['options', vimObject([['maxWaitSeconds', WAIT_SECONDS]])],
    ]);
    // without news there is no returnval, and the version stays
    const update = childOf(response, 'returnval');
    version = textOf(update, 'version') ?? version;
    for (const [name, value] of changesOf(update)) values.set(name, value);
    const state = values.get('info.state')?.text;
    if (state === 'success') return { result: values.get('info.result') };
    if (state === 'error') return { failure: failureOf(values.get('info.error'), method, client) };
    const progress = values.get('info.progress');
    checkMoves([state, progress?.text].join(' '));
    tellProgress(progress, call);
  }
}

/** Told how a task stands after each answer, throws `TIMEOUT` when that has been the same for too long. */
function createMoveCheck(
  method: string,
  { timer = systemTimer, patienceMs = PATIENCE_MS }: TaskCall,
): (now: string) => void {
  let movedMs = timer.monotonicMs();
  let before = ' ';
  return (now) => {
    if (now !== before) {
      before = now;
      movedMs = timer.monotonicMs();
    }
    if (timer.monotonicMs() - movedMs < patienceMs) return;
    const seconds = Math.round(patienceMs / 1000);
    throw new SendenseError('TIMEOUT', `${method} has stood still for ${seconds} s, and may go on`, {
      operation: `vim-${method}`,
      effect: 'unknown',
      context: { method },
      remedy:
        'look at the recent tasks of the server: cancel this one, or repeat what needs it when it has ended',
    });
  };
}

function changesOf(update: XmlElement | undefined): ReadonlyMap<string, XmlElement> {
  const objects = itemsOf(update, 'filterSet').flatMap((filter) => itemsOf(filter, 'objectSet'));
  return valuesOf(objects.flatMap((object) => itemsOf(object, 'changeSet')));
}

function tellProgress(value: XmlElement | undefined, { onPercent }: TaskCall): void {
  const percent = wholeNumberOf(value);
  if (percent !== undefined) onPercent?.(percent);
}

function failureOf(error: XmlElement | undefined, method: string, client: VimClient): SendenseError {
  const { host, redact } = client;
  if (error !== undefined) return mapFault(decodeLocalizedFault(error), { method, host, redact });
  return new SendenseError('UNEXPECTED', `${method} failed without a reason`, { operation: `vim-${method}` });
}
