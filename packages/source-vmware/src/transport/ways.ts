import { SendenseError } from '@sendense/core';
import type { ManagedObject, VimDisk } from '@sendense/platform-vmware';
import type { Connection, SourceContext } from '../context.ts';
import { openByFiles } from '../disk/open-files.ts';
import { openVddkDisk } from '../vddk/open-vddk-disk.ts';
import type { SnapshotExport } from './snapshot-export.ts';
import type { Transport, Way } from './transport.ts';

/** What the disks of a capture are read from. */
export type FrozenPlace = {
  readonly machine: ManagedObject;
  /** The host that the machine runs on. */
  readonly host: ManagedObject | undefined;
  readonly snapshot: ManagedObject;
  readonly exports: SnapshotExport;
};

/** The ways that the options allow, the best first. */
export function waysOf(
  context: SourceContext,
  connection: Connection,
  disk: VimDisk,
  place: FrozenPlace,
): readonly Way[] {
  const { options } = context;
  const { machine, snapshot, exports } = place;
  const frozen = { disk, snapshot };
  const all: Readonly<Record<Transport, Way['open']>> = {
    datastore: (call) => openByFiles(connection.vim, connection.files, frozen, call),
    host: async (call) =>
      openByFiles(connection.vim, await connection.hostFiles(hostOf(connection, place), call), frozen, call),
    lease: (call) => exports.open(disk, call),
    vddk: (call) => openVddkDisk(context, connection, { ...frozen, machine }, call),
  };
  const automatic: readonly Transport[] = [
    'datastore',
    ...(options.vddk === undefined ? [] : (['vddk'] as const)),
    'lease',
  ];
  const chosen: Readonly<Record<typeof options.transport, readonly Transport[]>> = {
    auto: automatic,
    host: ['host', ...automatic],
    datastore: ['datastore'],
    lease: ['lease'],
    vddk: ['vddk'],
  };
  return chosen[options.transport].map((transport) => ({ transport, open: all[transport] }));
}

/** The host of a machine of a vCenter. */
function hostOf({ vim }: Connection, { host }: FrozenPlace): ManagedObject {
  if (host !== undefined && vim.content.about.kind === 'vcenter') return host;
  throw new SendenseError(
    'UNSUPPORTED',
    `${vim.host} is no vCenter, or does not tell on which host the machine is`,
    {
      operation: 'open-disk',
    },
  );
}
