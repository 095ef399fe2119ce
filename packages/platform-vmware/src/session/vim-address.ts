import { SendenseError } from '@sendense/core';

/** The address of the SOAP service of a server: `vc.example`, `vc.example:8443` or `https://vc.example`. */
export function parseVimAddress(text: string): URL {
  // also without a scheme, and where a character of the password hides it from a parser: no address has an @ elsewhere
  if (text.includes('@')) throw invalid('holds a user or a password', 'give user and password apart from it');
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || url.hostname === '')
    throw invalid('is no address', 'give a host name, or https://HOST');
  if (url.protocol !== 'https:') throw invalid('is not https', 'vSphere is reached by https only');
  return new URL('/sdk', url);
}

function invalid(what: string, remedy: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `the address of the vCenter or ESXi ${what}`, {
    operation: 'connect-vim',
    remedy,
  });
}
