import type { PluginServices, RestorePlan, RestoreRun } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { CheckedOvaOptions } from './options.ts';
import type { PackageDesign } from './package-design.ts';
import type { PackageMemory } from './package-memory.ts';
import type { PackagePlace } from './package-place.ts';

/** What the target takes from its host; tests replace any of it. */
export type OvaTargetServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: PluginServices['clock'];
  readonly random?: PluginServices['random'];
};

/** What every step of one target shares. */
export type PackageContext = Required<OvaTargetServices> & { readonly options: CheckedOvaOptions };

/** What the steps of one restore share. */
export type PackageScope = {
  readonly context: PackageContext;
  readonly place: PackagePlace;
  readonly plan: RestorePlan;
  readonly run: RestoreRun;
  readonly design: PackageDesign;
  readonly memory: PackageMemory;
};
