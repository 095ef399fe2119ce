import { inspect } from 'node:util';
import { ContainerSASPermissions } from '@azure/storage-blob';
import { Secret } from '@sendense/core';
import { validateStore } from '@sendense/object-repository/validate';
import { openAzureStore } from '@sendense/repository-azure';
import { collect } from '@sendense/testkit';
import { AZURITE, type ScriptedProxy, startScriptedProxy } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type BlobService, SMALL_SIZES, startBlobService } from './fixtures.ts';

const HOUR_MS = 3_600_000;
const bytes = Buffer.from('the bytes of an object');
const fromNow = (ms: number) => new Date(Date.now() + ms);

describeWithPeers(['azurite'], 'credentials that the service refuses', () => {
  let service: BlobService;
  let proxy: ScriptedProxy;
  beforeAll(async () => {
    service = await startBlobService();
    proxy = await startScriptedProxy(new URL(service.endpoint).origin);
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });
  beforeEach(() => proxy.script(() => undefined));

  const endpoint = () => `${proxy.endpoint}/${AZURITE.account}`;
  /** As the service answers (its documents, "Authorize with Shared Key"): the words of the last element are in no answer to HEAD. */
  const refusedAt = (serverTime: Date) =>
    ({
      kind: 'answer',
      status: 403,
      headers: {
        'content-type': 'application/xml',
        'x-ms-error-code': 'AuthenticationFailed',
        date: serverTime.toUTCString(),
      },
      body: '<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>secret-in-message</Message><AuthenticationErrorDetail>Request date header too old</AuthenticationErrorDetail></Error>',
    }) as const;

  /** A store that signs its requests with a signature of the container that is valid in between. */
  async function openSigned(startsOn: Date, expiresOn: Date) {
    const permissions = ContainerSASPermissions.parse('rcl');
    const url = new URL(await service.container.generateSasUrl({ permissions, startsOn, expiresOn }));
    const token = url.search.slice(1);
    const credential = { kind: 'sas', token: new Secret(token) } as const;
    const store = await openAzureStore({ endpoint: endpoint(), container: 'backups' }, { credential });
    return { store, signature: url.searchParams.get('sig') ?? '' };
  }

  it.each([
    ['slow', 2 * HOUR_MS],
    ['fast', -2 * HOUR_MS],
  ])('a clock that is too %s is told as that, by every request, at once', async (_what, aheadMs) => {
    await using store = await service.open({ endpoint: endpoint() });
    const requests = [
      () => store.put('object', bytes),
      () => store.head('object'),
      () => store.get('object'),
      () => store.delete('object'),
      () => collect(store.list('')),
    ];
    for (const send of requests) {
      proxy.script(() => refusedAt(fromNow(aheadMs)));
      const error: unknown = await send().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'AUTHENTICATION_FAILED',
        retry: 'never',
        message: expect.stringContaining('clocks of this machine and of the store differ') as string,
        remedy: 'set the clock of this machine',
      });
      expect(proxy.seen).toHaveLength(1);
      expect(inspect(error, { depth: 12, showHidden: true })).not.toContain('secret-in-message');
    }
  });

  it('a refusal between clocks that agree is not blamed on them', async () => {
    await using store = await service.open({ endpoint: endpoint() });
    proxy.script(() => refusedAt(fromNow(60_000)));
    await expect(store.head('object')).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('does not accept the credentials') as string,
    });
  });

  it('a validation tells how much the clocks differ, and that nothing else is wrong', async () => {
    await using store = await service.open({ prefix: 'skewed' });
    const clock = { now: () => fromNow(-HOUR_MS), monotonicMs: () => performance.now() };
    const { isUsable, findings } = await validateStore(store, { sizes: SMALL_SIZES, clock });
    expect(findings).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: expect.stringMatching(/the clock of the store differs by 3(?:59|60)\d s/) as string,
      }),
    ]);
    expect(isUsable).toBe(true);
  });

  it('a validation that is refused for the clock says so before it tries anything', async () => {
    await using store = await service.open({ endpoint: endpoint() });
    proxy.script(() => refusedAt(fromNow(HOUR_MS)));
    await expect(validateStore(store, { sizes: SMALL_SIZES })).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      remedy: 'set the clock of this machine',
    });
    expect(proxy.seen).toHaveLength(1);
  });

  it.each([
    ['ran out', -2 * HOUR_MS, -HOUR_MS, 'EXPIRED', 'get a new signature and run it again'],
    ['is not valid yet', HOUR_MS, 2 * HOUR_MS, 'AUTHENTICATION_FAILED', expect.stringContaining('wait')],
  ])('a signature that %s is told so at once, without it', async (_what, startMs, endMs, code, remedy) => {
    const { store, signature } = await openSigned(fromNow(startMs), fromNow(endMs));
    await using open = store;
    for (const send of [() => open.put('signed', bytes), () => open.head('signed')]) {
      proxy.script(() => undefined);
      const error: unknown = await send().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, remedy, retry: 'never' });
      expect(proxy.seen).toHaveLength(1);
      const shown = inspect(error, { depth: 12, showHidden: true });
      expect(signature.length).toBeGreaterThan(20);
      for (const secret of [signature, encodeURIComponent(signature)]) expect(shown).not.toContain(secret);
    }
  });

  it('a signature is told as run out by the clock of the service, also where that of this machine is slow', async () => {
    const { store } = await openSigned(fromNow(-HOUR_MS), fromNow(HOUR_MS));
    await using open = store;
    proxy.script(() => refusedAt(fromNow(2 * HOUR_MS)));
    await expect(open.head('signed')).rejects.toMatchObject({ code: 'EXPIRED' });
    proxy.script(() => undefined);
    await open.put('signed-once', bytes);
    expect(Buffer.from(await open.get('signed-once')).equals(bytes)).toBe(true);
  });
});
