import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startS3rver } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const PASSPHRASE = 'hunter2 hunter2';
const ENV = { SENDENSE_PASSPHRASE: PASSPHRASE };
const OBJECTS = ['--repository', 'dir:objects'];

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-cli-'));
  await writeFile(join(home, 'open.txt'), PASSPHRASE, { mode: 0o644 });
  await writeFile(join(home, 'new.txt'), 'another passphrase\n', { mode: 0o600 });
  await ctlJson(home, ['repository', 'init', ...OBJECTS], 0, ENV);
}, 60_000);
afterAll(() => rm(home, { recursive: true, force: true }));

async function failure(args: readonly string[], env: Record<string, string> = {}) {
  const run = await runCtl(home, [...args, '--json'], env);
  expect(run.stdout + run.stderr).not.toContain('hunter2');
  return { exit: run.code, ...(jsonOf(run) as { error: { code: string; remedy: string } }).error };
}

describe('a passphrase', () => {
  it('is refused when it is wrong, missing, or in a file that others may read', async () => {
    const list = ['backup', 'list', ...OBJECTS];
    expect(await failure(list, { SENDENSE_PASSPHRASE: 'wrong' })).toMatchObject({
      exit: 1,
      code: 'KEY_UNAVAILABLE',
    });
    expect(await failure(list)).toMatchObject({
      exit: 1,
      code: 'KEY_UNAVAILABLE',
      remedy: expect.stringContaining('--passphrase-file') as string,
    });
    expect(await failure([...list, '--passphrase-file', 'open.txt'])).toMatchObject({
      exit: 2,
      code: 'CONFIG_INVALID',
      remedy: expect.stringContaining('chmod 600') as string,
    });
  });

  it('is rotated: the new one opens, the old one no more, and the last key stays', async () => {
    const rotate = ['repository', 'key', 'rotate', ...OBJECTS, '--new-passphrase-file', 'new.txt'];
    const { slots } = await ctlJson(home, [...rotate, '--label', 'vault'], 0, ENV);
    expect(slots).toMatchObject([{ kind: 'scrypt', label: 'vault' }]);
    const [{ id }] = slots as [{ id: string }];
    expect(await failure(['backup', 'list', ...OBJECTS], ENV)).toMatchObject({ code: 'KEY_UNAVAILABLE' });
    const key = [...OBJECTS, '--passphrase-file', 'new.txt'];
    const remove = ['repository', 'key', 'remove', ...key, '--key-id', id];
    expect(await failure(remove)).toMatchObject({ exit: 1, code: 'CONFLICT' });
    const add = ['repository', 'key', 'add', ...key];
    const added = await ctlJson(home, add, 0, { SENDENSE_NEW_PASSPHRASE: PASSPHRASE });
    expect(added.slots).toHaveLength(2);
    expect(await ctlJson(home, ['backup', 'list', ...OBJECTS], 0, ENV)).toEqual({ points: [] });
  });
});

describe('a rotation that cannot end', () => {
  const rotate = ['repository', 'key', 'rotate', ...OBJECTS, '--new-passphrase-file', 'new.txt'];
  const slots = () => readdir(join(home, 'objects', 'keys'));

  it('adds no key where the one that is to go is not there', async () => {
    const before = await slots();
    expect(await failure([...rotate, '--key-id', 'mistyped'], ENV)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await slots()).toEqual(before);
  });

  it('names the key that opens the repository already where the old one cannot be removed', async () => {
    const [old = '', ...others] = await slots();
    // another process prunes
    await mkdir(join(home, 'objects', 'prune'), { recursive: true });
    const lock = join(home, 'objects', 'prune', 'lock-0000000009');
    await writeFile(lock, '');
    const failed = await failure([...rotate, '--key-id', old], ENV);
    await rm(lock);
    const [made = ''] = (await slots()).filter((id) => id !== old && !others.includes(id));
    expect(failed).toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`opens it already, as key ${made}`) as string,
      remedy: expect.stringContaining(`--key-id ${old}`) as string,
    });
  });
});

describe('a key slot that is damaged', () => {
  it('is told, a rotation goes on past it, and the last whole one is never removed', async () => {
    const repository = ['--repository', 'dir:damaged'];
    await ctlJson(home, ['repository', 'init', ...repository], 0, ENV);
    const keys = join(home, 'damaged', 'keys');
    await writeFile(join(keys, 'f'.repeat(32)), 'what nobody opens');
    const told = expect.objectContaining({
      code: 'key-slot-unreadable',
      object: `keys/${'f'.repeat(32)}`,
    }) as object;
    const rotate = ['repository', 'key', 'rotate', ...repository, '--new-passphrase-file', 'new.txt'];
    const rotated = await ctlJson(home, [...rotate, '--label', 'new'], 0, ENV);
    expect(rotated).toMatchObject({ slots: [{ label: 'new' }, { kind: 'unreadable' }], findings: [told] });
    const [{ id }] = rotated.slots as [{ id: string }];
    const remove = ['repository', 'key', 'remove', ...repository, '--passphrase-file', 'new.txt', '--key-id'];
    expect(await failure([...remove, id])).toMatchObject({ code: 'CONFLICT' });
    expect(await ctlJson(home, [...remove, 'f'.repeat(32)])).toMatchObject({ slots: [{ id }], findings: [] });
  });
});

