import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificates, nbdInfo } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { useExportScene } from './export-scene.ts';
import { ctlJson, startCtl } from './run-ctl.ts';

const scene = useExportScene();

/** Certificates, an export in the folder, and a configuration that serves it by TLS to clients with a certificate. */
async function configure() {
  const certificates = await makeCertificates(join(scene.home, 'pki'));
  const confDir = join(scene.home, 'conf.d');
  await mkdir(confDir, { mode: 0o700 });
  const disk = { image: { path: join(scene.home, 'disk.raw'), format: 'raw' } };
  await writeFile(join(confDir, 'disk.json'), JSON.stringify(disk), { mode: 0o600 });
  const keyFile = join(certificates.folder, 'server-key.pem');
  await chmod(keyFile, 0o600);
  const tls = {
    certificateFile: 'pki/own/server-cert.pem',
    keyFile: 'pki/own/server-key.pem',
    clientCaFile: 'pki/own/ca-cert.pem',
  };
  await writeFile(
    join(scene.home, 'config.json'),
    JSON.stringify({ exports: { confDir, listen: '127.0.0.1:0', tls } }),
  );
  return { certificates, keyFile };
}

describeWithPeers(['openssl', 'nbdinfo'], 'exports by TLS', () => {
  it('are read by clients with a certificate of the authority, and by nobody else', async () => {
    const { certificates } = await configure();
    const serving = startCtl(scene.home, ['export', 'serve', '--config', 'config.json', '--json']);
    const stdout = serving.child.stdout ?? expect.fail('no output');
    const [line] = (await once(stdout, 'data')) as [Buffer];
    const { exports } = JSON.parse(line.toString()) as { exports: { uri: string }[] };
    const uri = exports[0]?.uri ?? '';
    expect(uri).toMatch(/^nbds:\/\/127\.0\.0\.1:\d+\/disk$/);
    const withFiles = (folder: string) => `${uri}?tls-certificates=${folder}`;
    expect(await nbdInfo(withFiles(certificates.folder))).toMatchObject({
      exports: [{ is_read_only: true }],
    });
    await expect(nbdInfo(withFiles(certificates.stranger.folder))).rejects.toThrow();
    await expect(nbdInfo(uri.replace('nbds:', 'nbd:'))).rejects.toThrow();
    serving.child.kill('SIGTERM');
    expect((await serving.end).code).toBe(0);
  });

  it('are not served with a key that others may read', async () => {
    const { keyFile } = await configure();
    await chmod(keyFile, 0o644);
    const serve = ['export', 'serve', '--config', 'config.json'];
    expect(await ctlJson(scene.home, serve, 2)).toMatchObject({
      error: { code: 'CONFIG_INVALID', remedy: expect.stringContaining('chmod 600') as string },
    });
  });
});

it('without an address are refused TLS, which a unix socket has not', async () => {
  const tls = { certificateFile: 'a.pem', keyFile: 'b.pem' };
  await writeFile(join(scene.home, 'config.json'), JSON.stringify({ exports: { tls } }));
  const serve = ['export', 'serve', '--config', 'config.json'];
  expect(await ctlJson(scene.home, serve, 2)).toMatchObject({
    error: { code: 'CONFIG_INVALID', message: expect.stringContaining('needs "listen"') as string },
  });
});
