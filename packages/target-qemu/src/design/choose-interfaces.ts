import type { MachineSpec } from '@sendense/core';
import type { DomainInterface } from '@sendense/platform-kvm/domain';
import type { CheckedOptions, NetworkChoice } from '../options.ts';
import type { Outcomes } from './outcomes.ts';

type Nic = MachineSpec['nics'][number];

/** Models of network cards that QEMU has on PC machines. */
const MODELS: ReadonlySet<string> = new Set([
  'virtio',
  'virtio-transitional',
  'virtio-non-transitional',
  'e1000',
  'e1000e',
  'igb',
  'rtl8139',
  'vmxnet3',
  'ne2k_pci',
  'pcnet',
]);

/** The card that most guests have a driver of without being told. */
const COMMON_MODEL = 'e1000e';

const MAC = /^[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/;

/** What the options and the host make of a network; `undefined` when nothing says. */
function networkFor(
  network: string | undefined,
  options: CheckedOptions,
  known: readonly string[],
): NetworkChoice | undefined {
  const { networks, defaultNetwork } = options;
  if (network !== undefined && Object.hasOwn(networks, network)) return networks[network];
  if (defaultNetwork !== undefined) return defaultNetwork;
  return network !== undefined && known.includes(network) ? { network } : undefined;
}

function modelFor({ model }: Nic, property: string, outcomes: Outcomes): string {
  if (model === undefined) {
    outcomes.approximated(`${property}.model`, 'unknown', COMMON_MODEL);
    return COMMON_MODEL;
  }
  if (MODELS.has(model.toLowerCase())) {
    outcomes.became(`${property}.model`, model, model.toLowerCase());
    return model.toLowerCase();
  }
  outcomes.approximated(`${property}.model`, model, COMMON_MODEL);
  outcomes.warn('nic-model-changed', `a network card of model ${model} becomes ${COMMON_MODEL}`);
  return COMMON_MODEL;
}

function macFor(
  { macAddress }: Nic,
  property: string,
  { macAddresses }: CheckedOptions,
  outcomes: Outcomes,
): string | undefined {
  const mac = macAddress?.toLowerCase().replaceAll('-', ':');
  if (macAddress === undefined || mac === undefined) return undefined;
  if (macAddresses === 'keep' && MAC.test(mac)) {
    outcomes.became(`${property}.macAddress`, macAddress, mac);
    return mac;
  }
  outcomes.approximated(`${property}.macAddress`, macAddress, 'a new address');
  return undefined;
}

/** The network cards; one whose network has no equivalent is left out, with a finding. */
export function chooseInterfaces(
  { nics }: MachineSpec,
  options: CheckedOptions,
  known: readonly string[],
  outcomes: Outcomes,
): readonly DomainInterface[] {
  if (nics.length === 0) outcomes.kept('nics', []);
  return nics.flatMap((nic, index): DomainInterface[] => {
    const property = `nics[${index}]`;
    const choice = networkFor(nic.network, options, known);
    if (choice === undefined || choice === 'none') {
      outcomes.lost(property, nic);
      if (choice === undefined) {
        const message = `network card ${index} is left out: say what its network ${nic.network ?? '(unknown)'} becomes here`;
        outcomes.warn('nic-lost', `${message} (networks, defaultNetwork)`);
      }
      return [];
    }
    const type = 'network' in choice ? 'network' : 'bridge';
    const source = 'network' in choice ? choice.network : choice.bridge;
    outcomes.became(
      `${property}.network`,
      nic.network ?? 'unknown',
      type === 'network' ? source : `bridge:${source}`,
    );
    if (type === 'network' && !known.includes(source)) {
      outcomes.refuse('network-missing', `libvirt has no network ${source}`);
    }
    return [
      {
        type,
        source,
        macAddress: macFor(nic, property, options, outcomes),
        model: modelFor(nic, property, outcomes),
        connected: nic.connected !== false,
        bootOrder: undefined,
      },
    ];
  });
}