describe('repository rebuild-index', () => {
  it('brings points back whose index objects are gone, and is refused where there is no index', async () => {
    await writeFile(join(home, 'disk.raw'), Buffer.alloc(1 << 20, 7));
    const start = ['backup', 'start', '--source', 'image:disk.raw', '--repository', 'dir:lost'];
    await ctlJson(home, ['repository', 'init', '--repository', 'dir:lost'], 0, ENV);
    const { pointId } = await ctlJson(home, start, 0, ENV);
    await rm(join(home, 'lost', 'index'), { recursive: true });
    const restore = ['restore', 'start', '--repository', 'dir:lost', '--backup-id', String(pointId)];
    const target = (file: string) => ['--target', `image:${file}`, '--format', 'raw'];
    expect(await failure([...restore, ...target('early.raw')], ENV)).toMatchObject({
      exit: 3,
      remedy: expect.stringContaining('repository rebuild-index') as string,
    });
    const rebuild = ['repository', 'rebuild-index', '--repository', 'dir:lost'];
    const rebuilt = await ctlJson(home, rebuild, 0, ENV);
    expect(rebuilt).toMatchObject({ young: rebuilt.packs, findings: [] });
    expect(await ctlJson(home, [...restore, ...target('back.raw')], 0, ENV)).toMatchObject({
      verified: true,
    });
    await ctlJson(home, ['repository', 'init', '--repository', 'no-index']);
    expect(await failure(['repository', 'rebuild-index', '--repository', 'no-index'])).toMatchObject({
      exit: 1,
      code: 'UNSUPPORTED',
    });
  });
});

describe('repository renew-locks', () => {
  it('is refused where nobody says for how long, where nothing can be locked, and where files are no objects', async () => {
    const renew = (repository: string, ...more: string[]) =>
      failure(['repository', 'renew-locks', '--repository', repository, ...more], ENV);
    await ctlJson(home, ['repository', 'init', '--repository', 'dir:unlocked'], 0, ENV);
    expect(await renew('dir:unlocked')).toMatchObject({ exit: 1, code: 'UNSUPPORTED' });
    expect(await renew('dir:unlocked', '--retain', '1d')).toMatchObject({ exit: 1, code: 'UNSUPPORTED' });
    await ctlJson(home, ['repository', 'init', '--repository', 'no-locks']);
    expect(await renew('no-locks')).toMatchObject({
      exit: 1,
      code: 'UNSUPPORTED',
      remedy: expect.stringContaining('repository of objects') as string,
    });
  });
});

describe('a store that was put back to an earlier state', () => {
  const far = ['--repository', 'far', '--config', 'heads.json'];
  const heads = () => join(home, '.local', 'state', 'sendense', 'trusted-heads');

  it('is refused where the configuration says trustedHead, until the file that the error names is deleted', async () => {
    const repositories = { far: { at: 'dir:far', trustedHead: true } };
    await writeFile(join(home, 'heads.json'), JSON.stringify({ repositories }));
    await writeFile(join(home, 'disk.raw'), Buffer.alloc(1 << 20, 8));
    const { repositoryId } = await ctlJson(home, ['repository', 'init', ...far], 0, ENV);
    await cp(join(home, 'far'), join(home, 'aside'), { recursive: true });
    const { pointId } = await ctlJson(
      home,
      ['backup', 'start', '--source', 'image:disk.raw', ...far],
      0,
      ENV,
    );
    const file = join(heads(), `${String(repositoryId)}.json`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(heads())).mode & 0o777).toBe(0o700);
    await rm(join(home, 'far'), { recursive: true });
    await cp(join(home, 'aside'), join(home, 'far'), { recursive: true });
    const list = ['backup', 'list', ...far];
    expect(await failure(list, ENV)).toMatchObject({
      exit: 3,
      code: 'CORRUPT',
      message: expect.stringContaining(`point ${String(pointId)}`) as string,
      remedy: expect.stringContaining(`delete ${file}`) as string,
    });
    await rm(file);
    expect(await ctlJson(home, list, 0, ENV)).toEqual({ points: [] });
  });

  it('is nothing that a repository of chains can be asked to tell', async () => {
    const repositories = { near: { at: 'near', trustedHead: true } };
    await writeFile(join(home, 'near.json'), JSON.stringify({ repositories }));
    const init = ['repository', 'init', '--repository', 'near', '--config', 'near.json'];
    expect(await failure(init)).toMatchObject({
      exit: 2,
      code: 'CONFIG_INVALID',
      remedy: expect.stringContaining('trustedHead') as string,
    });
  });
});

