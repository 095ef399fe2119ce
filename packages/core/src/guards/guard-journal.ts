import type { Journal } from '../engine/journal.ts';
import { checkCount, checkObject, checkText } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardOnce } from './guard-once.ts';

/** A journal that receives only what `Journal` promises it. */
export const guardJournal = guardOnce<Journal>((inner) => {
  const gate = new Gate('journal');
  return {
    read: (key, call) =>
      gate.query(
        'read-journal',
        call,
        () => checkText(key, 'key', 'read-journal'),
        () => inner.read(key, call),
      ),
    write: (key, value, expected, fence, call) =>
      gate.effect(
        'write-journal',
        call,
        () => {
          checkText(key, 'key', 'write-journal');
          if (expected !== 'absent') checkCount(expected, 'expected', 0);
          checkObject(fence, 'fence');
        },
        () => inner.write(key, value, expected, fence, call),
      ),
    list: (prefix, call) =>
      gate.iterate(
        'list-journal',
        call,
        () => {
          if (typeof prefix !== 'string') throw new TypeError('prefix must be a string');
        },
        () => inner.list(prefix, call),
      ),
  };
});
