import { expect, it } from 'vitest';
import { processHost } from '../process-host.ts';
import { configFile, stateDirectory } from './locations.ts';

const base = { ...processHost(), workingDirectory: '/project', homeDirectory: '/home/u', env: {} };

it('takes the flag before the environment before the default', () => {
  const env = { SENDENSE_CONFIG: 'env.json', SENDENSE_STATE_DIR: '/env' };
  expect(configFile({ ...base, env }, 'flag.json')).toEqual({ path: '/project/flag.json', named: true });
  expect(configFile({ ...base, env }, undefined)).toEqual({ path: '/project/env.json', named: true });
  expect(configFile(base, undefined)).toEqual({ path: '/home/u/.config/sendense/config.json', named: false });
  expect(stateDirectory({ ...base, env }, 'flag', '/configured')).toBe('/project/flag');
  expect(stateDirectory({ ...base, env }, undefined, '/configured')).toBe('/env');
  expect(stateDirectory(base, undefined, '/configured')).toBe('/configured');
  expect(stateDirectory(base, undefined, undefined)).toBe('/home/u/.local/state/sendense');
});

it('follows the XDG folders and ignores empty variables', () => {
  const env = { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', SENDENSE_CONFIG: '', SENDENSE_STATE_DIR: '' };
  expect(configFile({ ...base, env }, undefined).path).toBe('/c/sendense/config.json');
  expect(stateDirectory({ ...base, env }, undefined, undefined)).toBe('/s/sendense');
});
