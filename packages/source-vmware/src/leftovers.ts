import {
  amendError,
  type Call,
  type Finding,
  type Keep,
  type ReconcileReport,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import {
  consolidateDisks,
  listSnapshots,
  type ManagedObject,
  readSnapshots,
  removeSnapshot,
  type TaskCall,
  type VimSnapshot,
  type VimSnapshotTree,
} from '@sendense/platform-vmware';
import {
  type BitmapName,
  isLeftover,
  parseBitmapName,
  serializeBitmapName,
} from '@sendense/plugin-kit/baselines';
import { type Connection, type Patience, type SourceContext, type TaskContext, whenFree } from './context.ts';

/** The most characters of a name in the clients of vSphere. */
const MAX_NAME = 80;

/** How the snapshot of a capture is called. Its description begins with the name that all sources give their baselines. */
export function snapshotText(origin: Omit<BitmapName, 'name'>): {
  readonly name: string;
  readonly description: string;
} {
  const name = `sendense.${origin.capture}`.slice(0, MAX_NAME);
  const description = `${serializeBitmapName(origin)}\nof a backup by Sendense, which removes it`;
  return { name, description };
}

/** What a snapshot of ours says of itself; `undefined` for one of somebody else. */
export function nameOf({ name, description }: VimSnapshot): BitmapName | undefined {
  const made = parseBitmapName(description.split(/\s/, 1)[0] ?? '');
  return made !== undefined && name === snapshotText(made).name ? made : undefined;
}

/** From the snapshot `from` downwards, the nearest of somebody else: those of backups come and go. */
export function belowOurs(
  { snapshots }: Pick<VimSnapshotTree, 'snapshots'>,
  from: ManagedObject | undefined,
): VimSnapshot | undefined {
  const byId = (id: string | undefined) => snapshots.find(({ object }) => object.id === id);
  let at = byId(from?.id);
  for (let depth = 0; at !== undefined && nameOf(at) !== undefined && depth < snapshots.length; depth += 1)
    at = byId(at.parent?.id);
  return at;
}

/**
 * Removes snapshots of a machine, the newest first, and merges what they leave behind. What fails is logged, and a finding: the others
 * are removed all the same. The caller holds the machine.
 */
export async function removeSnapshots(
  context: TaskContext,
  { vim }: Pick<Connection, 'vim'>,
  machine: ManagedObject,
  snapshots: readonly VimSnapshot[],
  patience: Patience = {},
): Promise<ReconcileReport> {
  const removed: string[] = [];
  const findings: Finding[] = [];
  const attempt = async (
    what: string,
    object: string,
    run: (call: TaskCall) => Promise<unknown>,
  ): Promise<boolean> => {
    try {
      await whenFree(context, run, patience);
      return true;
    } catch (error) {
      const finding = notRemoved(what, object, error);
      findings.push(finding);
      context.log?.({ level: 'error', message: finding.message, fields: { object, machine: machine.id } });
      return false;
    }
  };
  for (const { object, name } of snapshots.toReversed()) {
    const isRemoved = await attempt(`the snapshot ${name}`, object.id, (task) =>
      removeSnapshot(vim, object, task),
    );
    if (isRemoved) removed.push(`${name} (${object.id}) of ${machine.id}`);
  }
  if (removed.length > 0)
    await attempt('what removed snapshots left behind', machine.id, (task) =>
      consolidateDisks(vim, machine, task),
    );
  return { removed, findings };
}

function notRemoved(what: string, object: string, error: unknown): Finding {
  const message = `${what} could not be removed: ${error instanceof Error ? error.message : String(error)}`;
  return { severity: 'warning', code: 'snapshot-left', message, object };
}

/** Removes the snapshots of a machine that bear the id of a capture. */
export async function removeOfCapture(
  context: SourceContext,
  connection: Connection,
  machine: ManagedObject,
  capture: string,
  patience?: Patience,
): Promise<ReconcileReport> {
  const { snapshots } = await readSnapshots(connection.vim, machine);
  const ours = snapshots.filter((snapshot) => nameOf(snapshot)?.capture === capture);
  return removeSnapshots(context, connection, machine, ours, patience);
}

/** The error of a capture that could not be begun, with what `undo` could not take back of it. */
export async function undone(
  context: TaskContext,
  machine: ManagedObject,
  error: unknown,
  undo: () => Promise<ReconcileReport>,
): Promise<unknown> {
  const left = await undo().then(
    ({ findings }) => findings.map(({ object = '', message }) => ({ object, message })),
    (failed: unknown) => {
      const why = failed instanceof Error ? failed.message : String(failed);
      const message = `whether a snapshot of the backup is left is not known: ${why}`;
      context.log?.({ level: 'error', message, fields: { machine: machine.id } });
      return [{ object: machine.id, message }];
    },
  );
  if (left.length === 0 || !(error instanceof SendenseError)) return error;
  return amendError(error, { effect: 'unknown', context: { left } });
}

/** Removes what captures of the owner left on all machines. */
export async function reconcileSnapshots(
  context: SourceContext,
  keep: Keep,
  call?: Call,
): Promise<ReconcileReport> {
  const connection = await context.connect(call);
  const now = context.clock.now();
  const reports: ReconcileReport[] = [];
  for (const { machine, snapshots } of await listSnapshots(connection.vim, call)) {
    const left = snapshots.filter((snapshot) => {
      const made = nameOf(snapshot);
      return made !== undefined && isLeftover(made, keep, now);
    });
    if (left.length === 0) continue;
    const run = () => removeSnapshots(context, connection, machine, left, { signal: call?.signal });
    reports.push(await context.exclusively(machine, run, call));
    throwIfAborted(call?.signal, 'reconcile');
  }
  return {
    removed: reports.flatMap(({ removed }) => removed),
    findings: reports.flatMap(({ findings }) => findings),
  };
}
