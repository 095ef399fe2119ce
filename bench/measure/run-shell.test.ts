import { expect, test } from 'vitest';
import { childSeconds, runShell, shellWords } from './run-shell.ts';

test('what a shell prints, its time and the memory of its programs are measured', async () => {
  const program = 'const end = Date.now() + 100; while (Date.now() < end); console.log("it\'s")';
  const run = await runShell(shellWords([process.execPath, '-e', program]), { cwd: '/' });
  expect(run.stdout).toBe("it's");
  expect(run.seconds).toBeGreaterThan(0.1);
  expect(run.cpuSeconds).toBeGreaterThan(0);
  expect(run.peakBytes).toBeGreaterThan(2 ** 20);
});

test('the processor time of a shell is that of its children, in both modes', () => {
  expect(childSeconds('1m1.500000s 0m0.250000s')).toBe(61.75);
  expect(childSeconds('')).toBe(0);
});

test('a script that fails is an error, never a fast run', async () => {
  await expect(runShell('echo no >&2; exit 3', { cwd: '/' })).rejects.toThrow('ended with 3: ');
});

test('the wait for the disk counts: it fails the run when the file is not there', async () => {
  await expect(runShell('true && sync -d /does/not/exist', { cwd: '/' })).rejects.toThrow('exist');
});
