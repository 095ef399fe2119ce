import { constants } from 'node:os';
import { abortedError, type FileEndpoint, SendenseError } from '@sendense/core';
import { mapErrno } from '@sendense/plugin-kit/files';
import type { NativeFailure } from './addon.ts';

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** What a failed call was about. */
export type FailedCall = {
  readonly operation: string;
  readonly endpoint: FileEndpoint;
  readonly signal?: AbortSignal | undefined;
};

type Describe = (failure: NativeFailure, call: FailedCall) => SendenseError;

function unsupported(operation: string, message: string, remedy: string): SendenseError {
  return new SendenseError('UNSUPPORTED', message, { operation, remedy });
}

const ERRORS: Readonly<Record<NativeFailure['cause'], Describe>> = {
  // Errno are judged by plugin-kit's table, as everywhere.
  system: ({ errno = 0 }, { operation, endpoint }) => {
    const code = NAMES.get(errno) ?? `errno ${errno}`;
    return mapErrno(Object.assign(new Error(code), { code }), operation, endpoint.path);
  },
  shortened: (_, { operation, endpoint: { path } }) =>
    new SendenseError('INSTANT_LOST', `${path} became shorter while it was read`, {
      operation,
      context: { path },
      remedy: 'make sure that nothing writes to it, then repeat',
    }),
  'is-device': (_, { operation, endpoint: { path } }) =>
    unsupported(operation, `${path} is a block device`, "name it with kind 'device'"),
  'wrong-kind': (_, { operation, endpoint: { path, kind } }) => {
    const wanted = kind === 'file' ? 'regular file' : 'block device';
    return unsupported(operation, `${path} is not a ${wanted}`, 'check the path');
  },
  'out-of-range': ({ moveIndex }, { operation }) =>
    new SendenseError('RANGE_INVALID', `move ${moveIndex} names no source, or reaches past an end`, {
      operation,
    }),
  aborted: (_, { operation, signal }) => abortedError(operation, signal),
  panicked: (_, { operation, endpoint: { path } }) =>
    new SendenseError('UNEXPECTED', 'the native code met a case it does not know', {
      operation,
      context: { path },
      remedy: 'report this with the steps that lead to it; without native code the same work can be done',
    }),
};

/** The error of a failure that crossed from native code. */
export function mapFailure(failure: NativeFailure, call: FailedCall): SendenseError {
  return ERRORS[failure.cause](failure, call);
}
