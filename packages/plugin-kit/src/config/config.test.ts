import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSecrets } from './create-secrets.ts';
import { parseOptions } from './parse-options.ts';
import { readConfig } from './read-config.ts';

const schema = z.strictObject({
  repositories: z.array(z.strictObject({ path: z.string(), password: z.string().optional() })),
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

describe('parseOptions', () => {
  it('gives what the schema makes of the value', async () => {
    expect(await parseOptions(z.object({ port: z.coerce.number() }), { port: '7' }, 'options')).toEqual({
      port: 7,
    });
  });

  it('names each wrong field by its path, and no value', async () => {
    const value = { repositories: [{ path: '/a' }, { path: 7, password: 12_345_678 }] };
    const error: unknown = await parseOptions(schema, value, 'options').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      context: { fields: ['repositories[1].path', 'repositories[1].password'] },
      message: expect.stringContaining('options: repositories[1].path: ') as string,
    });
    expect(JSON.stringify(error)).not.toContain('12345678');
  });
});

describe('readConfig', () => {
  it('reads a JSON file', async () => {
    const path = await file('good.json', '{"repositories":[{"path":"/a"}]}');
    expect(await readConfig(path, schema)).toEqual({ repositories: [{ path: '/a' }] });
  });

  it.each([
    ['broken JSON', '{"repositories":[', 'is not valid JSON'],
    ['an unknown field', '{"repositories":[],"colour":1}', 'colour'],
    ['a missing field', '{}', 'repositories'],
  ])('answers %s with CONFIG_INVALID naming the file', async (_what, text, named) => {
    const path = await file('bad.json', text);
    await expect(readConfig(path, schema)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(new RegExp(`${path}.*${named}`)) as string,
    });
  });

  it('does not repeat what stands in a broken file', async () => {
    const path = await file('secret.json', '{"password": hunter2}');
    const error: unknown = await readConfig(path, schema).catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('refuses a file that is missing or too large', async () => {
    await expect(readConfig(join(folder, 'none.json'), schema)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const large = await file('large.json', ' '.repeat(1024 * 1024 + 1));
    await expect(readConfig(large, schema)).rejects.toMatchObject({ code: 'FORMAT_INVALID' });
  });
});

describe('createSecrets', () => {
  it('takes a secret from the environment it is given, by its name in capitals', async () => {
    const secrets = createSecrets({ environment: { SENDENSE_SECRET_S3_ACCESS_KEY: 'k', PATH: '/bin' } });
    expect((await secrets.get('s3.access-key'))?.reveal()).toBe('k');
    expect(await secrets.get('other')).toBeUndefined();
    expect(await secrets.get('PATH')).toBeUndefined();
  });

  it('takes a secret from a file, without the newline at its end', async () => {
    const path = await file('key', 'hunter2\n');
    const secrets = createSecrets({ environment: { MY_KEY_FILE: path }, prefix: 'MY_' });
    expect((await secrets.get('key'))?.reveal()).toBe('hunter2');
  });

  it('refuses a file of bytes that are no text, which would read the same as others', async () => {
    const path = join(folder, 'binary-key');
    await writeFile(path, Uint8Array.of(0x68, 0xff, 0x80), { mode: 0o600 });
    const secrets = createSecrets({ environment: { SENDENSE_SECRET_KEY_FILE: path } });
    await expect(secrets.get('key')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${path} is not UTF-8 text`) as string,
      remedy: expect.stringContaining('base64') as string,
    });
  });

  it.each([0o604, 0o640, 0o622])('refuses a file with mode %o', async (mode) => {
    const path = await file('open-key', 'hunter2', mode);
    const secrets = createSecrets({ environment: { SENDENSE_SECRET_KEY_FILE: path } });
    await expect(secrets.get('key')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      remedy: `chmod 600 ${path}`,
    });
  });
});
