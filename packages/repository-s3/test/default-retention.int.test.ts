import {
  type DefaultRetention,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { type Gateway, startGateway } from './fixtures.ts';

/** Says how long the bucket locks by itself whatever is put into it. */
async function lockByDefault({ client }: Gateway, retention?: DefaultRetention): Promise<void> {
  const Rule = retention === undefined ? {} : { Rule: { DefaultRetention: retention } };
  const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', ...Rule } as const;
  await client.send(new PutObjectLockConfigurationCommand({ Bucket: 'locked', ObjectLockConfiguration }));
}

describeWithPeers(
  ['versitygw'],
  'a bucket that locks whatever is put into it, opened without object lock',
  () => {
    it('shows an object whose deletion it refused, and is empty once it locks no more and the object was deleted', async () => {
      await using gateway = await startGateway();
      await using store = await gateway.open({ bucket: 'locked', prefix: 'repository' });
      await lockByDefault(gateway, { Mode: 'GOVERNANCE', Days: 1 });
      await store.put('points/kept', Buffer.from('locked'));
      for (let time = 0; time < 2; time += 1) {
        await expect(store.delete('points/kept')).rejects.toMatchObject({ code: 'IMMUTABLE' });
        expect(Buffer.from(await store.get('points/kept')).toString()).toBe('locked');
        expect((await collect(store.list('points/'))).map(({ key }) => key)).toEqual(['points/kept']);
      }
      await lockByDefault(gateway);
      await store.delete('points/kept');
      const { Versions = [], DeleteMarkers = [] } = await gateway.client.send(
        new ListObjectVersionsCommand({ Bucket: 'locked' }),
      );
      expect([...Versions, ...DeleteMarkers]).toEqual([]);
    });
  },
);
