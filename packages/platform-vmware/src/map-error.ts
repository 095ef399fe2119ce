import { type ErrorCode, SendenseError } from '@sendense/core';
import { type ErrorRule, type ErrorTable, mapByTable } from '@sendense/plugin-kit';
import type { VimFault } from './soap/envelope.ts';
import type { ManagedObject } from './soap/vim-value.ts';

/** What failed. */
export type FailedVimCall = {
  readonly method: string;
  /** The server as a person names it. */
  readonly host: string;
  /** Takes secrets out of what the server says. */
  readonly redact?: (text: string) => string;
};

const CREDENTIALS = 'check the user and the password';
const lost: ErrorRule = ['NOT_FOUND', 'names something that is not there (any more)', 'list it again'];
const busy: ErrorRule = ['LOCKED', 'is refused while another task uses the same thing', 'repeat it later'];
const exists: ErrorRule = [
  'ALREADY_EXISTS',
  'would make something that is already there',
  'choose another name',
];
const state: ErrorRule = [
  'CONFLICT',
  'does not fit the state of the machine',
  'look at the machine and repeat it',
];
const full: ErrorRule = ['NO_SPACE', 'needs more space than there is', 'free space on the datastore'];
const unknownHere: ErrorRule = [
  'UNSUPPORTED',
  'is not offered by this server',
  'use a newer vCenter or ESXi',
];
const quiesce: ErrorRule = [
  'QUIESCE_FAILED',
  'could not bring the guest to rest',
  'check VMware Tools and, in Windows, the VSS writers; or accept a crash-consistent snapshot',
];
const snapshot: ErrorRule = [
  'SNAPSHOT_FAILED',
  'could not take or remove the snapshot',
  'look at the snapshots and tasks of the machine',
];
const hostAway: ErrorRule = [
  'CONNECTION_LOST',
  'needs a host that does not answer vCenter',
  'check the host',
];
const wrong: ErrorRule = ['CONFIG_INVALID', 'has a parameter that the server refuses'];
const unfit: ErrorRule = [
  'INCOMPATIBLE',
  'asks for what the host cannot give',
  'change the machine or the place',
];

/** Faults of vSphere by type. Subtypes that vSphere throws in place of their base are listed themselves. */
const FAULTS: ErrorTable = {
  InvalidLogin: ['AUTHENTICATION_FAILED', 'is refused: the user or the password is wrong', CREDENTIALS],
  InvalidLocale: wrong,
  PasswordExpired: ['AUTHENTICATION_FAILED', 'is refused: the password has expired', 'change the password'],
  NotAuthenticated: ['EXPIRED', 'is refused: the session has ended', 'log in again'],
  NoPermission: ['PERMISSION_DENIED', 'is refused: the user lacks a right', 'grant the right to the user'],
  RestrictedVersion: [
    'UNSUPPORTED',
    'is refused: the licence of the host does not allow it',
    'use a licensed vSphere: the free ESXi has a read-only API',
  ],
  LimitExceeded: [
    'QUOTA_EXCEEDED',
    'exceeds a limit of the server',
    'close other sessions, or repeat it later',
  ],
  ManagedObjectNotFound: lost,
  NotFound: lost,
  FileNotFound: lost,
  SnapshotDisabled: snapshot,
  SnapshotFault: snapshot,
  SnapshotIncompatibleDeviceInVm: snapshot,
  SnapshotLocked: snapshot,
  SnapshotNoChange: snapshot,
  TooManySnapshotLevels: snapshot,
  MemorySnapshotOnIndependentDisk: snapshot,
  MultipleSnapshotsNotSupported: snapshot,
  ApplicationQuiesceFault: quiesce,
  FilesystemQuiesceFault: quiesce,
  DuplicateName: exists,
  AlreadyExists: exists,
  FileAlreadyExists: exists,
  TaskInProgress: busy,
  VAppTaskInProgress: busy,
  ResourceInUse: busy,
  FileLocked: busy,
  ConcurrentAccess: ['CONFLICT', 'met a change by somebody else', 'read it again and repeat it'],
  InvalidState: state,
  InvalidPowerState: state,
  NoDiskSpace: full,
  InsufficientStorageSpace: full,
  MethodNotFound: unknownHere,
  MethodDisabled: [
    'LOCKED',
    'is disabled for this machine by another solution',
    'end its backup, or enable the method',
  ],
  NotImplemented: unknownHere,
  NotSupported: unknownHere,
  HostCommunication: hostAway,
  HostNotConnected: hostAway,
  HostNotReachable: hostAway,
  NoHost: hostAway,
  InvalidArgument: wrong,
  InvalidName: wrong,
  InvalidDatastorePath: wrong,
  InvalidProperty: wrong,
  InvalidRequest: wrong,
  InvalidType: wrong,
  InvalidVmConfig: unfit,
  InsufficientResourcesFault: unfit,
  // not ABORTED, which says that the caller cancelled
  RequestCanceled: [
    'CONFLICT',
    'was cancelled on the server by somebody else',
    'look at the recent tasks of the server for who did it, and repeat it',
  ],
  Timedout: ['TIMEOUT', 'took the server too long', 'repeat it later'],
};

