import { expect, it } from 'vitest';
import { type MachineValues, oneMachine } from '../../test/one-machine.ts';
import { machineOfId } from './find-machines.ts';
import { removeUnchanged } from './replaced-machine.ts';

const ASIDE = { name: 'p-replaced', 'runtime.powerState': 'poweredOff', 'config.annotation': 'old' };

/** Lists the machine as it was set aside and settles it when it is as `then` says. */
async function settled(then: MachineValues) {
  const { client, methods } = oneMachine(ASIDE, then);
  const seen = await machineOfId(client, 'vm-1');
  if (seen === undefined) throw new Error('the machine is not there');
  const { isRemoved, findings } = await removeUnchanged(client, seen, seen.state);
  const told = findings.map(({ message }) => message);
  return { isRemoved, told, isAsked: methods.includes('Destroy_Task') };
}

it('a machine that was changed after it was listed is not removed, which is told', async () => {
  const { told, ...rest } = await settled({ ...ASIDE, 'config.annotation': 'mine' });
  expect(told).toEqual([expect.stringContaining('were changed since it was set aside')]);
  expect(rest).toEqual({ isRemoved: false, isAsked: false });
});

it('a machine that was started after it was listed is not removed, which is told', async () => {
  const { told, ...rest } = await settled({ ...ASIDE, 'runtime.powerState': 'poweredOn' });
  expect(told).toHaveLength(1);
  expect(rest).toEqual({ isRemoved: false, isAsked: false });
});

it('a machine that got another name after it was listed is its user’s', async () => {
  expect(await settled({ ...ASIDE, name: 'mine' })).toEqual({ isRemoved: false, told: [], isAsked: false });
});

it('a machine that is as it was set aside is removed', async () => {
  expect((await settled(ASIDE)).isAsked).toBe(true);
});
