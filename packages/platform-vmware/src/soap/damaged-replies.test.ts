import { SendenseError } from '@sendense/core';
import { childOf } from '@sendense/plugin-kit/xml';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, test } from 'vitest';
import { damage, numbersFrom } from '../../test/support/damage.ts';
import { LOGIN_FAULT, MACHINE_REPLY } from '../../test/support/replies.ts';
import { machineSpecOf } from '../inventory/machine-spec.ts';
import { parseMachine } from '../inventory/parse-machine.ts';
import { parseObjectContents } from '../properties/object-properties.ts';
import { decodeReply } from './envelope.ts';
import { itemsOf } from './read-element.ts';

const CASES = 600 * testScale();
const NO_NAMES = { name: () => undefined, path: () => undefined };

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
