import {
  type MachineKey,
  machineKeyOf,
  type Repository,
  type SourceConnector,
  type StreamId,
  streamId,
  uuidV5,
} from '@sendense/core';
import type { Job } from '../events/job.ts';
import type { EngineContext } from '../jobs/engine-context.ts';
import type { BackupRequest, BackupType } from './backup-request.ts';

/** Namespace of derived stream ids; constant for ever, or streams would lose their baselines. */
const STREAM_NAMESPACE = 'b7e3f2f4-52a5-4d0e-8c41-9f3a8d4f6e10';

/** What all steps of one backup share. */
export type BackupRun = {
  readonly context: EngineContext;
  readonly job: Job;
  readonly request: BackupRequest;
  readonly type: BackupType;
  readonly source: SourceConnector;
  readonly repository: Repository;
  readonly machineKey: MachineKey;
  readonly stream: StreamId;
};

/** The stream of a machine's backups to one repository: UUIDv5 of both. */
export function defaultStream(machine: MachineKey, repository: Repository['id']): StreamId {
  return streamId(uuidV5(STREAM_NAMESPACE, `${machine}\n${repository}`));
}

/** Who a request is about: given, or derived. */
export function backupIdentity(request: BackupRequest): {
  readonly machineKey: MachineKey;
  readonly stream: StreamId;
} {
  const machineKey = request.machineKey ?? machineKeyOf(request.machine);
  return { machineKey, stream: request.stream ?? defaultStream(machineKey, request.repository.id) };
}