/**
 * The SendenseError of a fault. Its context names the fault, the method, a missing right, and the object that is not there. The
 * sentence of the server is cut to 500 characters.
 */
export function mapFault(fault: VimFault, { method, host, redact = same }: FailedVimCall): SendenseError {
  // a secret that is cut is not found any more
  const told = (text: string, longest: number) => redact(text).slice(0, longest);
  const said = fault.message === '' ? '' : ` (${told(fault.message, 500)})`;
  const name = Object.hasOwn(FAULTS, fault.name) ? fault.name : told(fault.name, 100);
  const privilege = fault.privilege === undefined ? {} : { privilege: told(fault.privilege, 200) };
  const object = fault.object === undefined ? {} : { object: told(fault.object, 200) };
  return mapByTable(undefined, FAULTS, {
    operation: `vim-${method}`,
    subject: `${method} on ${host}${said}`,
    vendorCode: name,
    context: { fault: name, method, ...privilege, ...object },
  });
}

function same(text: string): string {
  return text;
}

/** Whether an error is that fault of a server. */
export function isFault(error: unknown, name: string): error is SendenseError {
  return SendenseError.is(error) && error.context.fault === name;
}

/**
 * Whether an error says that this very object is gone. Any other `NOT_FOUND` is of something else: a file, a pool, the server itself. A
 * server that does not say which object is taken at its word.
 */
export function isGone(error: unknown, { id }: ManagedObject): boolean {
  return isFault(error, 'ManagedObjectNotFound') && (error.context.object ?? id) === id;
}

/** What an HTTP status without a SOAP body means. */
const STATUSES: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  401: ['AUTHENTICATION_FAILED', 'wants a login'],
  403: ['PERMISSION_DENIED', 'refuses the request'],
  404: ['NOT_FOUND', 'has no vSphere API at this address'],
  429: ['RATE_LIMITED', 'asks to slow down'],
  503: ['CONNECTION_LOST', 'is not ready'],
};

/** The SendenseError of an answer that is no SOAP message. */
export function mapStatus(status: number, { method, host }: FailedVimCall): SendenseError {
  const known = STATUSES[status] ?? (status >= 500 ? STATUSES[503] : undefined);
  const [code, text] = known ?? (['PROTOCOL_VIOLATION', 'does not speak the vSphere API'] as const);
  return new SendenseError(code, `${host} ${text} (HTTP ${status})`, {
    operation: `vim-${method}`,
    context: { method, httpStatus: status },
    effect: status >= 500 ? 'unknown' : 'none',
    remedy: 'check the address, and that vCenter or ESXi has finished starting',
  });
}

