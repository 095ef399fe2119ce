import type { Session } from '../../session/session.ts';
import type { Work } from '../work.ts';
import { backUp } from './back-up.ts';
import { browse, extract } from './files.ts';
import { cancelJob, listJobs } from './jobs.ts';
import { listMounts, mount, unmount } from './mounts.ts';
import { deletePoint, listPoints, showChain, showPoint } from './points.ts';
import { restore, showRestore } from './restore.ts';

/** The work as this process does it, with the repositories, sources and targets that the user and the configuration name. */
export function localWork(session: Session): Work {
  return {
    backUp: (options) => backUp(session, options),
    listPoints: (options) => listPoints(session, options),
    showPoint: (options) => showPoint(session, options),
    showChain: (options) => showChain(session, options),
    deletePoint: (options) => deletePoint(session, options),
    browse: (options) => browse(session, options),
    extract: (options) => extract(session, options),
    mount: (options) => mount(session, options),
    listMounts: () => listMounts(session),
    unmount: (options) => unmount(session, options),
    restore: (options) => restore(session, options),
    showRestore: (options) => showRestore(session, options),
    listJobs: () => listJobs(session),
    cancelJob: (options) => cancelJob(session, options),
  };
}
