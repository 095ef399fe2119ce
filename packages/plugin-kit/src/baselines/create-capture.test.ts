import { type Capture, instantId, SendenseError } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { type CaptureFacts, type CaptureWork, createCapture } from './create-capture.ts';

const facts: CaptureFacts = {
  instant: { id: instantId('an-instant'), at: new Date(0) },
  consistency: 'crash',
  spec: {
    schema: 1,
    name: 'web',
    platform: 'test',
    firmware: 'bios',
    architecture: 'x86_64',
    disks: [],
    nics: [],
  },
  disks: [],
  skipped: [],
  artifacts: [],
  findings: [],
};

/** A capture that writes down what is done with it. */
function recorded(seal: CaptureWork['seal'] = async () => ({ state: null, findings: [] })) {
  const done: string[] = [];
  const note = (what: string) => async () => void done.push(what);
  const capture: Capture = createCapture(facts, {
    seal: async (call) => {
      done.push('seal');
      return await seal(call);
    },
    release: note('release'),
    abandon: note('abandon'),
    closed: () => void done.push('closed'),
  });
  return { capture, done };
}

describe('createCapture', () => {
  it('seals once, however often it is asked, and tells late findings to whoever commits', async () => {
    const late = { severity: 'warning', code: 'late', message: 'too late' } as const;
    const { capture, done } = recorded(async () => ({ state: null, findings: [late] }));
    await Promise.all([capture.seal(), capture.seal()]);
    expect(await capture.commit()).toEqual([late]);
    await capture[Symbol.asyncDispose]();
    expect(done).toEqual(['seal', 'closed', 'release']);
  });

  it('takes its candidates away when it is disposed before a commit, once', async () => {
    const { capture, done } = recorded();
    await Promise.all([capture[Symbol.asyncDispose](), capture[Symbol.asyncDispose]()]);
    expect(done).toEqual(['closed', 'release', 'abandon']);
  });

  it.each([
    ['UNEXPECTED', 2],
    ['INSTANT_LOST', 1],
  ] as const)('after a seal that failed with %s tries it %i times in two', async (code, times) => {
    const { capture, done } = recorded(() =>
      Promise.reject(new SendenseError(code, 'it failed', { operation: 'seal' })),
    );
    for (let asked = 0; asked < 2; asked++) await expect(capture.seal()).rejects.toMatchObject({ code });
    expect(done).toHaveLength(times);
    await capture[Symbol.asyncDispose](); // the failure was told already
  });
});
