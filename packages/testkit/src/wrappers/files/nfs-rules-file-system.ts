import { dirname } from 'node:path';
import { type FileSystem, mapErrno } from '@sendense/plugin-kit/files';
import { overlay } from '../../overlay.ts';
import { type NfsFile, openNfsFile } from './nfs-file.ts';

/** How unfriendly the mount is. */
export type NfsRules = {
  /** The server refuses hard links. Default `false`. */
  readonly refusesLinks?: boolean;
  /** How many `list` calls a client answers from its cache before it sees names that others made. Default 2. */
  readonly staleLists?: number;
};

/**
 * One client of a network mount over `inner`, by the rules that NFS breaks local habits with: a folder cannot be synced,
 * a file that another client replaced or removed is `ESTALE` to whoever has it open, others' names show late. Make two
 * over one folder for two machines. A model written from the documented behaviour: proof level `model`.
 */
export function nfsRulesFileSystem(inner: FileSystem, rules: NfsRules = {}): FileSystem {
  const { refusesLinks = false, staleLists = 2 } = rules;
  const listed = new Map<string, { readonly names: readonly string[]; uses: number }>();
  const files = new Set<NfsFile>();
  const forget = (path: string): void => void listed.delete(dirname(path));
  /** What this client itself removes or replaces stays readable to it: the name is only hidden ("silly rename"). */
  const hide = (path: string): void => {
    for (const file of files) if (file.path === path) file.hidden = true;
    forget(path);
  };
  return overlay(inner, {
    async open(path, mode) {
      const handle = await inner.open(path, mode);
      if (mode === 'create') forget(path);
      const identity = (await inner.stat(path))?.identity;
      return openNfsFile(inner, handle, { path, identity, hidden: false }, files);
    },
    async rename(from, to) {
      await inner.rename(from, to);
      hide(to);
      for (const file of files) if (file.path === from) file.path = to;
      forget(from);
    },
    async link(from, to) {
      if (refusesLinks) throw mapErrno(Object.assign(new Error('EPERM'), { code: 'EPERM' }), 'link-file', to);
      await inner.link(from, to);
      forget(to);
    },
    async unlink(path) {
      await inner.unlink(path);
      hide(path);
    },
    async makeDirectory(path) {
      await inner.makeDirectory(path);
      forget(path);
    },
    async list(path) {
      const cached = listed.get(path);
      if (cached !== undefined && cached.uses < staleLists) {
        cached.uses += 1;
        return cached.names;
      }
      const names = await inner.list(path);
      listed.set(path, { names, uses: 0 });
      return names;
    },
    syncDirectory: () => Promise.resolve(false),
  });
}
