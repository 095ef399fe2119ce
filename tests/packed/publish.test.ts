import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runPnpm } from '../../tools/run-pnpm.ts';
import { builtAddons, root } from '../../tools/workspace.ts';

beforeAll(() => {
  vi.stubEnv('PATH', `${path.join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const publish = (name: string) =>
  runPnpm([`--filter=${name}`, 'publish', '--dry-run', '--no-git-checks', '--force']);

// the native part for this platform cannot be built here
const ABSENT = '@sendense/blockio-native-win32-x64-msvc';

it('refuses to publish a platform package without its native part', async () => {
  const { ok, output } = await publish(ABSENT);
  expect(ok).toBe(false);
  expect(output).toContain(`${ABSENT} has no blockio-native.node`);
  expect(output).toContain(`${ABSENT} is not published`);
});

it('refuses to publish the native driver while one of its platforms is incomplete', async () => {
  const { ok, output } = await publish('@sendense/blockio-native');
  expect(ok).toBe(false);
  expect(output).toContain(`${ABSENT} has no blockio-native.node`);
  expect(output).toContain('@sendense/blockio-native is not published');
});

it('publishes what is built here', async () => {
  for (const { manifest } of builtAddons()) {
    const { ok, output } = await publish(manifest.name);
    expect({ ok, output }).toMatchObject({ ok: true, output: expect.stringContaining('dry run') });
  }
});
