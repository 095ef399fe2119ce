import { startNbdServer } from '@sendense/blockio-nbd/server';
import { type Call, type Finding, type PointReader, SendenseError, throwIfAborted } from '@sendense/core';
import { openPointVolumes } from '@sendense/file-restore';
import { Closer, orClose, parseOptions, systemTimer } from '@sendense/plugin-kit';
import { MOST_TIMER_MS, type MountOptions, type MountSettings, mountOptions } from '../options.ts';
import { needProgram } from '../programs/find-program.ts';
import { type StorageDaemon, startStorageDaemon } from '../programs/storage-daemon.ts';
import { type MountPlan, notMounted, planMounts } from '../volumes/plan-mounts.ts';
import { VolumeReader } from '../volumes/volume-reader.ts';
import { beginSession } from './begin-session.ts';
import { endWhenIdle } from './end-when-idle.ts';
import { type MountRecord, sessionPaths } from './mount-record.ts';
import { MountedPoint } from './mounted-point.ts';
import { reconcileBeforeMount } from './reconcile-before-mount.ts';
import { openDirectory } from './reconcile-mounts.ts';
import { letGo } from './remove-rests.ts';
import { showVolume } from './show-volume.ts';
import { unmountVolumes } from './unmount-volumes.ts';

/**
 * Shows the files of a recovery point as folders of this machine, read-only. The mount owns `reader` from now on, also when this
 * rejects. Nothing of this process may read the folders synchronously, nor four files of them at once: it serves their bytes.
 *
 * Rejects with `CONFIG_INVALID` without `trustImage`, `PERMISSION_DENIED` without the rights of root, `UNSUPPORTED` where a program is
 * missing, `FORMAT_UNSUPPORTED` where no volume can be mounted, `ALREADY_EXISTS` for a path that holds something or that another mount has.
 */
export async function mountPoint(
  reader: PointReader,
  options: MountOptions,
  call?: Call,
): Promise<MountedPoint> {
  const closer = new Closer();
  closer.add(reader);
  return orClose(closer, async () => {
    const settings = await parseOptions(mountOptions, options, 'file-mount');
    checkAllowed(settings);
    const program = await needProgram('qemu-storage-daemon', 'qemu-system-common');
    const directory = await openDirectory(settings.directory);
    const rests = await reconcileBeforeMount(directory);
    throwIfAborted(call?.signal, 'mount-point');
    const { volumes, findings } = await openPointVolumes(reader, call);
    const plan = await planMounts(volumes, settings.volumes);
    const record = await beginSession(directory, reader.point.id, settings, plan);
    const told = [...findings, ...plan.findings];
    closer.add(disposing(async () => told.push(...(await letGo(directory, record)))));
    const served = await serve(closer, directory, record, plan, program, call);
    closer.add(disposing(async () => told.push(...(await unmountVolumes(directory, record, true)))));
    const failed = await showAll(directory, plan, record, call);
    told.push(...failed, ...rests);
    const shown = record.volumes.filter(({ id }) => failed.every(({ object }) => object !== id));
    const mounted = { ...record, volumes: shown };
    return keep(closer, { directory, record: mounted, findings: told, settings, ...served });
  });
}

/** What serves the bytes of a mount. */
type Served = { readonly daemon: StorageDaemon; readonly lastReadMs: () => number };

/** Each volume becomes an export of an NBD server, and a file that shows it. */
async function serve(
  closer: Closer,
  directory: string,
  { id, volumes }: MountRecord,
  plan: MountPlan,
  program: string,
  call: Call | undefined,
): Promise<Served> {
  const { socket, pidFile } = sessionPaths(directory, id);
  let readMs = systemTimer.monotonicMs();
  const onRead = () => {
    readMs = systemTimer.monotonicMs();
  };
  // its only client is the daemon, which asks for nothing as long as nobody reads something new
  const limits = { idleTimeoutMs: MOST_TIMER_MS };
  const server = closer.add(await startNbdServer({ address: { kind: 'unix', path: socket }, limits }));
  const shown = volumes.map(({ file }, index) => ({ name: `v${index}`, file }));
  for (const [index, { volume }] of plan.volumes.entries())
    server.addExport(`v${index}`, { reader: new VolumeReader(volume.bytes, onRead) });
  const daemon = closer.add(await startStorageDaemon({ program, socket, pidFile, shown }, call));
  return { daemon, lastReadMs: () => readMs };
}

/** Mounts all volumes; why some are not. Rejects where none is, or somebody else came between. */
async function showAll(
  directory: string,
  plan: MountPlan,
  record: MountRecord,
  call: Call | undefined,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const volume of record.volumes) {
    throwIfAborted(call?.signal, 'mount-point');
    const planned = plan.volumes.find((each) => each.volume.id === volume.id);
    try {
      if (planned !== undefined) await showVolume(directory, record, volume, planned.way);
    } catch (error) {
      if (!SendenseError.is(error) || error.code === 'ALREADY_EXISTS') throw error;
      findings.push(notMounted(volume.id, error.message));
      if (findings.length === record.volumes.length) throw error;
    }
  }
  return findings;
}

type Kept = Served & {
  readonly directory: string;
  readonly record: MountRecord;
  readonly findings: Finding[];
  readonly settings: MountSettings;
};

/** The mount, which ends by itself when nobody uses it and when the daemon goes away. */
function keep(closer: Closer, { settings, daemon, lastReadMs, ...parts }: Kept): MountedPoint {
  const closed = new AbortController();
  const mounted = new MountedPoint({
    ...parts,
    close: async () => {
      closed.abort();
      await closer[Symbol.asyncDispose]();
    },
  });
  const unmount = () => mounted.unmount('idle');
  const { findings, record } = parts;
  const tell = (error: SendenseError) => tellStays(findings, record.id, error);
  const idle = endWhenIdle({ idleMs: settings.idleMs, lastReadMs, unmount, tell }, closed.signal);
  // a defect; what closing it says is told by `ended`
  idle.catch(() => mounted.close('idle').catch(() => undefined));
  void daemon.ended.then(() => mounted.close('lost').catch(() => undefined));
  return mounted;
}

/** Once, however often it is asked: the last cause counts. */
function tellStays(findings: Finding[], id: string, { message }: SendenseError): void {
  const known = findings.findIndex(({ code }) => code === 'mount-stays');
  if (known !== -1) findings.splice(known, 1);
  const text = `nobody used the mount, but it could not be ended: ${message}`;
  findings.push({ severity: 'warning', code: 'mount-stays', message: text, object: id });
}

function disposing(run: () => Promise<unknown>): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await run();
    },
  };
}

function checkAllowed({ trustImage }: MountSettings): void {
  if (!trustImage)
    throw new SendenseError('CONFIG_INVALID', 'nobody said that the disks of this backup are trusted', {
      operation: 'mount-point',
      remedy:
        'drivers of the kernel trust what they read: a disk that was made to attack one takes over this machine. Say trustImage (--trust-image) for machines that are trusted with it; browsing reads files of any disk safely',
    });
  if (process.platform !== 'linux' || process.geteuid?.() !== 0)
    throw new SendenseError('PERMISSION_DENIED', 'mounting takes Linux and the rights of root', {
      operation: 'mount-point',
      remedy: 'run it as root, or browse the files and take them out, which needs no rights',
    });
}
