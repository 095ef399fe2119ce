import { z } from 'zod';
import type { MachineRef } from '../machine/machine-ref.ts';
import { machineRefSchema } from '../machine/machine-ref.ts';
import {
  type DiskId,
  diskId,
  type InstantId,
  instantId,
  type StreamId,
  streamId,
} from '../values/identifiers.ts';
import type { Json } from '../values/json.ts';

/** The most bytes of a change state as JSON. */
export const MAX_CHANGE_STATE_BYTES = 256 * 1024;

/** A baseline: plain JSON, no secret; `data` is read only by the connector that `schema` names. */
export interface ChangeState {
  /** `connector/version`, e.g. `source-qemu/1`. */
  readonly schema: `${string}/${number}`;
  readonly instant: InstantId;
  readonly machine: MachineRef;
  readonly stream: StreamId;
  /** The disks the baseline holds for. */
  readonly disks: readonly DiskId[];
  /** ISO 8601 instant after which the platform may forget the baseline. */
  readonly expiresAt?: string;
  readonly data: Json;
}

/** Reads a stored change state; everything but `data` is checked. */
export const changeStateSchema = z
  .object({
    schema: z.templateLiteral([z.string().min(1), '/', z.int()]),
    instant: z.string().transform(instantId),
    machine: machineRefSchema,
    stream: z.string().transform(streamId),
    disks: z.array(z.string().transform(diskId)).max(1024),
    expiresAt: z.iso.datetime().optional(),
    data: z.json(),
  })
  .transform(
    ({ expiresAt, ...state }): ChangeState => ({
      ...state,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }),
  );
