import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The root folder of the checkout. */
export const root = path.resolve(import.meta.dirname, '..');

/** The part of a `package.json` that the tools read. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
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
  return folders.map(({ name }) => readPackage(name, path.join(parent, name))).sort(byId);
}

/** The packages that are published: all but private ones. */
export function publishedPackages(): WorkspacePackage[] {
  return workspacePackages().filter(({ manifest }) => manifest.private !== true);
}

function readPackage(id: string, folder: string): WorkspacePackage {
  return {
    id,
    folder,
    manifest: JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest,
  };
}

function byId(a: WorkspacePackage, b: WorkspacePackage): number {
  return a.id < b.id ? -1 : 1;
}