describe('a passphrase for a repository that does not encrypt', () => {
  const REFUSED = {
    exit: 2,
    code: 'CONFIG_INVALID',
    remedy: expect.stringContaining('dir:') as string,
  };

  it('is refused, by the flag and in the configuration, before anything is made', async () => {
    const init = ['repository', 'init', '--repository'];
    expect(await failure([...init, 'plain', '--passphrase-file', 'new.txt'])).toMatchObject(REFUSED);
    const repositories = { office: { at: 'plain', passphraseFile: 'new.txt' } };
    await writeFile(join(home, 'plain.json'), JSON.stringify({ repositories }));
    expect(await failure([...init, 'office', '--config', 'plain.json'])).toMatchObject(REFUSED);
    expect(await readdir(home)).not.toContain('plain');
  });

  it('is refused where one is opened, too', async () => {
    await runCtl(home, ['repository', 'init', '--repository', 'made-before']);
    const list = ['backup', 'list', '--repository', 'made-before'];
    expect(await failure([...list, '--passphrase-file', 'new.txt'])).toMatchObject(REFUSED);
    // one in the environment may be for another repository
    expect(await ctlJson(home, list, 0, ENV)).toEqual({ points: [] });
  });
});

describe('repository validate', () => {
  it('finds a folder fit, and leaves nothing in it or of it', async () => {
    const { ok, checks } = await ctlJson(home, ['repository', 'validate', 'dir:never-there']);
    expect(ok).toBe(true);
    expect(checks).toContainEqual(
      expect.objectContaining({ name: 'an object is never replaced', ok: true, outcome: 'kept' }),
    );
    expect(await readdir(home)).not.toContain('never-there');
  });

  it('fails with the reason where nothing can be tried', async () => {
    expect(await failure(['repository', 'validate', 'chains'])).toMatchObject({
      exit: 2,
      remedy: expect.stringContaining('dir:') as string,
    });
  });
});

it('loads nothing of S3, Azure or objects for a repository of chains', async () => {
  const hooks = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (/aws-sdk|azure|repository-s3|object-repository/.test(name)) process.stderr.write('LOADED ' + name + '\\n');
      return next(name, context);
    } });`;
  const options = `--import=data:text/javascript,${encodeURIComponent(hooks)}`;
  const load = (repository: string) =>
    runCtl(home, ['repository', 'init', '--repository', repository], { ...ENV, NODE_OPTIONS: options });
  expect((await load('chains')).stderr).toBe('');
  expect((await load('dir:more')).stderr).toMatch(/LOADED @sendense\/object-repository/);
});

describeWithPeers(['s3rver'], 'a server that ignores If-None-Match', () => {
  it('is refused by init with the reason, and a bucket that is missing is said to be', async () => {
    await using server = await startS3rver('plain');
    const keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
    const name = `s3://plain/x?endpoint=${server.endpoint}&checksums=when-required`;
    const refused = await failure(['repository', 'init', '--repository', name], { ...ENV, ...keys });
    expect(refused).toMatchObject({
      exit: 1,
      code: 'UNSUPPORTED',
      remedy: expect.stringContaining('If-None-Match') as string,
    });
    const missing = name.replace('plain', 'not-there');
    expect(await failure(['backup', 'list', '--repository', missing], { ...ENV, ...keys })).toMatchObject({
      exit: 1,
      code: 'NOT_FOUND',
    });
  });
});

it('a passphrase that is typed on a terminal is asked for twice by init, and never shown', async () => {
  const command = `${process.execPath} --conditions=@sendense/source --disable-warning=ExperimentalWarning ${MAIN} repository init --repository dir:typed`;
  const typing = promisify(execFile)('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: home,
    env: { PATH: process.env.PATH ?? '', HOME: home },
  });
  const { stdin, stdout } = typing.child;
  let shown = '';
  stdout?.on('data', (text: string) => {
    shown += text;
    if (/(passphrase of \S+|the same again): $/.test(shown)) stdin?.write('typed by hand\n');
  });
  await typing;
  stdin?.end();
  expect(shown).toMatch(/passphrase of dir:\S+typed: [\s\S]*the same again: [\s\S]*repository \S+ made/);
  expect(shown).not.toContain('by hand');
  const list = ['backup', 'list', '--repository', 'dir:typed'];
  expect(await ctlJson(home, list, 0, { SENDENSE_PASSPHRASE: 'typed by hand' })).toEqual({ points: [] });
});
