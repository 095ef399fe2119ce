import {
  type Capture,
  type CaptureRequest,
  type ChangeState,
  captureId,
  guardSource,
  type Keep,
  type SourceConnector,
} from '@sendense/core';
import { createQemuSource, type QemuSourceServices } from '@sendense/source-qemu';
import {
  type DomainWrite,
  type LibvirtDaemon,
  type LiveDiskOptions,
  type LiveDomain,
  type LiveDomainOptions,
  startDomain,
} from '@sendense/tests/libvirt';
import { type Received, receive, STREAM } from './live-bench.ts';
import { machineOf } from './live-fixture.ts';

const MIB = 2 ** 20;

/** A domain whose disks are written only by the test, which knows what they hold. */
export class LibvirtBench implements AsyncDisposable {
  readonly libvirt: LibvirtDaemon;
  readonly domain: LiveDomain;
  /** What each disk holds now, by target. */
  readonly content: Map<string, Buffer>;
  readonly #sources: SourceConnector[] = [];
  #captures = 0;

  private constructor(libvirt: LibvirtDaemon, domain: LiveDomain, targets: readonly string[]) {
    this.libvirt = libvirt;
    this.domain = domain;
    this.content = new Map(targets.map((target) => [target, Buffer.alloc(4 * MIB)]));
  }

  /** Starts a domain with empty disks of 4 MiB. */
  static async open(
    libvirt: LibvirtDaemon,
    given: readonly (string | Omit<LiveDiskOptions, 'sizeBytes'>)[],
    options: Pick<LiveDomainOptions, 'persistent' | 'nvram'> = {},
  ): Promise<LibvirtBench> {
    const uuid = crypto.randomUUID();
    const disks = given.map((disk) => ({
      ...(typeof disk === 'string' ? { target: disk } : disk),
      sizeBytes: 4 * MIB,
    }));
    const domain = await startDomain(libvirt, { ...options, name: `vm-${uuid.slice(0, 8)}`, uuid, disks });
    return new LibvirtBench(
      libvirt,
      domain,
      disks.map(({ target }) => target),
    );
  }

  source(services: QemuSourceServices = {}): SourceConnector {
    const { uri } = this.libvirt;
    const source = guardSource(createQemuSource({ libvirt: { uri, domain: this.domain.name } }, services));
    this.#sources.push(source);
    return source;
  }

  /** Writes as the guest. */
  async write(target: string, ...writes: readonly DomainWrite[]): Promise<void> {
    await this.domain.write(target, ...writes);
    for (const { offset, length, value } of writes) {
      this.content.get(target)?.fill(value, offset, offset + length);
    }
  }

  /** What all disks hold now. */
  now(): Buffer[] {
    return [...this.content.values()].map((content) => Buffer.from(content));
  }

  async request(
    source: SourceConnector,
    since: readonly ChangeState[],
    change: Partial<CaptureRequest> = {},
  ): Promise<CaptureRequest> {
    return {
      id: captureId(`sendense-${++this.#captures}`),
      machine: await machineOf(source),
      stream: STREAM,
      since,
      consistency: { want: 'crash', accept: 'crash' },
      ...change,
    };
  }

  /** A whole backup; `look` runs while the instant is frozen. */
  async round(
    source: SourceConnector,
    last?: Received,
    change: Partial<CaptureRequest> = {},
    look: (capture: Capture) => Promise<void> = async () => undefined,
  ): Promise<Received> {
    const since = last?.state == null ? [] : [last.state];
    await using capture = await source.capture(await this.request(source, since, change));
    await look(capture);
    const disks = await receive(capture, last?.disks);
    const state = await capture.seal();
    await capture.commit();
    return { state, disks };
  }

  /** A whole backup, and how each disk was copied: `incremental`, or the reason of the full. */
  async answers(source: SourceConnector, last: Received, change: Partial<CaptureRequest> = {}) {
    let kinds: readonly string[] = [];
    const next = await this.round(source, last, change, async ({ disks }) => {
      kinds = disks.map(({ changes }) => (changes.kind === 'full' ? changes.reason : changes.kind));
    });
    return { ...next, kinds };
  }

  /** What is to stay, for `reconcile`. */
  keep(change: Partial<Keep> = {}): Keep {
    return { owner: 'sendense', states: [], captures: [], restores: [], replicas: [], graceMs: 0, ...change };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#sources) await source[Symbol.asyncDispose]();
    await this.domain.destroy().catch(() => undefined); // the test may have ended it
  }
}
