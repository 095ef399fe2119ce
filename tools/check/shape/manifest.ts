import type { Manifest } from '../../workspace.ts';

/** Sentences about a published package's `package.json` that differs from the others. */
export function manifestViolations(id: string, manifest: Manifest): string[] {
  const wanted = {
    name: `@sendense/${id}`,
    type: 'module',
    license: 'Apache-2.0',
    engines: { node: '>=22.18' },
    publishConfig: { access: 'public' },
  };
  const sentences = Object.entries(wanted).flatMap(([field, value]) => {
    if (JSON.stringify(manifest[field]) === JSON.stringify(value)) return [];
    return [`packages/${id}/package.json: "${field}" must be ${JSON.stringify(value)}`];
  });
  if (typeof manifest.description !== 'string')
    sentences.push(`packages/${id}/package.json has no description`);
  return [...sentences, ...exportViolations(id, manifest.exports)];
}

function exportViolations(id: string, exported: unknown): string[] {
  return Object.entries((exported ?? {}) as Record<string, unknown>).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return [];
    const conditions = Object.keys(target as object).join(' ');
    if (conditions === '@sendense/source types default') return [];
    return [
      `packages/${id}/package.json: exports "${subpath}" must have @sendense/source, types, default in this order`,
    ];
  });
}
