import { SendenseError } from '@sendense/core';
import { childOf } from '@sendense/plugin-kit/xml';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, test } from 'vitest';
import { LOGIN_FAULT, MACHINE_REPLY } from '../../test/support/replies.ts';
import { machineSpecOf } from '../inventory/machine-spec.ts';
import { parseMachine } from '../inventory/parse-machine.ts';
import { parseObjectContents } from '../properties/object-properties.ts';
import { decodeReply } from './envelope.ts';
import { itemsOf } from './read-element.ts';

const CASES = 600 * testScale();
const NO_NAMES = { name: () => undefined, path: () => undefined };

/** A generator of numbers from 0 up to `below` (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  '',
  '<',
  '>',
  '&',
  '"',
  '&#0;',
  '\u0000',
  '-1',
  '9'.repeat(30),
  '<![CDATA[',
  ']]>',
  '<a/>',
  '<!--',
];

/** Changes the text of elements, so that the document stays well formed, or any place of it. */
function damage(text: string, next: (below: number) => number): string {
  const values = [...text.matchAll(/>([^<>]+)</g)];
  const at = values[next(values.length)];
  const piece = PIECES[next(PIECES.length)] ?? '';
  if (next(3) > 0 && at !== undefined)
    return (
      text.slice(0, at.index + 1) + piece.replaceAll(/[<>&]/g, '') + text.slice(at.index + at[0].length - 1)
    );
  const from = next(text.length);
  return text.slice(0, from) + piece + text.slice(from + next(40));
}

function readWhole(text: string): 'read' | 'refused' {
  try {
    const reply = decodeReply(text, 'RetrievePropertiesEx');
    if (reply.kind === 'fault') return 'read';
    for (const object of parseObjectContents(itemsOf(childOf(reply.response, 'returnval'), 'objects')))
      machineSpecOf(parseMachine(object), NO_NAMES);
    return 'read';
  } catch (error) {
    if (SendenseError.is(error)) return 'refused';
    throw error;
  }
}

test('damaged replies are read or refused, and never crash the reader', () => {
  const seed = testSeed();
  const next = numbersFrom(seed);
  const counts = { read: 0, refused: 0 };
  for (let index = 0; index < CASES; index += 1) {
    let text = index % 8 === 0 ? LOGIN_FAULT : MACHINE_REPLY;
    for (let times = 0; times <= next(3); times += 1) text = damage(text, next);
    counts[readWhole(text)] += 1;
  }
  // half of them and more get past the parser of XML
  expect(counts.read, `seed ${seed}`).toBeGreaterThan(CASES / 2);
  expect(counts.refused, `seed ${seed}`).toBeGreaterThan(0);
});
