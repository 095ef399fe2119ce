import type { ChangeState } from '@sendense/core';
import { z } from 'zod';
import type { FrozenMachine } from '../hypervisor/memory-hypervisor.ts';

/** Schema of the change states that the memory source writes. */
export const MEMORY_STATE_SCHEMA = 'memory-source/1';

/** What the source keeps in a state: the bitmaps by name, and what they hold good for. */
export type MemoryStateData = {
  /** Name of the bitmaps, one on each disk. */
  readonly bitmap: string;
  /** How often the machine had been reverted. */
  readonly reverts: number;
  /** Size in bytes that each disk had. */
  readonly sizes: { readonly [disk: string]: number };
};

const dataSchema = z.object({
  bitmap: z.string(),
  reverts: z.int(),
  sizes: z.record(z.string(), z.int()),
});

/** The state of a sealed capture. */
export function serializeState(
  frozen: FrozenMachine,
  { bitmap, reverts }: { readonly bitmap: string; readonly reverts: number },
  expiresAt: string | undefined,
): ChangeState {
  return {
    schema: MEMORY_STATE_SCHEMA,
    instant: frozen.instant.id,
    machine: frozen.machine,
    stream: frozen.stream,
    disks: frozen.disks.map(({ id }) => id),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    data: {
      bitmap,
      reverts,
      sizes: Object.fromEntries(frozen.disks.map(({ id, content }) => [id, content.sizeBytes])),
    },
  };
}

/** The source's own part of a state, or `undefined` when it is another connector's or damaged. */
export function parseState({ schema, data }: ChangeState): MemoryStateData | undefined {
  const parsed = schema === MEMORY_STATE_SCHEMA ? dataSchema.safeParse(data) : undefined;
  return parsed?.data;
}
