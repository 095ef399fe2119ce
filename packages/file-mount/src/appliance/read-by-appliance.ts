import { join } from 'node:path';
import { startNbdServer } from '@sendense/blockio-nbd/server';
import { type Call, SendenseError } from '@sendense/core';
import type { OpenVolume } from '@sendense/file-restore';
import type { Closer } from '@sendense/plugin-kit';
import type { VolumeOffer } from '../files/choose-way.ts';
import { MountedFolder } from '../files/mounted-folder.ts';
import { MountedReader } from '../files/mounted-reader.ts';
import { MOST_TIMER_MS } from '../options.ts';
import { findProgram } from '../programs/find-program.ts';
import { VolumeReader } from '../volumes/volume-reader.ts';
import { applianceMount } from './appliance-mount.ts';
import { type AppliancePlace, openAppliancePlace } from './appliance-place.ts';
import { startGuestmount } from './start-guestmount.ts';

/** A volume, the name of its export and of its folder, and how it is mounted. */
type Planned = { readonly open: OpenVolume; readonly name: string; readonly mount: string };

/**
 * Has virtual machines of libguestfs read volumes of a point, one for each; all of it ends with `closer`. Drivers of this machine see
 * nothing of the disks. It tells why others are not read.
 */
export async function readByAppliance(
  closer: Closer,
  point: string,
  wanted: readonly OpenVolume[],
  directory: string,
  call?: Call,
): Promise<ReadonlyMap<string, VolumeOffer>> {
  const offers = new Map<string, VolumeOffer>();
  const planned: Planned[] = [];
  const program = await findProgram('guestmount');
  for (const open of wanted) {
    const { id, fileSystem } = open.volume;
    const mount = open.isDamaged ? undefined : applianceMount(fileSystem);
    if (mount === undefined) offers.set(id, { why: notAsked(open) });
    else if (program === undefined) offers.set(id, { why: 'guestmount is not installed (libguestfs-tools)' });
    else planned.push({ open, name: `v${planned.length}`, mount });
  }
  if (program === undefined || planned.length === 0) return offers;
  const names = planned.map(({ name }) => name);
  const place = await openAppliancePlace(closer, point, directory, names);
  const limits = { idleTimeoutMs: MOST_TIMER_MS }; // nothing is asked for as long as nobody reads something new
  const address = { kind: 'unix', path: place.socket } as const;
  const server = closer.add(await startNbdServer({ address, limits }));
  for (const { open, name, mount } of planned) {
    const bytes = open.reader?.bytes ?? open.source;
    server.addExport(name, { reader: new VolumeReader(bytes, () => undefined) });
    offers.set(open.volume.id, await offerOf(closer, program, place, { open, name, mount }, call));
  }
  return offers;
}

function notAsked({ volume: { fileSystem }, isDamaged }: OpenVolume): string {
  if (isDamaged) return `its ${fileSystem} contradicts itself`;
  return `libguestfs is not asked for ${fileSystem ?? 'what lies there'}`;
}

async function offerOf(
  closer: Closer,
  program: string,
  { socket, files, temporary }: AppliancePlace,
  { open, name, mount }: Planned,
  call: Call | undefined,
): Promise<VolumeOffer> {
  const target = join(files, name);
  try {
    closer.add(await startGuestmount({ program, socket, exportName: name, mount, target, temporary }, call));
  } catch (error) {
    if (SendenseError.is(error, 'UNSUPPORTED') || SendenseError.is(error, 'TIMEOUT'))
      return { why: error.message };
    throw error;
  }
  const folder = closer.add(new MountedFolder({ root: target, served: target }));
  const kind = open.volume.fileSystem ?? '';
  const reason = `${kind} is mounted read-only in a virtual machine of libguestfs`;
  return { reader: new MountedReader(kind, folder), reason };
}
