import { type Runner, registerCases } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

/** A promise of a store as `@sendense/object-repository/validate` states it: the kit runs the very cases of the command. */
export type ObjectStoreCase<Context, Capabilities> = {
  readonly name: string;
  readonly clause: string;
  /** Which declared capabilities the promise belongs to; without it, it belongs to every store. */
  readonly requires?: (capabilities: Capabilities) => boolean;
  /** What a store does instead that does not declare them. */
  readonly inverse?: {
    readonly name: string;
    /** Resolves when the refusal is as promised. */
    run(context: Context): Promise<void>;
  };
  /** Resolves when the promise is kept; rejects with what is wrong. */
  run(context: Context): Promise<void>;
};

/** A store to be tested. */
export type ObjectStoreSubject<Store, Sizes, Capabilities> = {
  readonly name: string;
  /** `storeCases` of `@sendense/object-repository/validate`. */
  readonly cases: readonly ObjectStoreCase<ObjectStoreContext<Store, Sizes>, Capabilities>[];
  readonly capabilities: Capabilities;
  readonly sizes: Sizes;
  /** Opens the store; called twice for a case, for two handles of the same store. */
  open(): Promise<Store>;
};

/** What each case works with. */
export type ObjectStoreContext<Store, Sizes> = {
  readonly store: Store;
  readonly other: Store;
  readonly prefix: string;
  readonly sizes: Sizes;
  /** The clock of this machine. */
  readonly now: () => Date;
};

/** Registers the cases of an object store with a test runner, each under a prefix of its own. */
export function objectStoreConformance<Store extends AsyncDisposable, Sizes, Capabilities>(
  runner: Runner,
  subject: ObjectStoreSubject<Store, Sizes, Capabilities>,
): void {
  const { name, cases, capabilities, sizes } = subject;
  let opened = 0;
  registerCases(runner, `${name}: object store`, cases, capabilities, async () => {
    const cleanup = new Cleanup();
    opened += 1;
    const prefix = `case-${opened}`;
    const [store, other] = [cleanup.add(await subject.open()), cleanup.add(await subject.open())];
    const context = { store, other, prefix, sizes, now: () => new Date() };
    return { context, close: () => cleanup.close() };
  });
}
