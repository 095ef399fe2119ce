import {
  type ChangeState,
  captureId,
  changeStateSchema,
  type Fence,
  instantId,
  type Journal,
  machineKey,
  machineRefSchema,
  pointId,
  repositoryId,
  type StreamId,
  streamId,
} from '@sendense/core';
import { z } from 'zod';
import { streamKey } from './journal-keys.ts';
import { type JournalRecord, openJournalRecord } from './journal-record.ts';

const runSchema = z.object({
  captureId: z.string().transform(captureId),
  pointId: z.string().transform(pointId),
  /** `Fence.holder` of the worker that runs it. */
  holder: z.string().max(256),
  startedAt: z.iso.datetime(),
  /** The frozen instant: from its capture where the repository resumes points, else from the moment its state is journalled. */
  instant: z.string().transform(instantId).nullable(),
});

const interruptedSchema = runSchema.pick({ captureId: true, pointId: true, instant: true });

const streamRecordSchema = z.object({
  schema: z.literal(1),
  stream: z.string().transform(streamId),
  machine: machineRefSchema,
  machineKey: z.string().transform(machineKey),
  repository: z.string().transform(repositoryId),
  run: runSchema.nullable(),
  /** A run that was given up in order, whose point may be gone on with; absent in records of before 2026-11-21. */
  interrupted: interruptedSchema.nullish(),
  states: z.array(changeStateSchema).max(64),
});

/** A run that was started and whose end was not recorded: under way, or died. */
export type StreamRun = z.output<typeof runSchema>;

/** What is known of a run whose point was not committed. */
export type InterruptedRun = z.output<typeof interruptedSchema>;

/** The engine's memory of one stream: the run under way and every baseline that is alive at the source. */
export type StreamRecord = Omit<z.output<typeof streamRecordSchema>, 'states'> & {
  readonly states: readonly ChangeState[];
};

/** Opens the record of a stream; see {@link openJournalRecord} for errors. */
export function openStreamRecord(
  journal: Journal,
  stream: StreamId,
  fence: Fence,
): Promise<JournalRecord<StreamRecord>> {
  return openJournalRecord<StreamRecord>(journal, streamKey(stream), streamRecordSchema, fence);
}
