import { asSendenseError } from '../output/error-report.ts';

/** One check of `doctor`. `ok` with a remedy: works, but could be better. */
export type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy: string | null;
};

/** A check that passed. */
export function passed(name: string, detail: string, remedy: string | null = null): Check {
  return { name, ok: true, detail, remedy };
}

/** A check that failed. */
export function failed(name: string, detail: string, remedy: string): Check {
  return { name, ok: false, detail, remedy };
}

/** The check that `run` makes; what it throws is a failed check with the error's remedy. */
export async function attempt(name: string, run: () => Promise<Check>): Promise<Check> {
  try {
    return await run();
  } catch (error) {
    const { message, remedy } = asSendenseError(error, 'doctor');
    return failed(name, message, remedy ?? 'see the message');
  }
}
