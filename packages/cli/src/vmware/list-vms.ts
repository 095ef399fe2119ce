import {
  type Call,
  type CapturePlan,
  captureId,
  type Finding,
  type MachineKey,
  type MachineSummary,
  machineKeyOf,
  type SendenseError,
  type SourceConnector,
  streamId,
} from '@sendense/core';
import {
  type DescribedMachine,
  describeMachine,
  diskIdOf,
  listMachines,
  type VimClient,
  type VimDisk,
  type VimMachineSummary,
} from '@sendense/platform-vmware';
import { limitConcurrency } from '@sendense/plugin-kit';
import { asSendenseError } from '../output/error-report.ts';

/** A disk of a machine, and why a backup leaves it out. */
export type ListedDisk = { readonly disk: VimDisk; readonly id: string; readonly skipped: string | null };

/** A machine of a server as a backup would find it. */
export type ListedVm = DescribedMachine & {
  /** Its identity in repositories; `null` where it cannot be backed up. */
  readonly key: MachineKey | null;
  readonly disks: readonly ListedDisk[];
  /** Why no backup of it can be made. */
  readonly skipped: string | null;
  readonly findings: readonly Finding[];
};

/** What could be told of the machines of a server, and which could not be read. */
export type VmListing = {
  readonly vms: readonly ListedVm[];
  readonly failures: readonly { readonly machine: string; readonly error: SendenseError }[];
};

/** Machines that are read at once: each takes a dozen short requests. */
const AT_ONCE = 4;

/** The machines of a server by name, or those that are called `wanted`: by name, managed object id or instance UUID. */
export async function listVms(
  vim: VimClient,
  source: SourceConnector,
  wanted: string | undefined,
  call: Call,
): Promise<VmListing> {
  const summaries = new Map<string, MachineSummary>();
  for await (const summary of source.machines(undefined, call)) summaries.set(summary.machine.id, summary);
  const listed = (await listMachines(vim, call)).filter(
    ({ name, object, instanceUuid }) =>
      wanted === undefined || [name, object.id, instanceUuid].includes(wanted),
  );
  const limited = limitConcurrency(AT_ONCE);
  const read = (found: VimMachineSummary) => {
    const summary = summaries.get(found.instanceUuid ?? found.object.id);
    return readVm(vim, source, found, found.template ? undefined : summary, call);
  };
  const settled = await Promise.allSettled(listed.map((found) => limited(() => read(found), call.signal)));
  return {
    vms: settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    failures: settled.flatMap((result, index) =>
      result.status === 'fulfilled'
        ? []
        : [{ machine: listed[index]?.name ?? '', error: asSendenseError(result.reason, 'describe-machine') }],
    ),
  };
}

async function readVm(
  vim: VimClient,
  source: SourceConnector,
  { object, template }: VimMachineSummary,
  summary: MachineSummary | undefined,
  call: Call,
): Promise<ListedVm> {
  const described = await describeMachine(vim, object, call);
  const { disks } = described.machine;
  if (summary === undefined) {
    const skipped = template ? 'it is a template, which has no snapshots' : 'the source does not list it';
    return { ...described, key: null, disks: listedDisks(disks), skipped, findings: [] };
  }
  const plan = await source.plan(requestFor(summary), call);
  return {
    ...described,
    key: machineKeyOf(summary.machine),
    disks: listedDisks(disks, plan),
    skipped: plan.disks.length === 0 ? 'it has no disk that can be backed up' : null,
    findings: plan.findings,
  };
}

function listedDisks(disks: readonly VimDisk[], plan?: CapturePlan): ListedDisk[] {
  const reasons = new Map(plan?.skipped.map(({ id, reason }) => [id, reason]));
  return disks.map((disk) => {
    const id = diskIdOf(disk, disks);
    return { disk, id, skipped: reasons.get(id) ?? null };
  });
}

/** A first backup: what it would do is all that is asked. */
function requestFor({ machine }: MachineSummary) {
  return {
    id: captureId('vmware-vms'),
    stream: streamId('vmware-vms'),
    machine,
    since: [],
    consistency: { want: 'crash', accept: 'crash' },
  } as const;
}
