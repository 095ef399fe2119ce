import { dirname } from 'node:path';
import {
  type Call,
  consistencySatisfies,
  type Finding,
  SendenseError,
  type SocketAddress,
} from '@sendense/core';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import { type BitmapName, parseBitmapName } from '@sendense/plugin-kit/baselines';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { FrozenInstant, HostDisk, InstantRequest, MachineHost, Removal } from '../host/machine-host.ts';
import { notRemoved } from '../host/not-removed.ts';
import { checkScratchSpace } from '../host/scratch-watch.ts';
import { exportDisks, freeze } from './freeze.ts';
import { findLitter, removeLitter } from './litter.ts';
import { Monitor } from './monitor.ts';
import { NbdService } from './nbd-service.ts';
import { objectNames, scratchPath } from './object-names.ts';
import { QmpInstant } from './qmp-instant.ts';
import { type MachineOptions, readMachine } from './qmp-machine.ts';
import { queryNodes } from './queries.ts';
import { addOverlay } from './scratch-overlay.ts';

/** How a machine is reached by its monitor. */
export type QmpHostOptions = MachineOptions & {
  /** Where scratch files go; beside each image when not given. */
  readonly scratchFolder: string | undefined;
  /** Address of an NBD server that runs in this QEMU already. */
  readonly nbd: SocketAddress | undefined;
  /** The longest wait for the monitor while another client has it. */
  readonly monitorWaitMs: number;
  /** Where scratch files of disks without a folder of their own go (devices, network storage). */
  readonly temporaryDirectory: string;
};

/** The monitor of a QEMU that nobody else manages. Never for a domain of libvirt, which would lose track. */
export class QmpHost implements MachineHost {
  readonly #options: QmpHostOptions;
  readonly #fileSystem: FileSystem;
  readonly #now: () => Date;
  readonly #monitor: Monitor;
  readonly #nbd: NbdService;

  constructor(options: QmpHostOptions, fileSystem: FileSystem, now: () => Date) {
    this.#options = options;
    this.#fileSystem = fileSystem;
    this.#now = now;
    this.#monitor = new Monitor(options.socket, options.monitorWaitMs);
    this.#nbd = new NbdService(options.socket, options.nbd, fileSystem);
  }

  describe(call?: Call) {
    return this.#monitor.use((qmp) => readMachine(qmp, this.#options, call), call);
  }

  /** A monitor cannot reach the guest's agent: the disks are as after pulling the plug. */
  checkConsistency({ want, accept }: InstantRequest['consistency']): readonly Finding[] {
    if (!consistencySatisfies('crash', accept)) {
      throw new SendenseError('QUIESCE_FAILED', `a QEMU monitor gives crash consistency, not ${accept}`, {
        operation: 'begin-capture',
        remedy: 'accept crash consistency, or run the machine under libvirt with a guest agent',
      });
    }
    if (want === 'crash') return [];
    const message = `${want} consistency was wanted; a QEMU monitor gives crash consistency`;
    return [{ severity: 'warning', code: 'consistency-weakened', message }];
  }

  async begin(request: InstantRequest, call?: Call): Promise<FrozenInstant> {
    const findings = this.checkConsistency(request.consistency);
    return await this.#monitor.use(async (qmp) => {
      try {
        await this.#prepare(qmp, request, call);
        await freeze(qmp, request, call);
        const at = this.#now();
        await exportDisks(qmp, request, call);
        return new QmpInstant(
          {
            monitor: this.#monitor,
            address: this.#nbd.address,
            fileSystem: this.#fileSystem,
            end: (client) => this.#clear(client, request.baseline),
          },
          { request, at, findings, folders: request.disks.map(({ disk }) => this.#scratchFolder(disk)) },
        );
      } catch (error) {
        await this.#undo(qmp, request).catch(() => undefined); // `tidy` finds what is left
        throw explain(error);
      }
    }, call);
  }

