import type { JobState } from '@sendense/api';
import type { MetricFamily, Sample } from './open-metrics.ts';
import { BUCKETS, type RequestCount, type RequestTimes } from './request-times.ts';

/** The figures of a server. */
export function metricFamilies(
  times: RequestTimes,
  jobs: Readonly<Record<JobState, number>>,
): readonly MetricFamily[] {
  const { counts } = times;
  return [
    {
      name: 'sendense_http_requests',
      type: 'counter',
      help: 'Requests that were answered.',
      samples: counts.map(({ labels, count }) => ({ suffix: '_total', labels, value: count })),
    },
    {
      name: 'sendense_http_request_duration_seconds',
      type: 'histogram',
      unit: 'seconds',
      help: 'Time from the head of a request to the end of its answer.',
      samples: counts.flatMap(histogramOf),
    },
    {
      name: 'sendense_jobs',
      type: 'gauge',
      help: 'Jobs that the server knows, by state.',
      samples: Object.entries(jobs).map(([state, value]) => ({ suffix: '', labels: { state }, value })),
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Memory of the process.',
      samples: [{ suffix: '', labels: {}, value: process.memoryUsage.rss() }],
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'When the process started, since the epoch.',
      samples: [{ suffix: '', labels: {}, value: performance.timeOrigin / 1000 }],
    },
  ];
}

/** Buckets of a histogram count everything up to their bound. */
function histogramOf({ labels, buckets, count, seconds }: RequestCount): Sample[] {
  let sum = 0;
  const cumulative = [...BUCKETS, Number.POSITIVE_INFINITY].map((bound, index): Sample => {
    sum += buckets[index] ?? 0;
    return { suffix: '_bucket', labels: { ...labels, le: boundText(bound) }, value: sum };
  });
  return [
    ...cumulative,
    { suffix: '_count', labels, value: count },
    { suffix: '_sum', labels, value: seconds },
  ];
}

/** OpenMetrics 1.0 wants bounds as floats: `1.0`, not `1`. */
function boundText(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf';
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}
