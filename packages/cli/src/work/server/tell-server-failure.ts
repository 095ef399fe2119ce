import { amendError, type SendenseError } from '@sendense/core';

/** What to do, in the words of the command line, by what the server or the client calls the step that failed. */
const REMEDIES: Readonly<Record<string, string>> = {
  'NOT_FOUND find-backup': 'list the points with "sendense-ctl backup list"',
  'CONFLICT find-backup': 'name one of them with --repository',
  'NOT_FOUND show-chain': 'list the points with "sendense-ctl backup list"',
  'CONFIG_INVALID mount-backup':
    'say --trust-image for machines that are trusted with the one of the server; "sendense-ctl backup browse" reads files of any disk safely',
  'UNSUPPORTED mount-backup':
    'list and take out files with "sendense-ctl backup browse" and "backup extract"; or enable "mounts" in the configuration of the server',
  'QUOTA_EXCEEDED mount-backup': 'end one with "sendense-ctl backup unmount"',
  'QUOTA_EXCEEDED open-mount': 'end one with "sendense-ctl backup unmount"',
  'NOT_FOUND find-job': 'list the jobs with "sendense-ctl jobs list"',
};

/** The same for codes that mean one thing whatever was asked. */
const REMEDIES_OF_CODE: Readonly<Record<string, string>> = {
  UNTRUSTED_PEER:
    'name the authority that signed its certificate with --ca-file FILE, and the server by the name in the certificate',
  AUTHENTICATION_FAILED:
    'give --token-file FILE, or set SENDENSE_TOKEN, which is for SENDENSE_SERVER where that is set; "sendense-ctl token create" makes a token, where the server runs',
};

/** How to learn what became of a change that brought no answer, by what the client calls it. */
const LOOK_AGAIN: Readonly<Record<string, string>> = {
  deleteBackup: 'see with "sendense-ctl backup list" whether the point is still there',
  mountBackup: 'ask again: what the server has opened, and nobody reads, it closes by itself',
};
const LOOK_AT_JOBS = 'see with "sendense-ctl jobs list" what became of it, before it is asked for again';

/**
 * A failure of a server as the command line tells it: what the server says of its HTTP API becomes flags and verbs. A change that brought
 * no answer is told to be open: the server goes on with what it has begun.
 */
export function tellServerFailure(error: SendenseError): SendenseError {
  const { code, operation, context } = error;
  // where a place behind the server refuses, a repository or a hypervisor, the caller's token and files are no remedy
  const isOwn = context.status === 401 || (context.status ?? context.job) === undefined;
  const remedy = REMEDIES[`${code} ${operation}`] ?? (isOwn ? REMEDIES_OF_CODE[code] : undefined);
  if (isOpen(error))
    return amendError(error, {
      message: `${error.message}; what was asked for may have happened, or happen still`,
      remedy: LOOK_AGAIN[operation] ?? LOOK_AT_JOBS,
    });
  return remedy === undefined ? error : amendError(error, { remedy });
}

/** Whether nobody knows if the change was made. Of a job its follower tells that. */
function isOpen({ code, effect, context }: SendenseError): boolean {
  const isUnanswered = code === 'TIMEOUT' || code === 'CONNECTION_LOST';
  return isUnanswered && effect === 'unknown' && context.job === undefined;
}
