import { startCloudstackBackupSchema } from '@sendense/api';
import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { type Route, route } from './route.ts';

/** CloudStack: the paths are kept for its connector, which is not installed. */
export function cloudstackRoutes(): readonly Route[] {
  const common = { role: 'operator', tag: 'cloudstack', answer: z.never(), errors: ['UNSUPPORTED'] } as const;
  return [
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/cloudstack/vms',
      operationId: 'listCloudstackMachines',
      summary: 'The machines of CloudStack; not supported yet.',
      handler: notInstalled,
    }),
    route({
      ...common,
      method: 'POST',
      url: '/api/v1/backup/cloudstack',
      operationId: 'startCloudstackBackup',
      summary: 'Back up a machine of CloudStack; not supported yet.',
      body: startCloudstackBackupSchema,
      handler: notInstalled,
    }),
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/agents/cloudstack',
      operationId: 'listCloudstackAgents',
      summary: 'The agents in CloudStack; not supported yet.',
      handler: notInstalled,
    }),
  ];
}

async function notInstalled(): Promise<never> {
  throw new SendenseError('UNSUPPORTED', 'the connector for CloudStack is not installed', {
    operation: 'open-cloudstack',
    remedy: 'use another connector',
  });
}
