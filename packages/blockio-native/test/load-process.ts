import { findNativeDriver } from '@sendense/blockio-native';
import { SendenseError } from '@sendense/core';

// A program that tells what each mode gives; told `broken`, in a process in which no native library can be loaded.
if (process.argv[2] === 'broken')
  process.dlopen = () => {
    throw new Error('broken on purpose');
  };

function choose(mode: 'off' | 'auto' | 'require') {
  try {
    const { driver, reason } = findNativeDriver(mode);
    return { mode, driver: driver?.name ?? null, reason };
  } catch (error) {
    if (!SendenseError.is(error)) throw error;
    return { mode, code: error.code, reason: error.message };
  }
}

process.stdout.write(JSON.stringify((['off', 'auto', 'require'] as const).map(choose)));