  async removeBitmaps(unwanted: (made: BitmapName) => boolean, call?: Call): Promise<Removal> {
    return await this.#monitor.use(async (qmp) => {
      const removed: string[] = [];
      const findings: Finding[] = [];
      for (const { image, ...node } of await queryNodes(qmp, call)) {
        for (const { name = '' } of node['dirty-bitmaps']) {
          const made = parseBitmapName(name);
          if (made === undefined || !unwanted(made)) continue;
          const what = `bitmap ${name} of ${image.filename}`;
          try {
            await qmp.execute('block-dirty-bitmap-remove', { node: node['node-name'], name });
            removed.push(what);
          } catch (error) {
            findings.push(notRemoved(what, error));
          }
        }
      }
      return { removed, findings };
    }, call);
  }

  async tidy(isLeft: (made: BitmapName) => boolean, call?: Call): Promise<Removal> {
    const { scratchFolder } = this.#options;
    return await this.#monitor.use(async (qmp) => {
      const removed: string[] = [];
      const findings: Finding[] = [];
      const folders = scratchFolder === undefined ? [] : [scratchFolder];
      for (const litter of await findLitter(qmp, this.#fileSystem, folders)) {
        if (!isLeft(litter.made)) continue;
        try {
          removed.push(...(await removeLitter(qmp, this.#fileSystem, litter)));
        } catch (error) {
          findings.push(notRemoved(`what capture ${litter.made.capture} left`, error));
        }
      }
      if (removed.length > 0) await this.#nbd.stop(qmp);
      return { removed, findings };
    }, call);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Everything that can fail for want of space or rights, before the guest is touched. */
  async #prepare(qmp: QmpClient, request: InstantRequest, call: Call | undefined): Promise<void> {
    for (const [index, { disk }] of request.disks.entries()) {
      const folder = this.#scratchFolder(disk);
      await checkScratchSpace(this.#fileSystem, folder);
      const path = scratchPath(folder, request.baseline, index);
      const names = objectNames(request.baseline, index);
      await addOverlay(qmp, { names, path, sizeBytes: disk.sizeBytes, node: disk.target }, call);
    }
    await this.#nbd.start(qmp, call);
  }

  #scratchFolder({ images: [image = ''] }: HostDisk): string {
    const { scratchFolder, temporaryDirectory } = this.#options;
    const beside = image.startsWith('/') && !image.startsWith('/dev/') ? dirname(image) : temporaryDirectory;
    return scratchFolder ?? beside;
  }

  /** Removes everything temporary of one capture. */
  async #clear(qmp: QmpClient, baseline: string): Promise<void> {
    const { scratchFolder } = this.#options;
    const folders = scratchFolder === undefined ? [] : [scratchFolder];
    for (const litter of await findLitter(qmp, this.#fileSystem, folders)) {
      if (litter.made.name === baseline) await removeLitter(qmp, this.#fileSystem, litter);
    }
    await this.#nbd.stop(qmp);
  }

  async #undo(qmp: QmpClient, { baseline, disks }: InstantRequest): Promise<void> {
    await this.#clear(qmp, baseline);
    const nodes = await queryNodes(qmp);
    for (const { disk } of disks) {
      const node = nodes.find((one) => one['node-name'] === disk.target);
      if (node?.['dirty-bitmaps'].some(({ name }) => name === baseline) !== true) continue;
      await qmp.execute('block-dirty-bitmap-remove', { node: disk.target, name: baseline });
    }
  }
}

/** What QEMU refused, as a snapshot that could not be taken, unless the code says more. */
function explain(error: unknown): unknown {
  if (!SendenseError.is(error, 'UNEXPECTED')) return error;
  return new SendenseError('SNAPSHOT_FAILED', error.message, {
    operation: 'begin-capture',
    cause: error,
    context: error.context,
    remedy: 'see what QEMU says; a job of another program may have the disk',
  });
}
