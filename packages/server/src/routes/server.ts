import { healthSchema, readySchema } from '@sendense/api';
import { SendenseError } from '@sendense/core';
import { OPEN_METRICS_TYPE } from '../observe/open-metrics.ts';
import { type Route, route } from './route.ts';
import type { RouteServices } from './route-services.ts';

/** The server itself. */
export function serverRoutes({ observations }: RouteServices): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/health',
      role: 'public',
      operationId: 'checkHealth',
      tag: 'server',
      summary: 'The process answers.',
      answer: healthSchema,
      handler: async () => ({ status: 'ok' as const }),
    }),
    route({
      method: 'GET',
      url: '/ready',
      role: 'public',
      operationId: 'checkReadiness',
      tag: 'server',
      summary: 'The server takes requests; 503 while it starts, stops, or cannot write its audit log.',
      answer: readySchema,
      async handler() {
        const { unready } = observations;
        if (unready === null) return { status: 'ready' as const };
        throw new SendenseError('ABORTED', unready, { operation: 'check-readiness', retry: 'later' });
      },
    }),
    route({
      method: 'GET',
      url: '/metrics',
      role: 'viewer',
      allTenants: true,
      operationId: 'readMetrics',
      tag: 'server',
      summary: 'Figures of the server as OpenMetrics text.',
      answer: { mediaType: OPEN_METRICS_TYPE, description: 'OpenMetrics 1.0.' },
      handler: async () => observations.metrics(),
    }),
  ];
}
