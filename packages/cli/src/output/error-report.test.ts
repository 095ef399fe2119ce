import { SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import { asSendenseError, errorLine, errorReport } from './error-report.ts';

it('puts message, code and remedy on one line', () => {
  const error = new SendenseError('NO_SPACE', 'the disk\n is full', {
    operation: 'write',
    remedy: 'free space',
  });
  expect(errorLine(error)).toBe('sendense-ctl: the disk is full (NO_SPACE). Remedy: free space.');
  expect(errorReport(error)).toEqual({
    code: 'NO_SPACE',
    message: 'the disk\n is full',
    remedy: 'free space',
    operation: 'write',
    retry: 'later',
    context: {},
  });
});

it('calls anything unexpected a defect', () => {
  expect(asSendenseError(new TypeError('x is undefined'), 'run').code).toBe('UNEXPECTED');
  expect(errorReport(asSendenseError('text', 'run'))).toMatchObject({ message: 'text', operation: 'run' });
});

it('says how a verification that broke off goes on', () => {
  const context = { cursor: 'abc.def' };
  const aborted = new SendenseError('ABORTED', 'cancelled', { operation: 'verify', context });
  expect(errorReport(aborted)).toMatchObject({ remedy: 'go on with --resume abc.def', context });
  const lost = new SendenseError('CONNECTION_LOST', 'cut', {
    operation: 'verify',
    remedy: 'try again',
    context,
  });
  expect(errorReport(lost).remedy).toBe('try again; then go on with --resume abc.def');
});
