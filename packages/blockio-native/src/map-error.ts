import { abortedError, amendError, type FileEndpoint, type NbdEndpoint, SendenseError } from '@sendense/core';
import { mapErrno } from '@sendense/plugin-kit/files';
import { abandonedError } from '@sendense/plugin-kit/nbd';
import type { NativeFailure, NbdCause } from './addon.ts';
import { ERRNO_NAMES, isNbdFailure, mapNbdFailure } from './map-nbd-failure.ts';
import { subjectOf } from './nbd-address.ts';

/** Endpoints that the native code knows. */
export type KnownEndpoint = FileEndpoint | NbdEndpoint;

/** What a failed call was about. */
export type FailedCall = {
  readonly operation: string;
  readonly endpoint: KnownEndpoint;
  readonly signal?: AbortSignal | undefined;
};

type FailedFileCall = FailedCall & { readonly endpoint: FileEndpoint };

type FileCause = Exclude<NativeFailure['cause'], NbdCause | AnywhereCause>;
type AnywhereCause = 'out-of-range' | 'aborted' | 'abandoned' | 'panicked';

type Describe = (failure: NativeFailure, call: FailedFileCall) => SendenseError;

function unsupported(operation: string, message: string, remedy: string): SendenseError {
  return new SendenseError('UNSUPPORTED', message, { operation, remedy });
}

const ERRORS: Readonly<Record<FileCause, Describe>> = {
  // Errno are judged by plugin-kit's table, as everywhere.
  system: ({ errno = 0 }, { operation, endpoint }) => {
    const code = ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
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
};

const ANYWHERE: Readonly<Record<AnywhereCause, (failure: NativeFailure, call: FailedCall) => SendenseError>> =
  {
    'out-of-range': ({ number }, { operation }) =>
      new SendenseError('RANGE_INVALID', `move ${number} names no source, or reaches past an end`, {
        operation,
      }),
    aborted: (_, { operation, signal }) => abortedError(operation, signal),
    abandoned: (_, { operation, endpoint, signal }) => abandonedError(operation, nameOf(endpoint), signal),
    panicked: (_, { operation }) =>
      new SendenseError('UNEXPECTED', 'the native code met a case it does not know', {
        operation,
        remedy: 'report this with the steps that lead to it; without native code the same work can be done',
      }),
  };

/** What an endpoint is to a person. */
function nameOf(endpoint: KnownEndpoint): string {
  return endpoint.kind === 'nbd' ? subjectOf(endpoint) : endpoint.path;
}

function isAnywhere(failure: NativeFailure): failure is NativeFailure & { cause: AnywhereCause } {
  return failure.cause in ANYWHERE;
}

/** The error of a failure that crossed from native code; of unknown effect where a server owes answers to changes. */
export function mapFailure(failure: NativeFailure, call: FailedCall): SendenseError {
  const error = describe(failure, call);
  return failure.open === true ? amendError(error, { effect: 'unknown' }) : error;
}

function describe(failure: NativeFailure, call: FailedCall): SendenseError {
  const { operation, endpoint } = call;
  if (isAnywhere(failure)) return ANYWHERE[failure.cause](failure, call);
  if (endpoint.kind === 'nbd') {
    return isNbdFailure(failure)
      ? mapNbdFailure(failure, operation, endpoint)
      : ANYWHERE.panicked(failure, call);
  }
  return isFileFailure(failure)
    ? ERRORS[failure.cause](failure, { ...call, endpoint })
    : ANYWHERE.panicked(failure, call);
}

function isFileFailure(failure: NativeFailure): failure is NativeFailure & { cause: FileCause } {
  return failure.cause in ERRORS;
}
