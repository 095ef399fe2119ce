import { errorSchema } from '@sendense/api';
import type { OpenAPIV3_1 } from 'openapi-types';
import type { Route } from '../../routes/route.ts';
import { ComponentSchemas } from './component-schemas.ts';
import { describeOperation } from './describe-operation.ts';

const TAGS = [
  { name: 'backup', description: 'Recovery points: make, list, look at, delete.' },
  { name: 'restore', description: 'Disks and files out of recovery points.' },
  { name: 'jobs', description: 'What runs for long: progress, events, cancellation.' },
  { name: 'cloudstack', description: 'CloudStack; its connector is not installed.' },
  { name: 'server', description: 'The server itself.' },
];

/** Of the API, not of the package: its first number is that of the paths. */
const API_VERSION = '1.0.0';

/** The OpenAPI 3.1 document of `routes`: made of the schemas that check the requests, so that it cannot say anything else. */
export function openApiDocument(routes: readonly Route[]): OpenAPIV3_1.Document {
  const schemas = new ComponentSchemas();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(route, schemas) };
  }
  const error = { 'application/json': { schema: schemas.of(errorSchema, 'output') } };
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Sendense',
      version: API_VERSION,
      description: 'Backups and restores of virtual machines. Names are those of the server’s configuration.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: TAGS,
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: schemas.all,
      responses: { Error: { description: 'It failed; the code says why.', content: error } },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API token, or an access token of the configured issuer. Not needed where none is configured.',
        },
      },
    },
  };
  return document as unknown as OpenAPIV3_1.Document;
}
