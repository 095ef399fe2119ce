import { downloadSchema, jobParamsSchema, mountParamsSchema } from '@sendense/api';

/** The operations whose success is no JSON object, by their `operationId`: a stream, or text. */
export const STREAM_OPERATIONS = {
  followJob: { method: 'GET', path: '/api/v1/jobs/:job_id/events', params: jobParamsSchema },
  downloadFile: {
    method: 'GET',
    path: '/api/v1/restore/:mount_id/download',
    params: mountParamsSchema,
    query: downloadSchema,
  },
  readMetrics: { method: 'GET', path: '/metrics' },
} as const;
