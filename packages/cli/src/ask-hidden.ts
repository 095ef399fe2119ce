import { StringDecoder } from 'node:string_decoder';
import { abortedError } from '@sendense/core';
import type { AskHidden, TextOutput } from './host.ts';

/** What of a terminal is needed to read without showing. */
export type HiddenInput = Pick<NodeJS.ReadStream, 'setRawMode' | 'resume' | 'pause' | 'on' | 'off'>;

const END = new Set(['\r', '\n', '\u0004']);
const INTERRUPT = '\u0003';
const ERASE = new Set(['\u007f', '\b']);
const ERASE_LINE = '\u0015';

/**
 * Asks on a terminal and reads a line that is not shown. A terminal in this mode makes no signals of its own: `interrupt` is
 * called for Ctrl-C, and the question ends when `signal` fires.
 */
export function createAskHidden(input: HiddenInput, output: TextOutput, interrupt: () => void): AskHidden {
  return (question, signal) =>
    new Promise((resolve, reject) => {
      const decoder = new StringDecoder('utf8');
      let typed: string[] = [];
      const end = () => {
        input.off('data', read);
        signal.removeEventListener('abort', abort);
        input.setRawMode(false);
        input.pause();
        output.write('\n');
      };
      const abort = () => {
        end();
        reject(abortedError('ask-passphrase', signal));
      };
      const read = (data: Buffer) => {
        for (const character of decoder.write(data)) {
          if (END.has(character)) {
            end();
            resolve(typed.join(''));
            return;
          }
          if (character === INTERRUPT) interrupt();
          else if (character === ERASE_LINE) typed = [];
          else if (ERASE.has(character)) typed.pop();
          else typed.push(character);
        }
      };
      if (signal.aborted) {
        reject(abortedError('ask-passphrase', signal));
        return;
      }
      // first: what is typed as soon as the question stands there must not be shown either
      input.setRawMode(true);
      output.write(question);
      input.on('data', read);
      signal.addEventListener('abort', abort, { once: true });
      input.resume();
    });
}
