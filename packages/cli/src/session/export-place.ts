import { join, resolve } from 'node:path';
import type { NbdServiceOptions } from '@sendense/nbd-service';
import type { Session } from './session.ts';
import { splitAddress } from './split-address.ts';

/** Folders of the NBD service, and those that its exports may name paths in. */
export type ExportPlace = {
  readonly directory: string;
  readonly confDirectory: string;
  readonly roots: NbdServiceOptions['roots'];
};

/** Where the NBD service of this installation runs, and what it may read. */
export function exportOptions(session: Session): ExportPlace {
  const { confDir, roots } = session.config.exports;
  const pathOf = (path: string) => resolve(session.host.workingDirectory, path);
  const directory = join(session.stateDirectory, 'exports');
  return {
    directory,
    confDirectory: confDir === undefined ? join(directory, 'conf.d') : pathOf(confDir),
    roots: roots === undefined ? 'any' : roots.map(pathOf),
  };
}

/** Where it listens; `undefined` for its own unix socket. */
export function exportAddress(session: Session): NbdServiceOptions['address'] {
  const { listen } = session.config.exports;
  return listen === undefined ? undefined : { kind: 'tcp', ...splitAddress(listen) };
}
