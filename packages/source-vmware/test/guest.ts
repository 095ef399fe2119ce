import {
  type Capture,
  type CaptureRequest,
  type ChangeState,
  captureId,
  changeStateSchema,
  guardSource,
  type SourceConnector,
  streamId,
} from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import type { BenchMachine, VcenterBench } from './vcenter-bench.ts';

let seed = 1;
let captures = 0;

/** The guest of a machine, and what its disks hold. */
export class Guest {
  readonly machine: BenchMachine;
  readonly disks: Buffer[];
  readonly #bench: VcenterBench;

  private constructor(bench: VcenterBench, machine: BenchMachine, sizes: readonly number[]) {
    this.#bench = bench;
    this.machine = machine;
    this.disks = sizes.map((size) => Buffer.alloc(size));
  }

  /** A new machine with empty disks. */
  static async boot(bench: VcenterBench, sizes: readonly number[], { running = true } = {}): Promise<Guest> {
    return new Guest(bench, await bench.machine(sizes, { running }), sizes);
  }

  /** Writes seeded bytes. */
  async write(disk: number, offset: number, length: number): Promise<void> {
    const data = seededBytes(seed++, length);
    await this.#bench.write(this.machine, disk, offset, data);
    this.disks[disk]?.set(data, offset);
  }

  /** The disks as they are now. */
  now(): Buffer[] {
    return this.disks.map((disk) => Buffer.from(disk));
  }
}

/** What a destination of one stream holds. */
export type Received = { readonly state: ChangeState; readonly disks: readonly Buffer[] };

/** A request for a machine, with a new capture id. */
export function requestOf({ ref }: BenchMachine, changes: Partial<CaptureRequest> = {}): CaptureRequest {
  captures += 1;
  const consistency = { want: 'crash', accept: 'crash' } as const;
  const id = captureId(`sendense-${captures}`);
  return { id, machine: ref, stream: streamId('stream-1'), since: [], consistency, ...changes };
}

/** The disks of a capture as a destination would have them: the base with the changes over it, or all of a full. */
export async function receive(capture: Capture, base: readonly Buffer[] = []): Promise<Buffer[]> {
  const disks: Buffer[] = [];
  for (const [index, { changes, reader, sizeBytes }] of capture.disks.entries()) {
    const isFull = changes.kind === 'full';
    const content = isFull ? Buffer.alloc(sizeBytes) : Buffer.from(base[index] ?? Buffer.alloc(0));
    const extents = isFull ? reader.extents({ offset: 0, length: sizeBytes }) : changes.extents();
    for await (const { offset, length, kind } of extents)
      if (kind === 'data') await reader.read(offset, content.subarray(offset, offset + length));
      else content.fill(0, offset, offset + length);
    disks.push(content);
  }
  return disks;
}

/** One whole round: captured, received, sealed, committed, closed. */
export async function round(
  source: SourceConnector,
  { machine }: Guest,
  since?: Received,
  look: (capture: Capture) => Promise<void> = async () => undefined,
): Promise<Received & { readonly reasons: readonly (string | null)[] }> {
  const states = since === undefined ? [] : [since.state];
  await using capture = await guardSource(source).capture(requestOf(machine, { since: states }));
  await look(capture);
  const disks = await receive(capture, since?.disks);
  const state = changeStateSchema.parse(JSON.parse(JSON.stringify(await capture.seal())));
  await capture.commit();
  const reasons = capture.disks.map(({ changes }) => (changes.kind === 'full' ? changes.reason : null));
  return { state, disks, reasons };
}
