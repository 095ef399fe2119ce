/** What a plugin must do, as data: one behaviour, checked against one freshly opened subject. */
export type ConformanceCase<Context, Capabilities = unknown> = {
  /** A behaviour sentence; unique within its contract. */
  readonly name: string;
  /** The clause it checks: `Type.method: words of the doc comment`, or `invariant N`. */
  readonly clause: string;
  /** Which declared capabilities the behaviour belongs to; without it, it belongs to every plugin. */
  readonly requires?: (capabilities: Capabilities) => boolean;
  /** What a plugin does instead that does not declare them. Absent: there is nothing to call then. */
  readonly inverse?: {
    readonly name: string;
    /** Resolves when the refusal is as promised. */
    run(context: Context): Promise<void>;
  };
  /** Resolves when the clause holds; rejects with what is wrong. */
  run(context: Context): Promise<void>;
};

/** The two functions of a test runner that the kit needs: those of vitest, `node:test`, mocha, … */
export type Runner = {
  /** Groups the cases of one plugin. */
  describe(name: string, body: () => void): unknown;
  /** Registers one case. */
  it(name: string, body: () => Promise<void>): unknown;
};

/** A context and how it is cleaned up after its case, passed or failed. */
export type OpenedContext<Context> = { readonly context: Context; readonly close: () => Promise<void> };

/** Registers the cases that `capabilities` call for, each with a context of its own; the inverse where one is absent. */
export function registerCases<Context, Capabilities>(
  runner: Runner,
  title: string,
  cases: readonly ConformanceCase<Context, Capabilities>[],
  capabilities: Capabilities,
  open: () => Promise<OpenedContext<Context>>,
): void {
  runner.describe(title, () => {
    for (const each of cases) {
      const applies = each.requires?.(capabilities) ?? true;
      const chosen = applies ? each : each.inverse;
      if (chosen === undefined) continue;
      runner.it(chosen.name, () => runCase(each.clause, open, (context) => chosen.run(context)));
    }
  });
}

async function runCase<Context>(
  clause: string,
  open: () => Promise<OpenedContext<Context>>,
  run: (context: Context) => Promise<void>,
): Promise<void> {
  const { context, close } = await open();
  try {
    await run(context);
  } catch (error) {
    if (error instanceof Error) error.message = `${error.message}\n    violates ${clause}`;
    throw error;
  } finally {
    await close();
  }
}
