import { dirname, join } from 'node:path';
import { type Finding, type PlannedDisk, type RollbackReport, SendenseError } from '@sendense/core';
import type { PackageScope } from './package-context.ts';
import { packageFiles } from './package-files.ts';
import type { DiskPlace, PackageLayout } from './package-layout.ts';
import { diskFileName, partialPackage, replacedPackage } from './package-place.ts';
import { refuseForeign, refusePlace } from './refuse-place.ts';
import {
  putBackPackage,
  removePartial,
  removeReplaced,
  replacedStays,
  wasPutBack,
} from './replaced-package.ts';

/** A folder of descriptor, manifest and disks, which gets its name as a whole. */
export function folderLayout(scope: PackageScope): PackageLayout {
  return new FolderLayout(scope);
}

class FolderLayout implements PackageLayout {
  readonly room = undefined;
  readonly #scope: PackageScope;
  readonly #path: string;
  /** Where the package goes that this one replaces, for the moment in which neither has the name. */
  readonly #replaced: string;

  constructor(scope: PackageScope) {
    this.#scope = scope;
    this.#path = partialPackage(scope.place, scope.plan.id);
    this.#replaced = replacedPackage(scope.place, scope.plan.id);
  }

  async create(): Promise<void> {
    await this.remove();
    await this.#fileSystem.makeDirectory(this.#path);
    await this.#fileSystem.syncDirectory(dirname(this.#path));
  }

  async begin(disk: PlannedDisk): Promise<DiskPlace> {
    const path = this.file(disk, this.#path);
    await this.#new(path);
    return { path, offset: 0 };
  }

  async end(): Promise<void> {
    // a file ends where its bytes end; that it is there at all is made durable with them
    await this.#fileSystem.syncDirectory(this.#path);
  }

  file({ number }: PlannedDisk, path: string): string {
    return join(path, diskFileName(this.#scope.place, number));
  }

  async finish(): Promise<void> {
    const { ovf, mf } = packageFiles(this.#scope);
    for (const { name, bytes } of [ovf, mf]) {
      const path = join(this.#path, name);
      await this.#new(path);
      await using handle = await this.#fileSystem.open(path, 'read-write');
      await handle.write(bytes, 0);
      await handle.sync();
    }
    await this.#fileSystem.syncDirectory(this.#path);
  }

  async publish(isPublished: boolean): Promise<readonly Finding[]> {
    const { place, plan } = this.#scope;
    if (!isPublished) {
      if (plan.overwrite) await this.#setAside();
      // a folder is never renamed over one that holds something
      await this.#fileSystem.rename(this.#path, place.path);
    }
    await this.#fileSystem.syncDirectory(dirname(place.path));
    return (await removeReplaced(this.#fileSystem, this.#replaced)).findings;
  }

  async remove(): Promise<RollbackReport> {
    const { path } = this.#scope.place;
    const hasPartial = (await this.#fileSystem.stat(this.#path)) !== undefined;
    const isAside = (await this.#fileSystem.stat(this.#replaced)) !== undefined;
    const isBack = await putBackPackage(this.#fileSystem, this.#replaced, path);
    // while the new one is unfinished the old one was not replaced: with neither removed, that can still be told
    if (hasPartial && !isBack)
      return { removed: [], findings: [replacedStays(this.#replaced, path)], undone: false };
    const { removed, findings } = await removePartial(this.#fileSystem, this.#path, this.#scope.place);
    const back = isAside && isBack ? [wasPutBack(path)] : [];
    return { removed, findings: [...back, ...findings], undone: true };
  }

  /** What is at the place is looked at again: it may be hours since it was. */
  async #setAside(): Promise<void> {
    const { context, place } = this.#scope;
    await refusePlace(context, place);
    const [there, aside] = [
      await this.#fileSystem.stat(place.path),
      await this.#fileSystem.stat(this.#replaced),
    ];
    if (there !== undefined) {
      if (aside !== undefined) throw takenAgain(place.path, this.#replaced);
      await this.#fileSystem.rename(place.path, this.#replaced);
    }
    if (there === undefined && aside === undefined) return;
    try {
      await refuseForeign(this.#fileSystem, this.#replaced);
    } catch (error) {
      await putBackPackage(this.#fileSystem, this.#replaced, place.path);
      throw error;
    }
  }

  get #fileSystem() {
    return this.#scope.context.fileSystem;
  }

  /** An empty file. */
  async #new(path: string): Promise<void> {
    if ((await this.#fileSystem.stat(path)) !== undefined) await this.#fileSystem.unlink(path);
    const handle = await this.#fileSystem.open(path, 'create');
    await handle[Symbol.asyncDispose]();
  }
}

/** Something came to the place between the two renames of an attempt that was cut off. */
function takenAgain(path: string, replaced: string): SendenseError {
  return new SendenseError(
    'ALREADY_EXISTS',
    `${path} is there, and so is what was there before, ${replaced}`,
    {
      operation: 'commit-restore',
      remedy: `give one of both another name, and resume the restore`,
    },
  );
}
