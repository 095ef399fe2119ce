import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  type Capture,
  type CaptureRequest,
  type ChangeState,
  captureId,
  guardSource,
  type SourceConnector,
} from '@sendense/core';
import { createQemuSource } from '@sendense/source-qemu';
import { bootGuest, type FoundDisk, type GuestDomain, inspectGuestDisk } from '@sendense/tests/guest';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { type Received, receive, STREAM } from './live-bench.ts';
import { machineOf } from './live-fixture.ts';

/** A point, and the guest's disk in it. */
export type GuestPoint = Received & {
  readonly capture: Pick<Capture, 'consistency' | 'findings'>;
  readonly kind: string;
  readonly disk: FoundDisk;
};

/** A guest that boots and writes, in a libvirt of its own, and a source over it. */
export class GuestBench implements AsyncDisposable {
  readonly libvirt: LibvirtDaemon;
  readonly domain: GuestDomain;
  readonly source: SourceConnector;
  /** Of the last point; the others are retired. */
  #kept: readonly ChangeState[] = [];

  private constructor(libvirt: LibvirtDaemon, domain: GuestDomain) {
    this.libvirt = libvirt;
    this.domain = domain;
    this.source = guardSource(createQemuSource({ libvirt: { uri: libvirt.uri, domain: domain.name } }));
  }

  static async open(): Promise<GuestBench> {
    const libvirt = await startLibvirt();
    try {
      return new GuestBench(libvirt, await bootGuest(libvirt));
    } catch (error) {
      await libvirt[Symbol.asyncDispose]();
      throw error;
    }
  }

  get guest() {
    return this.domain.guest;
  }

  /** Begins a capture. */
  async capture(consistency: CaptureRequest['consistency'], last?: Received): Promise<Capture> {
    return await this.source.capture({
      id: captureId(randomUUID()),
      machine: await machineOf(this.source),
      stream: STREAM,
      since: last?.state == null ? [] : [last.state],
      consistency,
    });
  }

  /** A whole backup; `look` runs when the instant was taken. */
  async round(
    consistency: CaptureRequest['consistency'],
    last?: Received,
    look: (capture: Capture) => Promise<void> = async () => undefined,
  ): Promise<GuestPoint> {
    await using capture = await this.capture(consistency, last);
    await look(capture);
    const disks = await receive(capture, last?.disks);
    const state = await capture.seal();
    await capture.commit();
    await this.source.retire(this.#kept);
    this.#kept = state === null ? [] : [state];
    const [content = Buffer.alloc(0)] = disks;
    const disk = await inspectGuestDisk(join(this.libvirt.folder, 'point.raw'), content);
    const [kind = 'no disk'] = capture.disks.map(({ changes }) => changes.kind);
    return { state, disks, disk, kind, capture };
  }

  /** The names of all checkpoints that libvirt has. */
  async checkpoints(): Promise<readonly string[]> {
    const names = await this.libvirt.virsh('checkpoint-list', this.domain.name, '--name');
    return names.split('\n').filter((name) => name.trim() !== '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source[Symbol.asyncDispose]();
    await this.domain[Symbol.asyncDispose]();
    await this.libvirt[Symbol.asyncDispose]();
  }
}
