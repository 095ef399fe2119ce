export { openVirsh, type VirshOptions, type VirshSession } from './virsh-session.ts';
