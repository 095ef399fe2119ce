import { type Json, SendenseError } from '@sendense/core';

/** What a failed command prints as JSON; the fields are part of the command line's surface. */
export type ErrorReport = {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly operation: string;
  readonly retry: string;
  readonly context: { readonly [key: string]: Json };
};

/** Any thrown value as a SendenseError. */
export function asSendenseError(error: unknown, operation: string): SendenseError {
  if (SendenseError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SendenseError('UNEXPECTED', message, {
    operation,
    cause: error,
    remedy: 'this is a defect; please report it with the command that was run',
  });
}

/** What to do, with the flags of the command line where the library speaks of its options. */
function remedyOf({ code, remedy, context }: SendenseError): string | undefined {
  if (typeof context.parentFolder === 'string')
    return `add --parents ${JSON.stringify(context.parentFolder)} if you trust the image`;
  // of a verification that broke off
  if (typeof context.cursor === 'string') {
    const goOn = `go on with --resume ${context.cursor}`;
    return remedy === undefined || code === 'ABORTED' ? goOn : `${remedy}; then ${goOn}`;
  }
  return remedy ?? (code === 'ABORTED' ? 'run the command again; what was committed stays' : undefined);
}

/** See {@link ErrorReport}. */
export function errorReport(error: SendenseError): ErrorReport {
  return {
    code: error.code,
    message: error.message,
    remedy: remedyOf(error) ?? null,
    operation: error.operation,
    retry: error.retry,
    context: error.context,
  };
}

/** One line for a person: what happened, the code, and what to do. */
export function errorLine(error: SendenseError): string {
  return reportLine(errorReport(error));
}

/** The same of a failure that is told already. */
export function reportLine({ code, message, remedy: told }: ErrorReport): string {
  const remedy = told === null ? '' : ` Remedy: ${oneLine(told)}.`;
  return `sendense-ctl: ${oneLine(message)} (${code}).${remedy}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
