import { type Call, jobId, pointId, SendenseError } from '@sendense/core';
import { type Tenant, type TenantScope, tenantScope } from '../access/tenant-scope.ts';
import type { Places } from '../places/places.ts';
import type { ServerServices } from '../services.ts';
import { describeBackupResult, describeRestoreResult } from './describe-results.ts';
import type { JobOrder, JobRecord, JobResult } from './job-record.ts';

/** What orders are carried out with. */
export type OrderServices = Pick<ServerServices, 'engine'> & {
  readonly places: Places;
  readonly tenants: ReadonlyMap<string, Tenant>;
};

/** What the server made itself it may remove, whoever has the place now. */
const OWN_WORK: TenantScope = { sees: () => true, machinesIn: () => 'all' };

/**
 * Carries out what a job was ordered to do, as its tenant may now: an order may have waited while the server was started with other
 * tenants. Rejects as the engine does, and with `NOT_FOUND` for what the tenant has lost.
 */
export function runOrder(services: OrderServices, record: JobRecord, call: Call): Promise<JobResult> {
  const { order } = record;
  return order.kind === 'backup'
    ? runBackup(services, record, order, call)
    : runRestore(services, record, order, call);
}

async function runBackup(
  { engine, places, tenants }: OrderServices,
  { runId, tenant }: JobRecord,
  order: Extract<JobOrder, { kind: 'backup' }>,
  call: Call,
): Promise<JobResult> {
  const scope = tenantScope({ tenant }, tenants);
  const repository = await places.repository(scope, order.repository);
  await using from = await places.machine(scope, order.vmName, call);
  const result = await engine.backup(
    {
      jobId: jobId(runId),
      source: from.source,
      machine: from.machine,
      machineKey: from.machineKey,
      repository,
      type: order.type,
      allowFull: order.allowFull,
    },
    call,
  );
  await places.pointsChanged(repository, result.machine);
  return describeBackupResult(result);
}

/** A restore that was begun goes on at the step where it stopped: its own journal knows. */
async function runRestore(
  { engine, places, tenants }: OrderServices,
  { runId, tenant }: JobRecord,
  order: Extract<JobOrder, { kind: 'restore' }>,
  call: Call,
): Promise<JobResult> {
  const scope = tenantScope({ tenant }, tenants);
  const { repository } = await places.point(scope, order.backupId, order.repository, call);
  await using target = await places.target(scope, order.target, call);
  const id = jobId(runId);
  if (await isBegun(engine, runId))
    return describeRestoreResult(await engine.resumeRestore({ jobId: id, repository, target }, call));
  const result = await engine.restore(
    {
      jobId: id,
      repository,
      point: pointId(order.backupId),
      target,
      overwrite: order.overwrite,
      verify: order.verify,
      ...(order.disks !== null && { disks: order.disks }),
    },
    call,
  );
  return describeRestoreResult(result);
}

/**
 * Removes what a restore made that ended without success: no operation goes on with it, and it would stand in the way of the next one. A
 * backup leaves nothing that its next one does not tidy up.
 */
export async function undoOrder(
  { engine, places }: Omit<OrderServices, 'tenants'>,
  { order, runId }: JobRecord,
): Promise<void> {
  if (order.kind === 'backup' || !(await isBegun(engine, runId))) return;
  const repository = await places.repository(OWN_WORK, order.repository);
  await using target = await places.target(OWN_WORK, order.target);
  await engine.rollbackRestore({ jobId: jobId(runId), repository, target });
}

async function isBegun(engine: ServerServices['engine'], runId: string): Promise<boolean> {
  try {
    await engine.restoreStatus(jobId(runId));
    return true;
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return false;
    throw error;
  }
}
