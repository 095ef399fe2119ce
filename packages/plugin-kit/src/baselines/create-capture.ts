import { type Call, type Capture, type ChangeState, type Finding, SendenseError } from '@sendense/core';

/** What a capture shows: everything but what is done with it. */
export type CaptureFacts = Omit<Capture, 'seal' | 'commit' | keyof AsyncDisposable>;

/** What the end of a reading gave. */
export type SealedCapture = {
  readonly state: ChangeState | null;
  /** For whoever commits: what went wrong since the instant. */
  readonly findings: readonly Finding[];
};

/** What is done with a capture whose new baselines are candidates until it is committed. */
export type CaptureWork = {
  /** Proves that all was read of the instant, and says which baselines there are. Once, unless it failed. */
  readonly seal: (call?: Call) => Promise<SealedCapture>;
  /** Lets the machine go. */
  readonly release: () => Promise<void>;
  /** Takes the candidates away. What that leaves, `reconcile` finds by its name. */
  readonly abandon: () => Promise<void>;
  /** Told when the capture is closed, once. */
  readonly closed: (capture: Capture) => void;
};

/**
 * A capture that seals once, and gives up once: disposed before `commit` it takes its candidates away. A seal that failed
 * may be repeated, but for `INSTANT_LOST`: what was read is of no instant then, for good.
 */
export function createCapture(facts: CaptureFacts, work: CaptureWork): Capture {
  let sealing: Promise<SealedCapture> | undefined;
  let disposing: Promise<void> | undefined;
  let committed = false;
  const sealOnce = (call?: Call): Promise<SealedCapture> => {
    sealing ??= work.seal(call).catch((error: unknown) => {
      if (!SendenseError.is(error, 'INSTANT_LOST')) sealing = undefined;
      throw error;
    });
    return sealing;
  };
  const giveUp = async (): Promise<void> => {
    work.closed(capture);
    await sealing?.catch(() => undefined); // whoever sealed knows
    await work.release();
    if (!committed) await work.abandon().catch(() => undefined);
  };
  const capture: Capture = {
    ...facts,
    seal: async (call) => (await sealOnce(call)).state,
    async commit() {
      committed = true;
      return (await sealing?.catch(() => undefined))?.findings ?? [];
    },
    [Symbol.asyncDispose]() {
      disposing ??= giveUp();
      return disposing;
    },
  };
  return capture;
}
