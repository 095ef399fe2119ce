import type { Artifact } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { addMachine, createWorld, startProcess } from './world.ts';

const artifacts = (['nvram', 'tpm-state'] as const).map(
  (name): Artifact => ({
    name,
    sensitive: name === 'tpm-state',
    sizeBytes: 3,
    bytes: () => Promise.resolve(Uint8Array.of(1, 2, 3)),
  }),
);

async function backUp(encryption: boolean, allowSensitiveArtifacts?: boolean) {
  const world = createWorld();
  const machine = addMachine(world).ref;
  const { engine, source, repository } = await startProcess(world, {
    repository: { capabilities: { encryption } },
  });
  const rich: typeof source = {
    ...source,
    async capture(...args) {
      const capture = await source.capture(...args);
      return { ...capture, artifacts, [Symbol.asyncDispose]: () => capture[Symbol.asyncDispose]() };
    },
  };
  const allow = allowSensitiveArtifacts === undefined ? {} : { allowSensitiveArtifacts };
  const { pointId, findings } = await engine.backup({ source: rich, repository, machine, ...allow });
  await using reader = await repository.open(pointId);
  return { names: reader.artifacts.map(({ name }) => name), codes: findings.map(({ code }) => code) };
}

describe('a sensitive artifact', () => {
  it('is stored where the repository encrypts', async () => {
    expect(await backUp(true)).toEqual({ names: ['nvram', 'tpm-state'], codes: [] });
  });

  it('is left out of a repository that does not, and said', async () => {
    expect(await backUp(false)).toEqual({ names: ['nvram'], codes: ['sensitive-artifact-left-out'] });
  });

  it('is stored unencrypted when the caller allows it, and said', async () => {
    const stored = { names: ['nvram', 'tpm-state'], codes: ['sensitive-artifact-unencrypted'] };
    expect(await backUp(false, true)).toEqual(stored);
  });
});
