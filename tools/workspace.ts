import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The root folder of the checkout. */
export const root = path.resolve(import.meta.dirname, '..');

/** The part of a `package.json` that the tools read. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | { readonly '@sendense/source': string }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A package below `packages/`. */
export interface WorkspacePackage {
  /** The folder's name, for example `core`. */
  readonly id: string;
  /** Absolute path. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** All packages below `packages/`, by name. */
export function workspacePackages(): WorkspacePackage[] {
  const parent = path.join(root, 'packages');
  const folders = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => readPackage(path.join(parent, name))).sort(byId);
}

/** The packages that are published: all but private ones. */
export function publishedPackages(): WorkspacePackage[] {
  return workspacePackages().filter(({ manifest }) => manifest.private !== true);
}

/** The platform packages of the native driver that hold a native part: the one of this machine, once it is built. */
export function builtAddons(): WorkspacePackage[] {
  const parent = path.join(root, 'packages/blockio-native/npm');
  const folders = readdirSync(parent).map((name) => path.join(parent, name));
  return folders.filter((folder) => existsSync(path.join(folder, 'blockio-native.node'))).map(readPackage);
}

/** The package in `folder`. */
export function readPackage(folder: string): WorkspacePackage {
  return {
    id: path.basename(folder),
    folder,
    manifest: JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest,
  };
}

/** The source files that a package's exports and programs are built from, relative to its folder. */
export function entrySources({ manifest }: WorkspacePackage): string[] {
  const sources = Object.values(manifest.exports ?? {}).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry['@sendense/source']],
  );
  const programs = Object.values(manifest.bin ?? {}).map((file) =>
    file.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts'),
  );
  return [...sources, ...programs];
}

function byId(a: WorkspacePackage, b: WorkspacePackage): number {
  return a.id < b.id ? -1 : 1;
}
