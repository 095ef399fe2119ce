import { archiveLayout } from './archive-layout.ts';
import { folderLayout } from './folder-layout.ts';
import type { PackageScope } from './package-context.ts';
import type { PackageLayout } from './package-layout.ts';

/** How the package of a restore lies on the storage. */
export function layoutOf(scope: PackageScope): PackageLayout {
  return scope.place.kind === 'archive' ? archiveLayout(scope) : folderLayout(scope);
}
