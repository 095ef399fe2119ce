import type { Lane } from '@sendense/core';
import PQueue from 'p-queue';

/** Holds the shared limits of platforms across all jobs of an engine. */
export type LaneScheduler = {
  /** Runs `task` when every lane has room. Lanes are taken in the order of their keys, so jobs never wait in a circle. */
  run<T>(lanes: readonly Lane[], task: () => Promise<T>): Promise<T>;
};

/** See {@link LaneScheduler}; a lane's limit is the smallest that any plan named. */
export function createLaneScheduler(): LaneScheduler {
  const queues = new Map<string, PQueue>();
  const queueOf = (lane: Lane): PQueue => {
    const queue = queues.get(lane.key) ?? new PQueue({ concurrency: lane.max });
    queue.concurrency = Math.min(queue.concurrency, Math.max(1, lane.max));
    queues.set(lane.key, queue);
    return queue;
  };
  return {
    run(lanes, task) {
      const ordered = [...new Map(lanes.map((lane) => [lane.key, lane])).values()].toSorted((a, b) =>
        a.key < b.key ? -1 : 1,
      );
      return ordered.reduceRight((inner, lane) => () => queueOf(lane).add(inner), task)();
    },
  };
}
