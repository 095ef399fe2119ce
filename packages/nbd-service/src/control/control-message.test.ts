import { SendenseError } from '@sendense/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReloadReport } from '../service/reload-report.ts';
import { parseAnswer, parseRequest, serializeFailure, serializeReport } from './control-message.ts';

const error = new SendenseError('LOCKED', 'in use', { operation: 'open-export', remedy: 'stop it' });
const report: ReloadReport = {
  exports: [
    {
      name: 'a',
      uri: 'nbd+unix:///a?socket=%2Fs',
      sizeBytes: 512,
      writable: true,
      overlayBytes: 0,
      file: 'a.json',
      description: 'image /a',
    },
  ],
  added: ['a'],
  removed: ['b'],
  failures: [{ file: 'b.json', error }],
  findings: [{ severity: 'error', code: 'export-refused', message: 'in use', object: 'b.json' }],
};

it('gives back what was said, errors included', () => {
  const read = parseAnswer(serializeReport(report));
  expect(read).toMatchObject({ ...report, failures: [{ file: 'b.json' }] });
  expect(read?.failures[0]?.error.toJSON()).toEqual(error.toJSON());
  expect(() => parseAnswer(serializeFailure(error))).toThrow('in use');
});

it('takes nothing else for a request', () => {
  expect(parseRequest('{"call":"reload"}')).toEqual({ call: 'reload' });
  for (const line of [
    '',
    'reload',
    '{"call":"stop"}',
    '{"call":"list","path":"/"}',
    '[]',
    'null',
    '{"call":',
  ])
    expect(parseRequest(line)).toBeUndefined();
});

it('answers whatever bytes come with a report, the error that they tell, or nothing', () => {
  const damaged = fc
    .tuple(
      fc.constantFrom(serializeReport(report), serializeFailure(error)),
      fc.nat(),
      fc.string({ maxLength: 5 }),
    )
    .map(([text, at, noise]) => {
      const place = at % text.length;
      return text.slice(0, place) + noise + text.slice(place + 1);
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string(), fc.json()), (line) => {
      try {
        const read = parseAnswer(line);
        expect(read === undefined || Array.isArray(read.exports)).toBe(true);
      } catch (thrown) {
        if (!SendenseError.is(thrown)) throw thrown;
      }
      const request = parseRequest(line);
      expect(request === undefined || ['reload', 'list'].includes(request.call)).toBe(true);
    }),
    { seed: 20261122, numRuns: 3000 },
  );
});
