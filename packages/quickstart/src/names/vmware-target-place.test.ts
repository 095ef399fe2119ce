import { describe, expect, it } from 'vitest';
import { parseVmwareTargetPlace } from './vmware-target-place.ts';

describe('the name of a VMware target', () => {
  it('says the server, the new machine, and where it goes', () => {
    const name =
      '//vc.example:8443/web%201?dc=Europe/DC1&ds=fast&pool=C1/Resources&folder=Linux&host=h1&via=datastore&disks=thick';
    expect(parseVmwareTargetPlace(name)).toEqual({
      server: 'vc.example:8443',
      options: {
        name: 'web 1',
        datacenter: 'Europe/DC1',
        datastore: 'fast',
        pool: 'C1/Resources',
        folder: 'Linux',
        host: 'h1',
        via: 'datastore',
        provisioning: 'thick',
        networks: {},
      },
    });
  });

  it('maps one network, all others, or none', () => {
    expect(parseVmwareTargetPlace('//vc/m?network=Old=New&network=none').options).toEqual({
      name: 'm',
      networks: { Old: { network: 'New' } },
      defaultNetwork: 'none',
    });
  });

  it.each(['//vc', '//vc/', 'm', '//vc/a/b', '//vc/m?size=3', '//vc/%zz'])('is refused as %s', (name) => {
    expect(() => parseVmwareTargetPlace(name)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
