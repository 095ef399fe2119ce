import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificates } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { ctlJson } from './run-ctl.ts';
import { makeServerScene } from './server-scene.ts';

describeWithPeers(['openssl'], 'a server with a certificate', () => {
  it('is trusted by its authority alone, from a flag or the environment', async () => {
    await using scene = await makeServerScene({});
    const { folder, stranger } = await makeCertificates(join(scene.home, 'pki'));
    const certificateFile = join(folder, 'server-cert.pem');
    const keyFile = join(folder, 'server-key.pem');
    await chmod(keyFile, 0o600);
    await scene.configure({
      repositories: { main: 'local:backups' },
      server: { tls: { certificateFile, keyFile } },
    });
    await ctlJson(scene.home, ['repository', 'init', '--repository', 'main']);
    const { url } = await scene.serve();
    expect(url).toMatch(/^https:/);
    const authority = join(folder, 'ca-cert.pem');
    const list = ['backup', 'list', '--server', url];
    expect(await ctlJson(scene.away, [...list, '--ca-file', authority])).toEqual({ points: [] });
    expect(await ctlJson(scene.away, list, 0, { SENDENSE_CA_FILE: authority })).toEqual({ points: [] });
    const untrusted = {
      error: { code: 'UNTRUSTED_PEER', remedy: expect.stringContaining('--ca-file') as string },
    };
    expect(await ctlJson(scene.away, list, 1)).toMatchObject(untrusted);
    const other = [...list, '--ca-file', join(stranger.folder, 'ca-cert.pem')];
    expect(await ctlJson(scene.away, other, 1)).toMatchObject(untrusted);
  });
});
