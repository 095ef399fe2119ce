import { backupRoutes } from './backup.ts';
import { cloudstackRoutes } from './cloudstack.ts';
import { fileRoutes } from './files.ts';
import { jobRoutes } from './jobs.ts';
import { restoreRoutes } from './restore.ts';
import type { Route } from './route.ts';
import type { RouteServices } from './route-services.ts';
import { serverRoutes } from './server.ts';

/** Every operation of the API, in the order of the document: what is not here is not served. */
export function allRoutes(services: RouteServices): readonly Route[] {
  return [
    ...backupRoutes(services),
    ...restoreRoutes(services),
    ...fileRoutes(services),
    ...jobRoutes(services),
    ...cloudstackRoutes(),
    ...serverRoutes(services),
  ];
}
