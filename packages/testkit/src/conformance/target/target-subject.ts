import type { Json } from '@sendense/core';
import {
  type BlockReader,
  guardTarget,
  type RestoreResult,
  type TargetCapabilities,
  type TargetConnector,
} from '@sendense/core';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

/** An empty place to restore to. */
export type TargetFixture = Partial<AsyncDisposable> & {
  readonly target: TargetConnector;
  /** Options of a request that restores here: where, in the target's own words. */
  readonly options: Json;
  /** A reader over disk number `disk` of a finished restore, by the platform's own means. */
  readonly restored: (result: RestoreResult, disk: number) => Promise<BlockReader>;
  /** A new connector over the same place, as after the process died. */
  readonly reopen: () => Promise<TargetConnector>;
  /** Names of everything that is there: disks, machines, files. */
  readonly objects: () => Promise<readonly string[]>;
};

/** A kind of target to be tested. */
export type TargetSubject = {
  readonly name: string;
  /** The capabilities that the plugin declares. */
  readonly capabilities: TargetCapabilities;
  /** Whether its restores have `readBack`. Default `true`: one that is forgotten is told, not passed over. */
  readonly readsBack?: boolean;
  /** Whose objects `reconcile` is asked about. */
  readonly owner: string;
  /** Makes a place for restores of `disks` disks. */
  open(disks: number): Promise<TargetFixture>;
};

/** What a target case works with. All targets are guarded. */
export type TargetContext = Omit<TargetFixture, keyof AsyncDisposable> & {
  readonly capabilities: TargetCapabilities;
  readonly owner: string;
};

/** Opens the place of the cases. */
export async function openTargetContext(subject: TargetSubject): Promise<OpenedContext<TargetContext>> {
  const cleanup = new Cleanup();
  const fixture = cleanup.add(await subject.open(2));
  const context: TargetContext = {
    ...fixture,
    capabilities: subject.capabilities,
    owner: subject.owner,
    target: cleanup.add(guardTarget(fixture.target)),
    reopen: async () => cleanup.add(guardTarget(await fixture.reopen())),
  };
  return { context, close: () => cleanup.close() };
}
