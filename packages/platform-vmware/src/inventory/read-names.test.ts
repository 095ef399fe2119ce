import { describe, expect, it } from 'vitest';
import { faultReply, scripted } from '../../test/support/scripted-session.ts';
import { readNames } from './read-names.ts';

const host = { type: 'HostSystem', id: 'host-1' };
const gone = { type: 'DistributedVirtualPortgroup', id: 'dvportgroup-9' };
const network = { type: 'Network', id: 'network-2' };

const NAMED: Readonly<Record<string, string>> = {
  'host-1': '<name>esx1</name><parent>group-h</parent>',
  'network-2': '<name>VM Network</name>',
  'group-h': '<name>hosts</name>',
};

/** Answers like a server that misses an object: of none that was asked for with it anything is told. */
async function session() {
  const { session: opened, sent } = scripted({
    RetrievePropertiesEx({ body }) {
      if (body.includes(gone.id)) return faultReply('ManagedObjectNotFound', `<obj>${gone.id}</obj>`);
      const there = Object.keys(NAMED).filter((id) => body.includes(`>${id}<`));
      const objects = there.map(
        (id) => `<objects><obj type="ManagedEntity">${id}</obj>${propSets(id)}</objects>`,
      );
      return `<RetrievePropertiesExResponse><returnval>${objects.join('')}</returnval></RetrievePropertiesExResponse>`;
    },
  });
  await opened.open();
  return { opened, sent };
}

function propSets(id: string): string {
  const named = NAMED[id] ?? '';
  return [...named.matchAll(/<(\w+)>([^<]*)</g)]
    .map(([, name, value]) =>
      name === 'parent'
        ? `<propSet><name>parent</name><val type="Folder">${value}</val></propSet>`
        : `<propSet><name>${name}</name><val>${value}</val></propSet>`,
    )
    .join('');
}

describe('names of the inventory', () => {
  it('are read where one of the objects is gone, which has none', async () => {
    const { opened } = await session();
    const names = await readNames(opened, [host, gone, network, undefined]);
    expect(names.name(host)).toBe('esx1');
    expect(names.name(network)).toBe('VM Network');
    expect(names.name(gone)).toBeUndefined();
    expect(names.path(host)).toBe('esx1');
  });

  it('are asked for in one request for each level when all are there', async () => {
    const { opened, sent } = await session();
    await readNames(opened, [host, network]);
    expect(sent.filter(({ method }) => method === 'RetrievePropertiesEx')).toHaveLength(2);
  });
});