/** What an HTTP status of the file service means. */
const FILE_STATUSES: Readonly<Record<number, ErrorRule>> = {
  401: ['AUTHENTICATION_FAILED', 'is not given to this session', 'check that the user may log in'],
  403: [
    'PERMISSION_DENIED',
    'is not given to this user',
    'grant Datastore.Browse and Datastore.FileManagement on the datastore to the user',
  ],
  404: [
    'NOT_FOUND',
    'is not there',
    'look at the machine: its disk may have been moved, or lie on vSAN or vVol',
  ],
  416: ['CORRUPT', 'ends before the part that was asked for', 'check the disk on the datastore'],
  423: ['LOCKED', 'is held by a host', 'repeat it while a snapshot keeps the disk at rest'],
  429: ['RATE_LIMITED', 'is not given now: the server asks to slow down', 'back up fewer machines at once'],
  503: ['RATE_LIMITED', 'is not given now: the server is busy', 'back up fewer machines at once'],
};

/** A part of a file that was not given. */
export type FailedFile = {
  readonly host: string;
  /** `[datastore] folder/file` */
  readonly file: string;
  readonly retryAfterMs?: number | undefined;
};

/** The SendenseError of an answer of the file service that holds no part of the file. */
export function mapFileStatus(status: number, { host, file, retryAfterMs }: FailedFile): SendenseError {
  const other: ErrorRule =
    status >= 500
      ? ['CONNECTION_LOST', 'cannot be read by the server now', 'look into the log of the host']
      : ['PROTOCOL_VIOLATION', 'is not given by ranges', 'check the address, and that no proxy answers'];
  const [code, text, remedy] = FILE_STATUSES[status] ?? other;
  return new SendenseError(code, `${file} on ${host} ${text} (HTTP ${status})`, {
    operation: 'read-datastore-file',
    context: { file, httpStatus: status },
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** What an HTTP status of a transfer to a lease or a datastore means. */
const UPLOAD_STATUSES: Readonly<Record<number, ErrorRule>> = {
  401: ['EXPIRED', 'is not taken: the session has ended', 'resume it'],
  403: [
    'PERMISSION_DENIED',
    'is not taken from this user',
    'grant the rights of the package README to the user; files want Datastore.Browse and Datastore.FileManagement',
  ],
  404: ['EXPIRED', 'has no place any more: the lease has ended', 'resume it'],
  409: ['ALREADY_EXISTS', 'is there already', 'choose another name'],
  415: ['FORMAT_UNSUPPORTED', 'is not taken in this form', 'report this with the version of the server'],
  423: ['LOCKED', 'is held by a host', 'stop the machine that uses it'],
  429: ['RATE_LIMITED', 'is not taken now: the server asks to slow down', 'restore fewer machines at once'],
  503: ['RATE_LIMITED', 'is not taken now: the server is busy', 'restore fewer machines at once'],
  507: ['NO_SPACE', 'needs more space than there is', 'free space on the datastore'],
};

/** The SendenseError of an answer to a file that was sent; `text` is what the server said. */
export function mapUploadStatus(
  status: number,
  { host, file, text }: FailedFile & { readonly text: string },
): SendenseError {
  const other: ErrorRule =
    status >= 500
      ? ['CONNECTION_LOST', 'could not be taken by the server', 'look into the log of the host']
      : ['PROTOCOL_VIOLATION', 'is refused', 'check the address, and that no proxy answers'];
  const [code, what, remedy] = UPLOAD_STATUSES[status] ?? other;
  const said = text === '' || text.startsWith('<') ? '' : `: ${text.slice(0, 200)}`;
  return new SendenseError(code, `${file} on ${host} ${what} (HTTP ${status}${said})`, {
    operation: 'transfer-file',
    context: { file, httpStatus: status },
    effect: 'unknown',
    ...(remedy === undefined ? {} : { remedy }),
  });
}
