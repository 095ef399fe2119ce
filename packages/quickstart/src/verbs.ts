import type { Catalog } from '@sendense/catalog';
import {
  type Call,
  type Finding,
  type PluginServices,
  pointId,
  type RecoveryPoint,
  type SourceConnector,
  type TargetConnector,
} from '@sendense/core';
import type {
  BackupRequest,
  BackupResult,
  Engine,
  ReconcileResult,
  ResumeRestoreRequest,
} from '@sendense/engine';
import { type ResolvedSource, resolveConnector, resolveSource } from './names/resolve-source.ts';
import { resolveTarget, targetNameOf } from './names/resolve-target.ts';
import type { AskVmwareAccount } from './names/vmware-account.ts';
import type { OpenPlaces } from './open-places.ts';
import type { SendenseBackup, SendenseReconcile, SendenseRestore, SendenseResume } from './requests.ts';
import { parseRestorePlaces, serializeRestorePlaces } from './restore-places.ts';
import type { Sendense } from './sendense.ts';

/** What the verbs work with. */
export type VerbGround = {
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly services: PluginServices;
  readonly places: OpenPlaces;
  readonly workingDirectory: string;
  readonly stateFolder: string;
  readonly vmwareAccount?: AskVmwareAccount;
};

/** The verbs of a {@link Sendense}: names in, engine calls out. */
export function createVerbs(ground: VerbGround): Omit<Sendense, typeof Symbol.asyncDispose> {
  const { engine, catalog, places } = ground;
  return {
    engine,
    catalog,
    backup: (request, call) => backup(ground, request, call),
    async planBackup(request, call) {
      const { repository } = await places.repository(request.repository);
      await using source = await openSource(ground, request);
      return await engine.planBackup(backupRequest(request, source, repository), call);
    },
    async points({ repository: name, machine }, call) {
      const { repository } = await places.repository(name);
      const points: RecoveryPoint[] = [];
      for await (const point of repository.points({}, call))
        if (machine === undefined || [point.machine as string, point.spec.name].includes(machine))
          points.push(point);
      return points;
    },
    restore: (request, call) => restore(ground, request, call),
    async resumeRestore(request, call) {
      await using again = await reopenRestore(ground, request);
      return await engine.resumeRestore(again.request, call);
    },
    async rollbackRestore(request, call) {
      await using again = await reopenRestore(ground, request);
      return await engine.rollbackRestore(again.request, call);
    },
    restoreStatus: (jobId) => engine.restoreStatus(jobId),
    async verify({ repository: name, points, ...request }, call) {
      const { repository } = await places.repository(name);
      const ids = points?.map((point) => pointId(point));
      return engine.verify({ ...request, repository, ...(ids && { points: ids }) }, call);
    },
    async copy({ from, to, points, ...request }, call) {
      const source = await places.repository(from);
      const place = await places.repository(to, true);
      const ids = points?.map((point) => pointId(point));
      const ends = { from: source.repository, to: place.repository };
      const result = await engine.copy({ ...request, ...ends, ...(ids && { points: ids }) }, call);
      if (result.copied.length > 0) await noteMachines(ground, place);
      return result;
    },
    async prune({ repository: name, ...request }, call) {
      const place = await places.repository(name);
      const result = await engine.prune({ repository: place.repository, ...request }, call);
      if (request.dryRun !== true) await noteMachines(ground, place);
      return result;
    },
    reconcile: (request, call) => reconcile(ground, request, call),
  };
}

