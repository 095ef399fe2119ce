import { SendenseError } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { MAX_DEPTH, parseMessage } from './parse-message.ts';
import { LineSplitter } from './split-lines.ts';

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "x"}, "capabilities": ["oob"]}}';
const EVENT =
  '{"timestamp": {"seconds": 1700000000, "microseconds": 123000}, "event": "BLOCK_JOB_ERROR", "data": {"device": "j"}}';

describe('a line of QMP', () => {
  it('is a greeting, an answer, an error or an event', () => {
    expect(parseMessage(GREETING)).toEqual({ kind: 'greeting', version: [7, 2, 22] });
    expect(parseMessage('{"return": {"a": [1]}, "id": 7}')).toEqual({
      kind: 'return',
      id: 7,
      value: { a: [1] },
    });
    expect(parseMessage('{"id": 7, "error": {"class": "GenericError", "desc": "no"}}')).toEqual({
      kind: 'error',
      id: 7,
      failure: { class: 'GenericError', description: 'no' },
    });
    expect(parseMessage(EVENT)).toEqual({
      kind: 'event',
      event: { name: 'BLOCK_JOB_ERROR', data: { device: 'j' }, at: new Date(1_700_000_000_123) },
    });
  });

  it('may have an event without a time, which QEMU says with -1', () => {
    const text = '{"timestamp": {"seconds": -1, "microseconds": -1}, "event": "STOP"}';
    expect(parseMessage(text)).toMatchObject({ kind: 'event', event: { name: 'STOP', data: {} } });
  });

  it.each([
    'QEMU 7.2.22 monitor - type help',
    '[1]',
    'null',
    '{}',
    '{"QMP": {}}',
    '{"QMP": {"version": {"qemu": {"micro": -1, "minor": 2, "major": 7}}}}',
    '{"error": {"class": "GenericError"}}',
    '{"event": 7}',
    '{"event": "STOP", "timestamp": {"seconds": 1e300}}',
    '{"return": ',
  ])('is refused with PROTOCOL_VIOLATION when it is %s', (line) => {
    expect(() => parseMessage(line)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
  });

  it('is refused when it is nested without end, before it is parsed; brackets in strings are no nesting', () => {
    const nested = `{"return": ${'['.repeat(MAX_DEPTH)}`;
    expect(() => parseMessage(nested)).toThrow(/nested deeper/);
    const text = `${'['.repeat(1000)}\\"${'{'.repeat(1000)}`;
    expect(parseMessage(`{"return": "${text}", "id": 1}`)).toMatchObject({ kind: 'return', id: 1 });
  });
});

describe('the bytes of a monitor', () => {
  it('are lines however they arrive', () => {
    const text = `${GREETING}\r\n\r\n{"return": "ä", "id": 1}\n`;
    for (const size of [1, 2, 7, 1000]) {
      const splitter = new LineSplitter();
      const bytes = Buffer.from(text);
      const lines: string[] = [];
      for (let at = 0; at < bytes.byteLength; at += size)
        lines.push(...splitter.push(bytes.subarray(at, at + size)));
      expect(lines).toEqual([GREETING, '{"return": "ä", "id": 1}']);
    }
  });

  it('are refused when a line does not end', () => {
    const splitter = new LineSplitter(100);
    expect([...splitter.push(Buffer.alloc(100, 0x20))]).toEqual([]);
    expect(() => [...splitter.push(Buffer.alloc(1, 0x20))]).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }),
    );
  });

  it('end in a message or a PROTOCOL_VIOLATION, whatever they are', () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const samples = [
      GREETING,
      EVENT,
      '{"return": {}, "id": 3}',
      '{"id": 4, "error": {"class": "x", "desc": "y"}}',
    ];
    const alphabet = '{}[]":,\\0123456789eE-+.trufalsn \u0000\u00ff';
    let understood = 0;
    for (let run = 0; run < 20_000 * testScale(); run++) {
      const line = (samples[seededInteger(random, samples.length)] ?? '').split('');
      const edits = 1 + seededInteger(random, 3);
      for (let edit = 0; edit < edits; edit++) {
        const at = seededInteger(random, line.length);
        const sign = alphabet[seededInteger(random, alphabet.length)] ?? '';
        line.splice(at, seededInteger(random, 3), ...(seededInteger(random, 2) === 0 ? [sign] : []));
      }
      try {
        parseMessage(line.join(''));
        understood += 1;
      } catch (error) {
        if (!SendenseError.is(error, 'PROTOCOL_VIOLATION'))
          throw new Error(`seed ${seed}: ${line.join('')}`, { cause: error });
      }
    }
    expect(understood).toBeGreaterThan(1000);
  });
});
