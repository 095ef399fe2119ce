import { dirname, join } from 'node:path';
import type { PlannedDisk } from '@sendense/core';
import type { PackageScope } from './package-context.ts';
import { packageFiles } from './package-files.ts';
import type { DiskPlace, PackageLayout } from './package-layout.ts';
import { diskFileName, partialPackage, replacedPackage } from './package-place.ts';
import { putBackPackage, removePackageFolder } from './replaced-package.ts';

/** A folder of descriptor, manifest and disks, which gets its name as a whole. */
export function folderLayout(scope: PackageScope): PackageLayout {
  return new FolderLayout(scope);
}

class FolderLayout implements PackageLayout {
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

  async publish(isPublished: boolean): Promise<void> {
    const { place, plan } = this.#scope;
    if (!isPublished) {
      const isThere = (await this.#fileSystem.stat(place.path)) !== undefined;
      if (isThere && plan.overwrite) await this.#fileSystem.rename(place.path, this.#replaced);
      // a folder is never renamed over one that holds something
      await this.#fileSystem.rename(this.#path, place.path);
    }
    await this.#fileSystem.syncDirectory(dirname(place.path));
    await removePackageFolder(this.#fileSystem, this.#replaced);
  }

  async remove(): Promise<readonly string[]> {
    await putBackPackage(this.#fileSystem, this.#replaced, this.#scope.place.path);
    return await removePackageFolder(this.#fileSystem, this.#path);
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
