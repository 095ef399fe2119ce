import type { FileRestore } from '@sendense/file-restore';
import type { Jobs } from '../jobs/jobs.ts';
import type { MountedFolders } from '../mounts/mounted-folders.ts';
import type { Observations } from '../observe/observations.ts';
import type { Places } from '../places/places.ts';
import type { Archives } from './files/archives.ts';

/** What the handlers of all routes work with. */
export type RouteServices = {
  readonly places: Places;
  readonly jobs: Jobs;
  readonly files: FileRestore;
  readonly folders: MountedFolders;
  readonly archives: Archives;
  readonly observations: Observations;
};