async function reconcile(
  ground: VerbGround,
  request: SendenseReconcile,
  call: Call | undefined,
): Promise<ReconcileResult> {
  const { sources = [], repositories = [], targets = [], graceMs } = request;
  // not an AsyncDisposableStack: Node.js 22 has none
  const opened: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(handle: T): T => {
    opened.push(handle);
    return handle;
  };
  const options = accessOf(ground);
  try {
    const from: SourceConnector[] = [];
    for (const name of sources) from.push(keep(await resolveConnector(name, options, ground.services)));
    const to: TargetConnector[] = [];
    for (const name of targets) to.push(keep((await resolveTarget(name, options, ground.services)).target));
    const known = await Promise.all(repositories.map((name) => ground.places.repository(name)));
    return await ground.engine.reconcile(
      {
        sources: from,
        targets: to,
        repositories: known.map(({ repository }) => repository),
        ...(graceMs !== undefined && { graceMs }),
      },
      call,
    );
  } finally {
    for (const handle of opened.toReversed()) await handle[Symbol.asyncDispose]();
  }
}

async function backup(ground: VerbGround, request: SendenseBackup, call: Call | undefined) {
  // The source comes first: a name that is wrong must not leave a new repository behind.
  await using source = await openSource(ground, request);
  const place = await ground.places.repository(request.repository, true);
  const result = await ground.engine.backup(backupRequest(request, source, place.repository), call);
  const made: Finding[] = place.created
    ? [{ severity: 'info', code: 'repository-created', message: `the repository ${place.location} was made` }]
    : [];
  const behind = await ground.places.note(place, result.machine);
  return { ...result, findings: [...made, ...result.findings, ...behind] } satisfies BackupResult;
}

async function restore(
  ground: VerbGround,
  request: SendenseRestore,
  call: Parameters<Sendense['restore']>[1],
) {
  const { repository: name, target: to, point, format, ...rest } = request;
  const { repository, location, folder } = await ground.places.repository(name);
  const options = { ...accessOf(ground), ...protecting(folder), ...(format !== undefined && { format }) };
  const { target, place } = await resolveTarget(to, options, ground.services);
  await using _ = target;
  const host = serializeRestorePlaces({ repository: location, target: place });
  return await ground.engine.restore({ ...rest, repository, target, point: pointId(point), host }, call);
}

/** A restore never writes into the repository it reads. */
function protecting(folder: string | null): { readonly protect?: readonly string[] } {
  return folder === null ? {} : { protect: [folder] };
}

async function reopenRestore(ground: VerbGround, request: SendenseResume) {
  const { host } = await ground.engine.restoreStatus(request.jobId);
  const { repository: location, target: place } = parseRestorePlaces(host);
  const { repository, folder } = await ground.places.repository(location);
  const { target } = await resolveTarget(
    targetNameOf(place),
    { ...accessOf(ground), ...protecting(folder), ...(place.format !== null && { format: place.format }) },
    ground.services,
  );
  return {
    request: { ...request, repository, target } satisfies ResumeRestoreRequest,
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  };
}

/** What every source and target of a ground is opened with. */
function accessOf({ workingDirectory, stateFolder, vmwareAccount }: VerbGround) {
  return { workingDirectory, stateFolder, ...(vmwareAccount && { vmwareAccount }) };
}

async function openSource(ground: VerbGround, request: SendenseBackup) {
  const { machineId, machine, format, parents } = request;
  const resolved = await resolveSource(
    request.source,
    {
      ...accessOf(ground),
      ...(machineId !== undefined && { machineId }),
      ...(machine !== undefined && { machine }),
      ...(format !== undefined && { format }),
      ...(parents !== undefined && { parents }),
    },
    ground.services,
  );
  return { ...resolved, [Symbol.asyncDispose]: () => resolved.source[Symbol.asyncDispose]() };
}

function backupRequest(
  request: SendenseBackup,
  resolved: ResolvedSource,
  repository: BackupRequest['repository'],
): BackupRequest {
  const { source, machineKey, machine } = resolved;
  return { ...request, source, machine: machine.machine, machineKey, repository };
}

async function noteMachines(
  ground: VerbGround,
  place: Awaited<ReturnType<OpenPlaces['repository']>>,
): Promise<void> {
  const machines = new Set<RecoveryPoint['machine']>();
  for await (const { machine } of place.repository.points()) machines.add(machine);
  for (const machine of machines) await ground.places.note(place, machine);
}
