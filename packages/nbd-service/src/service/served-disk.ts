import type { NbdServer } from '@sendense/blockio-nbd/server';
import type { Call } from '@sendense/core';
import { Closer, orClose } from '@sendense/plugin-kit';
import type { Confine } from '../entries/allowed-roots.ts';
import type { EntryFile } from '../entries/read-entries.ts';
import { ENTRY_SUFFIX } from '../entries/read-entries.ts';
import { type OpenOverlay, openOverlay } from '../overlay/overlay-file.ts';
import { type ImageServices, openImageDisk } from '../sources/open-image-disk.ts';
import { openPointDisk } from '../sources/open-point-disk.ts';
import type { OpenedDisk } from '../sources/opened-disk.ts';
import type { SharedRepositories } from '../sources/shared-repositories.ts';

/** What disks are opened and served with. */
export type ServeContext = ImageServices & {
  readonly server: NbdServer;
  readonly repositories: SharedRepositories;
  readonly confine: Confine;
  /** Folder of the overlays. */
  readonly overlays: string;
};

/** A disk that clients can use; dispose takes it from them, closes it and removes its overlay. */
export type ServedDisk = AsyncDisposable & {
  readonly file: string;
  /** The entry as it was served: another text is another export. */
  readonly entryText: string;
  readonly name: string;
  readonly description: string;
  readonly sizeBytes: number;
  readonly overlay: OpenOverlay['disk'] | null;
};

/** Opens the disk of an entry and serves it. Rejects with `ALREADY_EXISTS` for a name in use, and what opening rejects with. */
export async function serveDisk(
  { file, entry }: EntryFile,
  context: ServeContext,
  isTaken: (name: string) => boolean,
  call?: Call,
): Promise<ServedDisk> {
  const opened = new Closer();
  return orClose(opened, async () => {
    const disk = opened.add(await openDisk({ file, entry }, context, call));
    const name = entry.name ?? disk.name(isTaken);
    const { reader, description } = disk;
    const overlay = entry.writable
      ? opened.add(await openOverlay(reader, name, context.overlays, context.fileSystem)).disk
      : null;
    const { server } = context;
    server.addExport(name, overlay === null ? { reader, description } : { ...pairOf(overlay), description });
    opened.add({ [Symbol.asyncDispose]: () => server.removeExport(name) });
    return {
      file,
      entryText: JSON.stringify(entry),
      name,
      description,
      sizeBytes: reader.sizeBytes,
      overlay,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

function pairOf({ reader, writer }: OpenOverlay['disk']) {
  return { reader, writer };
}

function openDisk({ file, entry }: EntryFile, context: ServeContext, call?: Call): Promise<OpenedDisk> {
  const { point } = entry;
  if (point !== undefined) return openPointDisk(context.repositories, point, context.confine, call);
  const { fileSystem, drivers } = context;
  return openImageDisk(entry, file.slice(0, -ENTRY_SUFFIX.length), context.confine, { fileSystem, drivers });
}
