/** What a user writes after `npm install`: type-checked and run in a folder that has nothing but the tarballs. */
import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { type JobView, jobSchema } from '@sendense/api';
import { createClient } from '@sendense/client';
import {
  type Extent,
  FULL_REASONS,
  type Repository,
  SendenseError,
  type SourceConnector,
  type TargetConnector,
} from '@sendense/core';
import { openSendense } from '@sendense/quickstart';

/** The core contracts can be named and used by a plugin author. */
export type Plugins = {
  readonly source: SourceConnector;
  readonly repository: Repository;
  readonly target: TargetConnector;
};
export const nothing: readonly Extent[] = [];

await using disk = await open('disk.raw', 'w');
await disk.write(randomBytes(300_000), 0, 300_000, 100_000);
await disk.truncate(4_194_304);

await using sendense = await openSendense({ stateDirectory: 'state' });
const [source, repository] = ['image:disk.raw', 'backups'];
const point = await sendense.backup({ source, repository });
const restored = await sendense.restore({
  repository,
  point: point.pointId,
  target: 'image:restored.raw',
  format: 'raw',
});
const equal = (await readFile('restored.raw')).equals(await readFile('disk.raw'));
const missing = await sendense
  .backup({ source: 'image:none.raw', repository })
  .catch((error: unknown) => (SendenseError.is(error, 'NOT_FOUND') ? error.code : String(error)));
// nobody listens there: the client is typed, sends, and tells what failed in the words of the core
const client = createClient({ url: 'http://127.0.0.1:2' });
const jobs = client.listJobs({ state: jobSchema.shape.state.parse('running') });
const unreached: readonly JobView[] | string = await jobs.then(
  (answer) => answer.jobs,
  (error: unknown) => (SendenseError.is(error, 'CONNECTION_LOST') ? error.code : String(error)),
);
if (unreached !== 'CONNECTION_LOST') throw new Error(`the client: ${JSON.stringify(unreached)}`);
const { kind, reason } = point;
console.log(
  JSON.stringify({
    kind,
    known: String(reason) in FULL_REASONS,
    verified: restored.verified,
    equal,
    missing,
  }),
);
