import type { StopSignal } from './exit-code.ts';

/** A stream that the command line writes text to. */
export interface TextOutput {
  /** Writes text as it is. */
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Asks on the terminal and gives the line that was typed, which is not shown. Rejects with `ABORTED` when `signal` fires. */
export type AskHidden = (question: string, signal: AbortSignal) => Promise<string>;

/** The process around a command, so that tests can stand in for it. */
export type Host = {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput & NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  /** The wall clock. */
  readonly now: () => Date;
  /** Calls `listener` for each signal until the returned function is called. */
  readonly onSignal: (listener: (signal: StopSignal) => void) => () => void;
  /** Calls `listener` for each SIGHUP, which ends a process that does not listen, until the returned function is called. */
  readonly onHangup: (listener: () => void) => () => void;
  /** What starts this command line once more: a program, and its arguments before those of a verb. */
  readonly program: { readonly path: string; readonly args: readonly string[] };
  /** Asks a person for a secret; `undefined` where standard input is no terminal. */
  readonly askHidden: AskHidden | undefined;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
};
