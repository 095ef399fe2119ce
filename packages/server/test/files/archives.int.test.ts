import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { startFilesServer, TEXT } from './files-server.ts';

const bytesOf = async (reply: Response): Promise<Buffer> => Buffer.from(await reply.arrayBuffer());
const codeOf = async (reply: Response): Promise<string> =>
  ((await reply.json()) as { error: { code: string } }).error.code;

describeWithPeers(['ext4-tools'], 'archives of the files of backups', () => {
  it('leave it in the log how much was left out or changed, also where the server ends first, and no name of a file', async () => {
    await using own = await startFilesServer();
    const id = await own.mount('web');
    for (const query of ['path=/etc/deep&format=zip', 'path=/etc&format=zip'])
      await bytesOf(await own.request('web', `${id}/download?${query}`));
    await own.server.close();
    const noted = own.logged.filter(({ message }) => message.includes('archive'));
    expect(noted).toMatchObject([
      { level: 'warn', fields: { tenant: 'web', repository: 'main', backup: own.backups.web, findings: 1 } },
    ]);
    expect(JSON.stringify(noted)).not.toContain('txt');
  });

  it('are refused while the server makes as many as it may, of whomever, and it is told when to ask again', async () => {
    await using own = await startFilesServer({ limits: { archives: 1 } });
    const [web, db] = [await own.mount('web'), await own.mount('db', 'db')];
    const gone = new AbortController();
    const begun = await own.request('web', `${web}/download?path=/&format=zip`, { signal: gone.signal });
    expect(begun.status).toBe(200);
    for (const who of ['db', 'all'] as const) {
      const id = who === 'db' ? db : web;
      const more = await own.request(who, `${id}/download?path=/etc`);
      expect([more.status, await codeOf(more)], who).toEqual([429, 'QUOTA_EXCEEDED']);
      expect(more.headers.get('retry-after')).toBe('10');
      expect(more.headers.get('content-disposition')).toBeNull();
    }
    const file = await own.request('db', `${db}/download?path=/etc/passwd`);
    expect([file.status, await file.text()]).toEqual([200, TEXT]);
    gone.abort();
    await expect(bytesOf(begun)).rejects.toThrow();
    const again = async (): Promise<number> => {
      const reply = await own.request('db', `${db}/download?path=/etc`);
      await bytesOf(reply);
      return reply.status;
    };
    await expect.poll(again, { timeout: 10_000 }).toBe(200);
    for (let count = 0; count < 4; count += 1) await expect.poll(again).toBe(200);
  });
});
