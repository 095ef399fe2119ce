import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Capture,
  type CaptureRequest,
  type ChangeState,
  captureId,
  type Extent,
  guardSource,
  type MachineRef,
  type SourceConnector,
  type StreamId,
  streamId,
} from '@sendense/core';
import { createImageSource, type ImageSourceOptions, type ImageSourceServices } from '@sendense/source-image';
import { collect } from '@sendense/testkit';

/** The stream of a test that has only one. */
export const STREAM: StreamId = streamId('stream-a');

/** A folder for images, and sources over them, removed at the end. */
export class Workbench {
  readonly folder: string;
  #captures = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Workbench> {
    return new Workbench(await mkdtemp(join(tmpdir(), 'sendense-source-')));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  source(options: ImageSourceOptions, services: ImageSourceServices = {}): SourceConnector {
    return guardSource(createImageSource(options, services));
  }

  /** A request for the machine of `source`, with a new capture id. */
  async request(source: SourceConnector, changes: Partial<CaptureRequest> = {}): Promise<CaptureRequest> {
    this.#captures += 1;
    const consistency = { want: 'crash', accept: 'crash' } as const;
    const id = captureId(`sendense-${this.#captures}`);
    return { id, machine: await machineOf(source), stream: STREAM, since: [], consistency, ...changes };
  }

  /** One whole round: captures, hands the capture to `use`, seals, commits. */
  async round(
    source: SourceConnector,
    since: readonly ChangeState[] = [],
    use: (capture: Capture) => Promise<void> = async () => undefined,
    stream: StreamId = STREAM,
  ): Promise<ChangeState | null> {
    await using capture = await source.capture(await this.request(source, { since, stream }));
    await use(capture);
    const state = await capture.seal();
    await capture.commit();
    return state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The one machine of `source`. */
export async function machineOf(source: SourceConnector): Promise<MachineRef> {
  for await (const { machine } of source.machines()) return machine;
  throw new Error('the source has no machine');
}

/** What a capture says of its only disk: the reason of a full, or the extents of a delta. */
export async function answerOf(capture: Capture): Promise<string | readonly Extent[]> {
  const changes = capture.disks[0]?.changes;
  if (changes?.kind !== 'incremental') return changes?.reason ?? 'no disk';
  return await collect(changes.extents());
}
