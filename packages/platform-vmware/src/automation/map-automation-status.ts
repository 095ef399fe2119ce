import { SendenseError } from '@sendense/core';
import type { ErrorRule } from '@sendense/plugin-kit';

const TAG_RIGHTS =
  'grant System.Read, and to attach tags InventoryService.Tagging.AttachTag, as global permissions to the user, and InventoryService.Tagging.ObjectAttachable on the machine where the vCenter has it';

const STATUSES: Readonly<Record<number, ErrorRule>> = {
  400: [
    'CONFIG_INVALID',
    'is not taken',
    'look at what the server says; where a tag is attached, at its category: how many, and of which objects',
  ],
  401: [
    'AUTHENTICATION_FAILED',
    'is not given to this user',
    'check the user and the password, and whether the session was ended at the server',
  ],
  403: ['PERMISSION_DENIED', 'is not given to this user', TAG_RIGHTS],
  404: ['NOT_FOUND', 'is not there', 'list it again'],
  429: ['RATE_LIMITED', 'is not given now: the server asks to slow down', 'repeat it later'],
  503: ['CONNECTION_LOST', 'is not ready', 'check that vCenter has finished starting'],
};

/** An answer that is no success. */
export type FailedRequest = {
  readonly status: number;
  readonly text: string;
  readonly operation: string;
  readonly host: string;
  /** What was asked for, without ids. */
  readonly subject: string;
  /** Takes secrets out of what the server says. */
  readonly redact: (text: string) => string;
};

/** The SendenseError of an answer of the automation API that is no success. The sentence of the server is cut to 300 characters. */
export function mapAutomationStatus(failed: FailedRequest): SendenseError {
  const { status, operation, host, subject } = failed;
  const other: ErrorRule =
    status >= 500
      ? ['CONNECTION_LOST', 'cannot be given by the server now', 'look at the services of vCenter']
      : [
          'PROTOCOL_VIOLATION',
          'is answered by something else',
          'check the address, and that no proxy answers',
        ];
  const [code, what, remedy] = STATUSES[status] ?? other;
  const told = parsed(failed.text);
  const said = sentenceOf(told, failed);
  const kind = kindOf(told);
  return new SendenseError(code, `${subject} of ${host} ${what} (HTTP ${status}${said})`, {
    operation,
    context: { httpStatus: status, ...(kind === undefined ? {} : { errorType: kind }) },
    effect: status >= 500 ? 'unknown' : 'none',
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/**
 * Whether the server has said that what an id names is not there. A path that nobody serves is 404 too, of a proxy or of the API
 * (`operation_not_found`), and a server without an address is `NOT_FOUND`: these say nothing of it.
 */
export function isGoneThere(error: unknown): boolean {
  if (!SendenseError.is(error, 'NOT_FOUND')) return false;
  return error.context.httpStatus === 404 && error.context.errorType === 'not_found';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What kind of error it is: `error_type` (`NOT_FOUND`) below `/api`, the end of `type` (`com.vmware.vapi.std.errors.not_found`) below `/rest`. */
function kindOf(told: unknown): string | undefined {
  const name = fieldOf(told, 'error_type') ?? fieldOf(told, 'type');
  if (typeof name !== 'string') return undefined;
  return /(?:^|\.)([A-Za-z_]{1,64})$/.exec(name.slice(0, 256))?.[1]?.toLowerCase();
}

/** The first sentence of an error, which stands at its top below `/api` and in its `value` below `/rest`. */
function sentenceOf(told: unknown, { redact }: FailedRequest): string {
  const [first] = listIn(told, 'messages') ?? listIn(fieldOf(told, 'value'), 'messages') ?? [];
  const sentence = fieldOf(first, 'default_message');
  // a secret that is cut is not found any more
  return typeof sentence === 'string' && sentence !== '' ? `: ${redact(sentence).slice(0, 300)}` : '';
}

function fieldOf(from: unknown, name: string): unknown {
  return typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[name] : undefined;
}

function listIn(from: unknown, name: string): readonly unknown[] | undefined {
  const found = fieldOf(from, name);
  return Array.isArray(found) ? found : undefined;
}
