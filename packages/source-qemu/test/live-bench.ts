import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BlockReader,
  type Capture,
  type CaptureRequest,
  type ChangeState,
  captureId,
  changeStateSchema,
  guardSource,
  type Keep,
  type SourceConnector,
  type StreamId,
  streamId,
} from '@sendense/core';
import { createQemuSource, type QemuSourceOptions } from '@sendense/source-qemu';
import { LiveQemu, type LiveQemuOptions } from '@sendense/tests/qemu';
import { createImage, machineOf, makeFolder } from './live-fixture.ts';

/** The stream of a test that has only one. */
export const STREAM: StreamId = streamId('stream-a');

/** What a destination of one stream holds: the newest baseline and the disks as they were then. */
export type Received = { readonly state: ChangeState | null; readonly disks: readonly Buffer[] };

async function readAll(reader: BlockReader, offset: number, into: Uint8Array): Promise<void> {
  const { maxBytes } = reader.limits;
  for (let done = 0; done < into.byteLength; done += maxBytes) {
    await reader.read(offset + done, into.subarray(done, done + maxBytes));
  }
}

/** The disks of a capture as a destination would have them: the base with the changes over it, or all of a full. */
export async function receive(capture: Capture, base?: readonly Buffer[]): Promise<Buffer[]> {
  const disks: Buffer[] = [];
  for (const [index, { changes, reader, sizeBytes }] of capture.disks.entries()) {
    const full = changes.kind === 'full';
    const content = Buffer.from(full ? Buffer.alloc(sizeBytes) : (base?.[index] ?? Buffer.alloc(0)));
    const extents = full ? reader.extents({ offset: 0, length: sizeBytes }) : changes.extents();
    for await (const { offset, length, kind } of extents) {
      const into = content.subarray(offset, offset + length);
      if (kind === 'zero') into.fill(0);
      else await readAll(reader, offset, into);
    }
    disks.push(content);
  }
  return disks;
}

/** A folder, a QEMU over images in it, and sources over that; all gone at the end. */
export class LiveBench implements AsyncDisposable {
  readonly folder: string;
  readonly ids: readonly string[];
  readonly #options: Omit<LiveQemuOptions, 'folder' | 'disks'>;
  #qemu: LiveQemu | undefined;
  #captures = 0;

  private constructor(
    folder: string,
    ids: readonly string[],
    options: Omit<LiveQemuOptions, 'folder' | 'disks'>,
  ) {
    this.folder = folder;
    this.ids = ids;
    this.#options = options;
  }

  /** Makes an image for each disk and starts the machine. */
  static async open(
    disks: { readonly count: number; readonly sizeBytes: number },
    options: Omit<LiveQemuOptions, 'folder' | 'disks'> = {},
  ): Promise<LiveBench> {
    const ids = Array.from({ length: disks.count }, (_, index) => `vd${index}`);
    const bench = new LiveBench(await makeFolder(), ids, options);
    for (const id of ids) await createImage(bench.image(id), disks.sizeBytes);
    await bench.boot();
    return bench;
  }

  get qemu(): LiveQemu {
    if (this.#qemu === undefined) throw new Error('the machine is off');
    return this.#qemu;
  }

  image(id: string): string {
    return join(this.folder, `${id}.qcow2`);
  }

  /** Starts the machine, with other disks when they are given. */
  async boot(
    disks: LiveQemuOptions['disks'] = this.ids.map((id) => ({ id, path: this.image(id) })),
  ): Promise<void> {
    this.#qemu = await LiveQemu.start({ ...this.#options, folder: this.folder, disks });
  }

  source(options: Partial<QemuSourceOptions> = {}): SourceConnector {
    return guardSource(createQemuSource({ qmp: join(this.folder, 'qmp.sock'), ...options }));
  }

  /** A request for the machine of `source`, with a new capture id. */
  async request(source: SourceConnector, changes: Partial<CaptureRequest> = {}): Promise<CaptureRequest> {
    this.#captures += 1;
    const consistency = { want: 'crash', accept: 'crash' } as const;
    const id = captureId(`sendense-${this.#captures}`);
    return { id, machine: await machineOf(source), stream: STREAM, since: [], consistency, ...changes };
  }

  /** One whole round: captures, receives, seals, commits. */
  async round(
    source: SourceConnector,
    since?: Received,
    changes: Partial<CaptureRequest> = {},
    look: (capture: Capture) => Promise<void> = async () => undefined,
  ): Promise<Received> {
    const states = since?.state == null ? [] : [since.state];
    await using capture = await source.capture(await this.request(source, { since: states, ...changes }));
    await look(capture);
    const disks = await receive(capture, since?.disks);
    const state = await capture.seal();
    await capture.commit();
    return {
      state: state === null ? null : changeStateSchema.parse(JSON.parse(JSON.stringify(state))),
      disks,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#qemu?.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A keep that names `states` and nothing else. */
export function keepOf(states: readonly ChangeState[]): Keep {
  return { owner: 'sendense', states, captures: [], restores: [], replicas: [], graceMs: 0 };
}
