import type { Clock, Fence, JobId, Journal, LogSink, PluginServices, StreamId } from '@sendense/core';
import type { EventEmitter } from 'eventemitter3';
import type { EngineListeners } from '../events/engine-events.ts';
import type { Job } from '../events/job.ts';
import type { LaneScheduler } from './lane-scheduler.ts';

/** What every verb of one engine shares. */
export type EngineContext = {
  readonly journal: Journal;
  readonly services: PluginServices;
  readonly clock: Clock;
  readonly log: LogSink;
  /** Prefix of every capture and plan id: what `reconcile` recognises as ours. */
  readonly owner: string;
  readonly fence: Fence;
  readonly events: EventEmitter<EngineListeners>;
  readonly lanes: LaneScheduler;
  /** Jobs under way in this engine. */
  readonly jobs: Map<JobId, Job>;
  /** Streams and restore jobs that a job of this engine works on. */
  readonly busy: Set<StreamId | JobId>;
  /** Whether another holder named in the journal still lives. */
  readonly isHolderAlive: (holder: string) => boolean;
};
