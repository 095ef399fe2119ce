import { repositoryId } from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const schema = z.object({ id: z.string().transform(repositoryId), createdAt: z.iso.datetime() });

/** What `sendense-repository.json` says. */
export type RepositoryRecord = z.infer<typeof schema>;

/** The file that makes a folder a repository. */
export const repositoryRecord: RecordType<RepositoryRecord> = {
  format: 'sendense-repository',
  version: 1,
  schema,
};

/** Its name in the root. */
export const REPOSITORY_FILE = 'sendense-repository.json';
