import type { VimClient, VimInvoke } from '@sendense/platform-vmware';
import { element } from '@sendense/plugin-kit/xml';

/** Properties of a machine by their paths. */
export type MachineValues = Readonly<Record<string, string>>;

/** A client of a server that has the machine `vm-1`, of which each reading tells the next of `readings`; `methods` is what was asked. */
export function oneMachine(...readings: readonly MachineValues[]) {
  const methods: string[] = [];
  const left = [...readings];
  const invoke: VimInvoke = async (method) => {
    methods.push(method);
    const values = Object.entries(method === 'RetrievePropertiesEx' ? (left.shift() ?? {}) : {});
    const properties = values.map(([path, value]) =>
      element('propSet', {}, [element('name', {}, path), element('val', {}, value)]),
    );
    const machine = element('obj', { type: 'VirtualMachine' }, 'vm-1');
    const objects = element('objects', {}, [machine, ...properties]);
    return element('response', {}, [element('returnval', {}, [objects])]);
  };
  const inOneSession = <T>(run: (invoke: VimInvoke) => Promise<T>): Promise<T> => run(invoke);
  const content = { propertyCollector: { type: 'PropertyCollector', id: 'pc' } };
  return { client: { invoke, inOneSession, content } as unknown as VimClient, methods };
}
