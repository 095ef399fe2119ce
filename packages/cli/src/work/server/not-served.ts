import { SendenseError } from '@sendense/core';

const HERE = 'leave out --server and set SENDENSE_SERVER to nothing, and it is done in this process';
const WHERE_IT_RUNS = 'run it where the server runs, with SENDENSE_SERVER set to nothing';

/** Why no server does a verb, and what to do instead, by its first words. */
const REASONS: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  token: ['its API makes no tokens, so that none can be used to make more', WHERE_IT_RUNS],
  export: ['its API exports no disks, only files', HERE],
  verify: [
    'its API has no verification',
    `${WHERE_IT_RUNS}; a restore at a server is read back and verified unless told otherwise`,
  ],
  prune: ['its API has no retention', WHERE_IT_RUNS],
  repository: ['its repositories are those of its configuration', WHERE_IT_RUNS],
  'restore resume': [
    'it goes on with restores that were cut short by itself, when it starts again',
    'see with "sendense-ctl restore show" how far it is',
  ],
  'restore rollback': [
    'it removes by itself what a restore made that failed or was cancelled',
    'end the restore with "sendense-ctl jobs cancel"',
  ],
};

/** The refusal of a verb that no server does. */
export function verbNotServed(words: readonly string[]): SendenseError {
  const [why, remedy] = REASONS[words.slice(0, 2).join(' ')] ?? REASONS[words[0] ?? ''] ?? [undefined, HERE];
  const name = words.join(' ');
  return notServed(why === undefined ? `no server does ${name}` : `no server does ${name}: ${why}`, remedy);
}

/** The refusal of a flag that no server takes. */
export function flagNotServed(flag: string, words: readonly string[]): SendenseError {
  return notServed(`no server takes ${flag} of ${words.join(' ')}`, `leave it out; or ${HERE}`);
}

function notServed(message: string, remedy: string): SendenseError {
  return new SendenseError('UNSUPPORTED', message, { operation: 'parse-arguments', remedy });
}
