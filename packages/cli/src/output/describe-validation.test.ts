import type { Finding } from '@sendense/core';
import type { CaseReport } from '@sendense/object-repository/validate';
import { expect, it } from 'vitest';
import { describeValidation } from './describe-validation.ts';

const found = (outcome: CaseReport['outcome'], severity?: Finding['severity']) =>
  describeValidation({
    location: 's3://bucket',
    isUsable: severity !== 'error',
    cases: [{ name: 'a promise', clause: 'a clause', outcome, durationMs: 5, reason: 'why' }],
    findings:
      severity === undefined ? [] : [{ severity, code: `store-promise-${outcome}`, message: 'not so' }],
  });

it('ends with 0 for a store that is fit, 3 for a broken promise, 1 for one that could not be tested', () => {
  expect(found('kept').exitCode).toBe(0);
  expect(found('broken', 'warning').exitCode).toBe(0);
  expect(found('broken', 'error').exitCode).toBe(3);
  expect(found('untested', 'error').exitCode).toBe(1);
});

it('names each promise with what was found', () => {
  const { json, lines } = found('untested', 'error');
  expect(json).toMatchObject({
    ok: false,
    checks: [{ name: 'a promise', ok: false, outcome: 'untested', detail: 'why' }],
  });
  expect(lines[0]).toMatch(/^could not be tested {2}a promise$/);
  expect(lines.at(-1)).toBe('s3://bucket is not fit for repositories');
  expect(found('not-offered').json).toMatchObject({ ok: true, checks: [{ ok: true }] });
});
