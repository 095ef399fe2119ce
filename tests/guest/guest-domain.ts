import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LibvirtDaemon } from '../libvirt/index.ts';
import { GuestChannel } from './guest-channel.ts';
import { makeGuestDisk } from './guest-disk.ts';
import { type GuestSystem, KERNEL_ARGUMENTS, makeGuestSystem } from './guest-system.ts';

const DISK_BYTES = 16 * 2 ** 20;
const BOOT_TIMEOUT_MS = 150_000;

/** A transient domain in which a Linux runs: it writes to the ext4 of its disk `vda` and has a guest agent. */
export interface GuestDomain extends AsyncDisposable {
  readonly name: string;
  readonly guest: GuestChannel;
  /** Waits until libvirt sees the guest agent, or that it is gone. */
  agentIs(state: 'connected' | 'disconnected'): Promise<void>;
  /** Waits for what anybody asked the agent before, and for its answer. */
  agentAnswers(): Promise<void>;
}

type Place = {
  readonly name: string;
  readonly disk: string;
  /** Socket of the port `sendense.test`. */
  readonly socket: string;
  /** Where the console of the guest goes. */
  readonly log: string;
};

function channelXml(name: string, source = ''): string {
  return `<channel type='unix'>${source}<target type='virtio' name='${name}'/></channel>`;
}

function domainXml({ name, disk, socket, log }: Place, { kernel, initrd }: GuestSystem): string {
  return [
    `<domain type='qemu'><name>${name}</name><uuid>${randomUUID()}</uuid>`,
    "<memory unit='MiB'>128</memory><vcpu>1</vcpu><features><acpi/></features>",
    `<os><type arch='x86_64' machine='pc'>hvm</type><kernel>${kernel}</kernel><initrd>${initrd}</initrd>`,
    `<cmdline>${KERNEL_ARGUMENTS}</cmdline></os><devices>`,
    `<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/>`,
    `<source file='${disk}'/><target dev='vda' bus='virtio'/></disk>`,
    channelXml('org.qemu.guest_agent.0'),
    channelXml('sendense.test', `<source mode='bind' path='${socket}'/>`),
    `<serial type='file'><source path='${log}'/></serial>`,
    "<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>",
  ].join('\n');
}

/** What `promise` gives; rejects with the guest's console when it takes too long. */
async function inTime<T>(promise: Promise<T>, log: string): Promise<T> {
  const stop = new AbortController();
  const late = delay(BOOT_TIMEOUT_MS, 'late' as const, { signal: stop.signal }).catch(() => 'late' as const);
  const first = await Promise.race([promise, late]).finally(() => stop.abort());
  if (first !== 'late') return first;
  throw new Error(`the guest did not come up: ${(await readFile(log, 'utf8')).slice(-2000)}`);
}

/** Boots the guest in a domain of `libvirt`; resolves when it writes and its agent is there. */
export async function bootGuest(
  libvirt: LibvirtDaemon,
  name = `guest-${randomUUID().slice(0, 8)}`,
): Promise<GuestDomain> {
  const system = await makeGuestSystem(libvirt.folder);
  const path = (kind: string) => join(libvirt.folder, `${name}.${kind}`);
  const place = { name, disk: path('qcow2'), socket: path('sock'), log: path('log') };
  await makeGuestDisk(place.disk, DISK_BYTES);
  for (const file of [place.disk, system.kernel, system.initrd]) await libvirt.own(file);
  await writeFile(path('xml'), domainXml(place, system));
  const agentIs = async (state: 'connected' | 'disconnected') => {
    const agent = new RegExp(`name='org.qemu.guest_agent.0' state='${state}'`);
    while (!agent.test(await libvirt.virsh('dumpxml', name))) await delay(200);
  };
  const agentAnswers = async () => {
    await libvirt.virsh('qemu-agent-command', name, '{"execute":"guest-ping"}');
  };
  await libvirt.virsh('create', path('xml'));
  try {
    const guest = await GuestChannel.open(place.socket);
    await inTime(guest.more(1), place.log);
    await inTime(agentIs('connected'), place.log);
    return {
      name,
      guest,
      agentIs,
      agentAnswers,
      async [Symbol.asyncDispose]() {
        await guest[Symbol.asyncDispose]();
        await libvirt.virsh('destroy', name);
      },
    };
  } catch (error) {
    await libvirt.virsh('destroy', name);
    throw error;
  }
}
