import type { Work } from '../work.ts';
import { backUp } from './back-up.ts';
import type { Desk } from './desk.ts';
import { extract } from './extract.ts';
import { browse } from './files.ts';
import { cancelJob, listJobs } from './jobs.ts';
import { listMounts, mount, unmount } from './mounts.ts';
import { deletePoint, listPoints, showChain, showPoint } from './points.ts';
import { restore } from './restore.ts';
import { showRestore } from './show-restore.ts';

/** The work as a server does it, by the names of its configuration. */
export function serverWork(desk: Desk): Work {
  return {
    backUp: (options) => backUp(desk, options),
    listPoints: (options) => listPoints(desk, options),
    showPoint: (options) => showPoint(desk, options),
    showChain: (options) => showChain(desk, options),
    deletePoint: (options) => deletePoint(desk, options),
    browse: (options) => browse(desk, options),
    extract: (options) => extract(desk, options),
    mount: (options) => mount(desk, options),
    listMounts: () => listMounts(desk),
    unmount: (options) => unmount(desk, options),
    restore: (options) => restore(desk, options),
    showRestore: (options) => showRestore(desk, options),
    listJobs: () => listJobs(desk),
    cancelJob: (options) => cancelJob(desk, options),
  };
}
