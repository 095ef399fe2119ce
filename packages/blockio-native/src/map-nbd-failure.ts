import { constants } from 'node:os';
import { type NbdEndpoint, SendenseError } from '@sendense/core';
import {
  hungUpAfterTls,
  mapOptionError,
  mapRequestError,
  mapSocketError,
  violation,
} from '@sendense/plugin-kit/nbd';
import type { NativeFailure, NbdCause } from './addon.ts';
import { subjectOf } from './nbd-address.ts';

/** Names of error numbers of this system. */
export const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** What a failed call at a server was about. */
type FailedCall = {
  readonly operation: string;
  readonly subject: string;
  /** Whether a certificate of ours could be shown. */
  readonly known: boolean;
};

type Describe = (failure: NativeFailure, call: FailedCall) => SendenseError;

const coded = (code: string): Error => Object.assign(new Error(code), { code });

const ERRORS: Readonly<Record<NbdCause | 'system', Describe>> = {
  system: ({ errno = 0 }, { operation, subject }) =>
    mapSocketError(coded(ERRNO_NAMES.get(errno) ?? `errno ${errno}`), operation, subject),
  replied: ({ number = 0 }, { operation, subject }) =>
    mapRequestError(number, { operation, subject, message: '' }),
  refused: ({ number = 0 }, { operation, subject }) =>
    mapOptionError(number, { operation, subject, message: '' }),
  protocol: ({ detail = '' }) => violation(`sent ${detail}`, { detail }),
  'no-tls': (_, { operation, subject }) =>
    new SendenseError('UNTRUSTED_PEER', `${subject} offers no TLS`, {
      operation,
      remedy: 'run the server with TLS, or leave the tls options out to talk to it in the clear',
    }),
  tls: ({ detail = '' }, { operation, subject }) => mapSocketError(coded(detail), operation, subject),
  'hung-up-after-tls': (_, { subject, known }) => hungUpAfterTls(subject, known),
  'not-in-time': (_, { operation, subject }) =>
    new SendenseError('TIMEOUT', `${subject} did not let us in in time`, {
      operation,
      remedy: 'check that the server runs and has room for another client',
    }),
  silent: (_, { operation, subject }) =>
    new SendenseError('TIMEOUT', `${subject} is silent but owes answers`, {
      operation,
      effect: 'unknown',
      remedy: 'check the server and the network, then repeat',
    }),
  'too-large': (_, { operation, subject }) =>
    new SendenseError('UNSUPPORTED', `${subject} is larger than 2^53-1 bytes`, {
      operation,
      remedy: 'check the server: no disk is that large',
    }),
  'no-status': (_, { operation, subject }) =>
    new SendenseError('UNSUPPORTED', `${subject} does not tell which ranges are zeros`, { operation }),
  'read-only': (_, { operation, subject }) =>
    new SendenseError('READ_ONLY', `${subject} is read-only`, {
      operation,
      remedy: 'export it writable, or choose another destination',
    }),
  unaligned: (_, { operation, subject }) =>
    new SendenseError('RANGE_INVALID', `${subject} was asked for what is off the grid of its server`, {
      operation,
      remedy: 'use multiples of the alignment that its reader or writer tells',
    }),
};

/** Whether an export explains a failure. */
export function isNbdFailure(
  failure: NativeFailure,
): failure is NativeFailure & { cause: NbdCause | 'system' } {
  return failure.cause in ERRORS;
}

/** The error of a failure that crossed from native code, at an export. */
export function mapNbdFailure(
  failure: NativeFailure & { cause: NbdCause | 'system' },
  operation: string,
  endpoint: NbdEndpoint,
): SendenseError {
  const known = endpoint.tls?.certificatePem !== undefined;
  return ERRORS[failure.cause](failure, { operation, subject: subjectOf(endpoint), known });
}
