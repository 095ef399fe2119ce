import { describe, expect, it } from 'vitest';
import { failedTask, faultReply, scripted, taskScript } from '../../test/support/scripted-session.ts';
import { isDiskThere, removeFile } from './disk-files.ts';
import { destroyMachine } from './machine-tasks.ts';

const MACHINE = { type: 'VirtualMachine', id: 'vm-1' };
const DATACENTER = { type: 'Datacenter', id: 'dc-1' };

const begun = (method: string) => () =>
  `<${method}Response><returnval type="Task">task-1</returnval></${method}Response>`;

describe('a machine that is to be removed', () => {
  it('was not there when the server says that it is gone, at the call or by the task', async () => {
    const gone = '<obj type="VirtualMachine">vm-1</obj>';
    const refusing = scripted({ Destroy_Task: () => faultReply('ManagedObjectNotFound', gone) });
    await refusing.session.open();
    expect(await destroyMachine(refusing.session, MACHINE)).toBe(false);
    const failing = scripted({
      ...taskScript([failedTask('ManagedObjectNotFound', gone)]),
      Destroy_Task: begun('Destroy_Task'),
    });
    await failing.session.open();
    expect(await destroyMachine(failing.session, MACHINE)).toBe(false);
  });

  it.each([
    ['another object', 'ManagedObjectNotFound', '<obj type="Folder">group-3</obj>'],
    ['a file of it', 'FileNotFound', '<file>[ds] a/a.vmx</file>'],
    ['something', 'NotFound', ''],
  ])('is not taken for gone when %s is not there', async (_what, fault, detail) => {
    const { session } = scripted({
      ...taskScript([failedTask(fault, detail)]),
      Destroy_Task: begun('Destroy_Task'),
    });
    await session.open();
    await expect(destroyMachine(session, MACHINE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a file that is to be removed', () => {
  const CONTENT = {
    fileManager: { type: 'FileManager', id: 'fm' },
    virtualDiskManager: { type: 'VirtualDiskManager', id: 'dm' },
  };

  /** A session of a server that has files, and answers so. */
  async function answering(fault: string, detail = '') {
    const { session } = scripted({
      ...taskScript([failedTask(fault, detail)]),
      DeleteDatastoreFile_Task: begun('DeleteDatastoreFile_Task'),
      QueryVirtualDiskUuid: () => faultReply(fault, detail),
    });
    await session.open();
    Object.assign(session.content, CONTENT);
    return session;
  }

  it('was not there when the server says that the file is not', async () => {
    const session = await answering('FileNotFound', '<file>[ds] a</file>');
    expect(await removeFile(session, DATACENTER, '[ds] a')).toBe(false);
    expect(await isDiskThere(session, DATACENTER, '[ds] a.vmdk')).toBe(false);
  });

  it('is not taken for gone when its datacenter is', async () => {
    const session = await answering('ManagedObjectNotFound', '<obj type="Datacenter">dc-1</obj>');
    await expect(removeFile(session, DATACENTER, '[ds] a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(isDiskThere(session, DATACENTER, '[ds] a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
