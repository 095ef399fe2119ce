import { expect, test } from 'vitest';
import { SuiteClock } from './suite-clock.ts';
import { type ReportedModule, suiteResults } from './suite-results.ts';

interface FakeTest {
  readonly fullName: string;
  readonly state: string;
  readonly note?: string;
  readonly mode?: 'skip';
  readonly errors?: readonly { readonly message: string }[];
}

const errorList = (count: number) => Array.from({ length: count }, () => ({ message: 'boom' }));

/** A module as vitest reports it, reduced to what is read. */
function fakeModule(tests: readonly FakeTest[], errors = 0, suiteErrors = 0, ok = true): ReportedModule {
  const cases = tests.map(({ fullName, mode = 'run', ...result }) => ({
    fullName,
    options: { mode },
    result: () => result,
  }));
  return {
    project: { name: 'unit' },
    relativeModuleId: 'a.test.ts',
    errors: () => errorList(errors),
    ok: () => ok,
    children: {
      allTests: (state?: string) =>
        cases.filter((each) => state === undefined || each.result().state === state),
      allSuites: () => [{ errors: () => errorList(suiteErrors) }],
    },
  } as unknown as ReportedModule;
}

const clock = { elapsedMs: () => 7 };
const passed = { fullName: 'a', state: 'passed' };

test('tests are counted by how they ended; one without an end was lost and has failed', () => {
  const module = fakeModule(
    [passed, { fullName: 'b', state: 'failed' }, { fullName: 'c', state: 'pending' }],
    0,
    0,
    false,
  );
  expect(suiteResults([module, fakeModule([passed])], 0, clock)).toMatchObject([
    { suite: 'unit', tally: { passed: 2, failed: 2, skipped: 0 }, durationMs: 7 },
  ]);
});

test('a file or hook that throws is a failure although its tests were only skipped', () => {
  const module = fakeModule([{ fullName: 'a', state: 'skipped' }], 0, 1, false);
  expect(suiteResults([module], 0, clock)).toMatchObject([
    { tally: { failed: 1, skipped: 1 }, skips: [{ test: 'a', reason: 'its suite failed before it' }] },
  ]);
  const switchedOff = fakeModule([{ fullName: 'b', state: 'skipped', mode: 'skip' }], 0, 1, false);
  expect(suiteResults([switchedOff], 0, clock)[0]?.skips).toEqual([{ test: 'b' }]);
  expect(suiteResults([fakeModule([], 0, 0, false)], 0, clock)[0]?.tally.failed).toBe(1);
});

test('an error outside of any file is a failure of the run', () => {
  expect(suiteResults([], 2, clock)).toMatchObject([{ suite: 'run', tally: { failed: 2 } }]);
});

test('the reason of a skip comes from the note or from the marked suite', () => {
  const skipped = (fullName: string, note?: string) => ({
    fullName,
    state: 'skipped',
    ...(note ? { note } : {}),
  });
  const module = fakeModule([
    skipped('a', 'too slow'),
    skipped('b -- skipped: no qemu > reads'),
    skipped('c'),
  ]);
  expect(suiteResults([module], 0, clock)[0]?.skips).toEqual([
    { test: 'a', reason: 'too slow' },
    { test: 'b', reason: 'no qemu' },
    { test: 'c' },
  ]);
});

test('a suite lasts from the first to the last thing that happened in it', () => {
  let now = 100;
  const suiteClock = new SuiteClock(() => now);
  suiteClock.touch('unit');
  now = 350;
  suiteClock.touch('unit');
  expect(suiteClock.elapsedMs('unit')).toBe(250);
  expect(suiteClock.elapsedMs('never')).toBe(0);
});

test('each failure is a line with its file, its test and what went wrong', () => {
  const failed = { fullName: 'b', state: 'failed', errors: [{ message: 'expected 1\n+ 2' }] };
  const lost = { fullName: 'c', state: 'pending' };
  expect(suiteResults([fakeModule([passed, failed, lost], 0, 1, false)], 0, clock)[0]?.failures).toEqual([
    'a.test.ts: boom',
    'a.test.ts > b: expected 1',
    'a.test.ts > c: no error is known',
  ]);
});
