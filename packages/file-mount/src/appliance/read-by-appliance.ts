import { join } from 'node:path';
import { startNbdServer } from '@sendense/blockio-nbd/server';
import { type Call, SendenseError } from '@sendense/core';
import type { OpenVolume } from '@sendense/file-restore';
import type { Closer } from '@sendense/plugin-kit';
import type { VolumeOffer } from '../files/choose-way.ts';
import { MountedFolder } from '../files/mounted-folder.ts';
import { MountedReader } from '../files/mounted-reader.ts';
import { ReadFailures } from '../files/read-failures.ts';
import { MOST_TIMER_MS } from '../options.ts';
import { findProgram } from '../programs/find-program.ts';
import { VolumeReader } from '../volumes/volume-reader.ts';
import { applianceMount } from './appliance-mount.ts';
import { type AppliancePlace, openAppliancePlace } from './appliance-place.ts';
import { startGuestmount } from './start-guestmount.ts';

/** Each takes half a gigabyte of memory, and seconds to start. */
const MOST_MACHINES = 8;
const TOO_MANY = `a session starts ${MOST_MACHINES} virtual machines at most, and volumes before this one have them`;
/** What this machine, its user or the folder of mounts lacks: the volumes are not read, other ones are. */
const LACKS = ['CONFIG_INVALID', 'PERMISSION_DENIED', 'UNSUPPORTED', 'LOCKED', 'TIMEOUT'] as const;

/** A volume, the name of its export and of its folder, and how it is mounted. */
type Planned = {
  readonly open: OpenVolume;
  readonly name: string;
  readonly mount: string;
  readonly failures: ReadFailures;
};

/**
 * Has virtual machines of libguestfs read volumes of a point, one for each of up to eight; all of it ends with `closer`. Drivers of this
 * machine see nothing of the disks. It tells why others are not read, but rejects where the backup could not be read meanwhile.
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
    else if (planned.length === MOST_MACHINES) offers.set(id, { why: TOO_MANY });
    else planned.push({ open, name: `v${planned.length}`, mount, failures: new ReadFailures() });
  }
  if (program === undefined || planned.length === 0) return offers;
  try {
    const names = planned.map(({ name }) => name);
    const place = await openAppliancePlace(closer, point, directory, names);
    for (const [id, offer] of await startAll(closer, program, place, planned, call)) offers.set(id, offer);
  } catch (error) {
    if (!LACKS.some((code) => SendenseError.is(error, code))) throw error;
    for (const { failures } of planned) failures.throwLatest();
    for (const { open } of planned) offers.set(open.volume.id, { why: (error as SendenseError).message });
  }
  return offers;
}

/** Serves the bytes of the volumes, and starts their machines one after another. */
async function startAll(
  closer: Closer,
  program: string,
  place: AppliancePlace,
  planned: readonly Planned[],
  call: Call | undefined,
): Promise<ReadonlyMap<string, VolumeOffer>> {
  const offers = new Map<string, VolumeOffer>();
  const limits = { idleTimeoutMs: MOST_TIMER_MS }; // nothing is asked for as long as nobody reads something new
  const address = { kind: 'unix', path: place.socket } as const;
  const server = closer.add(await startNbdServer({ address, limits }));
  for (const each of planned) {
    const { open, name, failures } = each;
    const bytes = open.reader?.bytes ?? open.source;
    server.addExport(name, { reader: failures.watch(new VolumeReader(bytes, () => undefined)) });
    offers.set(open.volume.id, await offerOf(closer, program, place, each, call));
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
  { open, name, mount, failures }: Planned,
  call: Call | undefined,
): Promise<VolumeOffer> {
  const target = join(files, name);
  try {
    closer.add(await startGuestmount({ program, socket, exportName: name, mount, target, temporary }, call));
  } catch (error) {
    if (!SendenseError.is(error, 'UNSUPPORTED') && !SendenseError.is(error, 'TIMEOUT')) throw error;
    failures.throwLatest();
    return { why: error.message };
  }
  const folder = closer.add(new MountedFolder({ root: target, served: target }, failures));
  const kind = open.volume.fileSystem ?? '';
  const reason = `${kind} is mounted read-only in a virtual machine of libguestfs`;
  return { reader: new MountedReader(kind, folder), reason };
}
