import { chmod, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Artifact,
  copyBlocks,
  diskId,
  guardTarget,
  type RestorePlan,
  type RestoreRequest,
  type RestoreResult,
  type RestoreState,
  type TargetConnector,
} from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { createQemuTarget, type QemuTargetOptions } from '@sendense/target-qemu';
import { DiskContent, openMemoryReader } from '@sendense/testkit';
import type { LibvirtDaemon } from '@sendense/tests/libvirt';
import { bootDisk, DISK_BYTES } from './boot-disk.ts';

/** A folder for disks beside the daemon's own files. */
export async function imagesOf(libvirt: LibvirtDaemon): Promise<string> {
  const folder = join(libvirt.folder, 'images');
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  return folder;
}

/** The target on that daemon; new files belong to the user that QEMU runs as, as the system's libvirt sees to itself. */
export function liveTarget(
  libvirt: LibvirtDaemon,
  folder: string,
  options: Partial<QemuTargetOptions> & Pick<QemuTargetOptions, 'name'>,
): TargetConnector {
  const fileSystem: typeof nodeFileSystem = {
    ...nodeFileSystem,
    open: async (path, mode) => {
      const file = await nodeFileSystem.open(path, mode);
      if (mode === 'create') await libvirt.own(path);
      return file;
    },
  };
  const defaults = { uri: libvirt.uri, folder, domainType: 'qemu', screen: false } as const;
  return guardTarget(
    createQemuTarget({ ...defaults, ...options }, { fileSystem, temporaryDirectory: libvirt.folder }),
  );
}

/** A machine of `disks` disks that boots from the first and tells what is in each. */
export function bootRequest(
  disks: number,
  given: Partial<RestoreRequest> = {},
  sizeBytes = DISK_BYTES,
): RestoreRequest {
  const restored = Array.from({ length: disks }, (_, number) => ({
    id: diskId(`id-${number}`),
    number,
    slot: { bus: number === 0 ? ('virtio' as const) : ('sata' as const), controller: 0, unit: number },
    sizeBytes,
    sectorBytes: 512 as const,
  }));
  return {
    spec: {
      schema: 1,
      name: 'old-name',
      platform: 'libvirt',
      firmware: 'bios',
      architecture: 'x86_64',
      cpu: { sockets: 1, coresPerSocket: 2, threadsPerCore: 1 },
      memoryBytes: 32 * 1024 * 1024,
      disks: restored.map(({ number: _number, ...disk }) => disk),
      nics: [],
    },
    disks: restored,
    into: 'new-machine',
    overwrite: false,
    start: false,
    options: {},
    ...given,
  };
}

/** The plan of a request that must be possible. */
export async function planOf(target: TargetConnector, request: RestoreRequest): Promise<RestorePlan> {
  const { plan, findings } = await target.check(request);
  if (plan === null) throw new Error(JSON.stringify(findings));
  return plan;
}

/** A journal that can be full: from save number `failAt` on nothing is kept any more. */
export class Journal {
  saved: RestoreState | undefined;
  saves = 0;
  failAt = Number.POSITIVE_INFINITY;

  run(artifacts: readonly Artifact[] = []) {
    const resume = this.saved === undefined ? {} : { resume: this.saved };
    return {
      fence: soloFence,
      artifacts,
      ...resume,
      save: async (state: RestoreState): Promise<void> => {
        if (this.saves++ >= this.failAt) throw new Error('the process ended here');
        this.saved = structuredClone(state);
      },
    };
  }
}

/** Begins or resumes the restore, copies every disk, commits. */
export async function restoreBoot(
  target: TargetConnector,
  plan: RestorePlan,
  journal: Journal = new Journal(),
  artifacts: readonly Artifact[] = [],
): Promise<RestoreResult> {
  await using writer = await target.begin(plan, journal.run(artifacts));
  for (const { id, number, sizeBytes } of plan.disks) {
    const to = writer.disks.get(id);
    if (to === undefined) throw new Error(`no writer for disk ${number}`);
    const content = new DiskContent(sizeBytes);
    content.write(0, bootDisk(number).subarray(0, sizeBytes));
    const from = openMemoryReader(content);
    await copyBlocks({ from, to, extents: from.extents({ offset: 0, length: sizeBytes }) });
    await to.flush();
  }
  return await writer.commit();
}

/** Reads the serial console of a running domain until all texts were seen; gives what it read at the end of the time. */
export async function readConsole(
  libvirt: LibvirtDaemon,
  domain: string,
  texts: readonly string[],
): Promise<string> {
  const path = (await libvirt.virsh('ttyconsole', domain)).trim();
  await using console = await open(path, 'r');
  const chunk = new Uint8Array(4096);
  let seen = '';
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    const { bytesRead } = await console.read(chunk, 0, chunk.length, null);
    seen += new TextDecoder().decode(chunk.subarray(0, bytesRead));
    if (texts.every((text) => seen.includes(text))) break;
    if (bytesRead === 0) await sleep(20);
  }
  return seen;
}
