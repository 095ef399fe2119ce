import type { Json } from '@sendense/core';
import type { VimClient } from '@sendense/platform-vmware';
import type { ListedVm, VmListing } from '../vmware/list-vms.ts';
import { describeFindings, findingLines } from './describe-findings.ts';
import { errorLine, errorReport } from './error-report.ts';
import { formatBytes } from './human-size.ts';
import { textTable } from './text-table.ts';

/** The machines of a server as the command line prints them. `server` is the server as sources name it. */
export function describeVms(
  { host, content: { about } }: VimClient,
  server: string,
  { vms, failures }: VmListing,
): { readonly [key: string]: Json } {
  const { kind, fullName, apiVersion, instanceUuid = null } = about;
  return {
    server: { host, kind, fullName, apiVersion, instanceUuid },
    machines: vms.map((vm) => describeVm(server, vm)),
    failures: failures.map(({ machine, error }) => ({ machine, error: errorReport(error) })),
  };
}

function describeVm(server: string, vm: ListedVm): { readonly [key: string]: Json } {
  const { machine, names, key, disks, skipped, findings } = vm;
  const path = pathOf(vm);
  return {
    name: machine.name,
    path,
    source: `vmware://${server}/${path.split('/').map(encodeURIComponent).join('/')}`,
    moref: machine.object.id,
    uuid: machine.instanceUuid ?? null,
    biosUuid: machine.uuid ?? null,
    machine: key,
    power: machine.power,
    template: machine.template,
    host: names.name(machine.host) ?? null,
    hardwareVersion: machine.hardwareVersion ?? null,
    changeTracking: { ...machine.changeTracking },
    snapshots: machine.snapshots.snapshots.length,
    consolidationNeeded: machine.consolidationNeeded,
    disks: disks.map(({ disk, id, skipped: why }) => ({
      id,
      label: disk.label,
      sizeBytes: disk.sizeBytes,
      thin: disk.thin,
      path: disk.fileName ?? null,
      skipped: why,
    })),
    skipped,
    findings: describeFindings(findings),
  };
}

/** Names from the datacenter to the machine, as they stand in the name of a source. */
function pathOf({ machine, names }: ListedVm): string {
  const folder = names.path(machine.folder);
  const name = machine.name;
  return folder === undefined ? name : `${folder}/${name}`;
}

const HEADER = ['NAME', 'MOREF', 'UUID', 'POWER', 'DISKS', 'SIZE', 'TRACKING', 'SNAPSHOTS'];

/** The same for a person: a line for each machine, then what backups of them leave out. */
export function vmLines({ content: { about } }: VimClient, { vms, failures }: VmListing): string[] {
  return [
    about.fullName,
    ...textTable(HEADER, vms.map(rowOf)),
    ...vms.flatMap(remarksOf),
    ...failures.map(({ machine, error }) => `${machine}: ${errorLine(error)}`),
  ];
}

function rowOf({ machine, disks }: ListedVm): string[] {
  const { name, object, instanceUuid = '', power, changeTracking, snapshots } = machine;
  const sizeBytes = disks.reduce((sum, { disk }) => sum + disk.sizeBytes, 0);
  return [
    name,
    object.id,
    instanceUuid,
    power,
    String(disks.length),
    formatBytes(sizeBytes),
    changeTracking.enabled ? 'on' : changeTracking.supported ? 'off' : 'not supported',
    String(snapshots.snapshots.length),
  ];
}

function remarksOf({ machine: { name }, disks, skipped, findings }: ListedVm): string[] {
  // how each disk is read is told by its backup
  const shown = findings.filter(({ severity, code }) => severity !== 'info' || code === 'no-change-tracking');
  return [
    ...(skipped === null ? [] : [`${name}: ${skipped}`]),
    ...disks.flatMap(({ disk, skipped: why }) =>
      why === null ? [] : [`${name}: ${disk.label} would be skipped: ${why}`],
    ),
    ...findingLines(shown).map((line) => `${name}: ${line}`),
  ];
}
