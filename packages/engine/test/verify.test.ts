import { pointId, type Repository, SendenseError, type VerifyScope } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { addMachine, createWorld, KIB, MIB, startProcess } from './world.ts';

async function start() {
  const world = createWorld();
  const machine = addMachine(world, 'vm', [MIB]);
  const process = await startProcess(world);
  const request = { source: process.source, repository: process.repository, machine: machine.ref };
  return { world, ...process, request };
}

describe('verify', () => {
  it('finds nothing in an intact repository', async () => {
    const { engine, request, repository } = await start();
    await engine.backup(request);
    expect(await engine.verify({ repository })).toMatchObject({ intact: true, findings: [] });
  });

  it('finds a flipped bit', async () => {
    const { engine, request, repository, world } = await start();
    await engine.backup(request);
    for (const bytes of world.store.objects.values())
      if (bytes.length > KIB) bytes[77] = (bytes[77] ?? 0) ^ 4;
    const result = await engine.verify({ repository });
    expect(result.intact).toBe(false);
    expect(result.findings.some((finding) => finding.severity === 'error')).toBe(true);
  });

  it('refuses a sample, a budget and a cursor that the repository does not offer, and is complete without', async () => {
    const { engine, repository } = await start();
    for (const part of [{ sample: 0.1 }, { budgetMs: 1000 }, { resume: 'cursor' }])
      await expect(engine.verify({ repository, ...part })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await engine.verify({ repository })).toMatchObject({ complete: true, coverage: null });
  });

  it('tells how far it came, also in the error of what broke off', async () => {
    const { engine, repository: whole } = await start();
    const scopes: VerifyScope[] = [];
    const repository = (after: () => void): Repository => ({
      ...whole,
      capabilities: { ...whole.capabilities, partialVerify: true },
      async *verify(scope) {
        scopes.push(scope);
        scope.onCoverage?.({ checked: [], left: [pointId('p')], sample: 0.5, cursor: 'here' });
        yield { severity: 'warning', code: 'verify-stopped', message: 'the time was over' };
        after();
      },
    });
    const parts = { sample: 0.5, budgetMs: 10, resume: 'there' };
    expect(await engine.verify({ repository: repository(() => undefined), ...parts })).toMatchObject({
      intact: true,
      complete: false,
      coverage: { left: ['p'], cursor: 'here' },
    });
    expect(scopes).toMatchObject([parts]);
    const breaking = repository(() => {
      throw new SendenseError('CONNECTION_LOST', 'the network broke', { operation: 'get-object' });
    });
    await expect(engine.verify({ repository: breaking })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      context: { cursor: 'here' },
    });
  });
});
