/** Replies in the shapes that servers give them: prefixes, nesting and attributes as documented for the release. */

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** vCenter 6.7, 7 and 8: prefix `soapenv`, namespaces on the envelope. */
export function vcenterReply(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="${SOAP}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="${XSI}">
<soapenv:Body>
${body}
</soapenv:Body>
</soapenv:Envelope>`;
}

/** The simulator: no prefix, and the name of the namespace for `xsi`. */
export function simulatorReply(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="${SOAP}"><Body>${body}</Body></Envelope>`;
}

/** A refused login of vCenter. */
export const LOGIN_FAULT = vcenterReply(`<soapenv:Fault><faultcode>ServerFaultCode</faultcode>
<faultstring>Cannot complete login due to an incorrect user name or password.</faultstring>
<detail><InvalidLoginFault xmlns="urn:vim25" xsi:type="InvalidLogin"></InvalidLoginFault></detail></soapenv:Fault>`);

/** A machine of vCenter with two disks on two controllers, a distributed and a standard network. */
export const MACHINE_REPLY =
  vcenterReply(`<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><token>3</token><objects>
<obj type="VirtualMachine">vm-42</obj>
<propSet><name>name</name><val xsi:type="xsd:string">web%2f1 &amp; co</val></propSet>
<propSet><name>config.firmware</name><val xsi:type="xsd:string">efi</val></propSet>
<propSet><name>config.guestId</name><val xsi:type="xsd:string">windows2019srv_64Guest</val></propSet>
<propSet><name>config.guestFullName</name><val xsi:type="xsd:string">Microsoft Windows Server 2019 (64-bit)</val></propSet>
<propSet><name>config.version</name><val xsi:type="xsd:string">vmx-19</val></propSet>
<propSet><name>config.bootOptions</name><val xsi:type="VirtualMachineBootOptions"><bootDelay>0</bootDelay><efiSecureBootEnabled>true</efiSecureBootEnabled></val></propSet>
<propSet><name>capability.changeTrackingSupported</name><val xsi:type="xsd:boolean">true</val></propSet>
<propSet><name>runtime.powerState</name><val xsi:type="VirtualMachinePowerState">poweredOn</val></propSet>
<propSet><name>runtime.host</name><val type="HostSystem" xsi:type="ManagedObjectReference">host-9</val></propSet>
<propSet><name>config.hardware</name><val xsi:type="VirtualHardware"><numCPU>6</numCPU><numCoresPerSocket>2</numCoresPerSocket><memoryMB>8192</memoryMB>
<device xsi:type="VirtualIDEController"><key>201</key><busNumber>1</busNumber></device>
<device xsi:type="ParaVirtualSCSIController"><key>1001</key><busNumber>1</busNumber><sharedBus>noSharing</sharedBus></device>
<device xsi:type="VirtualNVMEController"><key>31000</key><busNumber>0</busNumber></device>
<device xsi:type="VirtualCdrom"><key>3002</key><controllerKey>201</controllerKey><unitNumber>0</unitNumber></device>
<device xsi:type="VirtualDisk"><key>2016</key><deviceInfo><label>Hard disk 1</label><summary>41,943,040 KB</summary></deviceInfo>
<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[vmfs 1] web/web-000001.vmdk</fileName><datastore type="Datastore">datastore-11</datastore>
<diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned><uuid>6000C296-0001</uuid><changeId>52 de c0/17</changeId><sharing>sharingNone</sharing></backing>
<controllerKey>1001</controllerKey><unitNumber>3</unitNumber><capacityInKB>41943040</capacityInKB><capacityInBytes>42949672960</capacityInBytes></device>
<device xsi:type="VirtualDisk"><key>32000</key>
<backing xsi:type="VirtualDiskRawDiskMappingVer1BackingInfo"><fileName>[vmfs 1] web/rdm.vmdk</fileName><diskMode>independent_persistent</diskMode><uuid>6000C296-0002</uuid><sharing>sharingMultiWriter</sharing></backing>
<controllerKey>31000</controllerKey><unitNumber>0</unitNumber><capacityInKB>1024</capacityInKB></device>
<device xsi:type="VirtualVmxnet3"><key>4000</key><deviceInfo><label>Network adapter 1</label></deviceInfo>
<backing xsi:type="VirtualEthernetCardDistributedVirtualPortBackingInfo"><port><switchUuid>50 1a</switchUuid><portgroupKey>dvportgroup-7</portgroupKey></port></backing>
<connectable><connected>true</connected></connectable><macAddress>00:50:56:00:00:01</macAddress></device>
<device xsi:type="VirtualE1000e"><key>4001</key>
<backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>VM Network</deviceName><network type="Network">network-5</network></backing>
<connectable><connected>false</connected></connectable><macAddress>00:50:56:00:00:02</macAddress></device>
<device xsi:type="VirtualTPM"><key>11000</key></device></val></propSet>
<missingSet><path>resourcePool</path><fault><fault xsi:type="NoPermission"><privilegeId>System.View</privilegeId></fault><localizedMessage></localizedMessage></fault></missingSet>
</objects></returnval></RetrievePropertiesExResponse>`);

/** What a release writes into the hardware of a machine, and earlier ones do not. */
export type Release = {
  readonly release: string;
  /** Virtual hardware that came with it. */
  readonly version: string;
  /** Fields of the hardware before its devices, in the order of the API. */
  readonly before: string;
  /** Devices of its own. */
  readonly devices: string;
  /** Fields of a SCSI disk behind its unit. */
  readonly ofDevice: string;
  /** Fields of a disk behind its capacity. */
  readonly ofDisk: string;
  /** Fields of a controller for NVMe behind its number. */
  readonly ofNvme: string;
  /** Fields of the hardware behind its devices. */
  readonly after: string;
};

const NOTHING_NEW = { before: '', devices: '', ofDevice: '', ofDisk: '', ofNvme: '', after: '' };
const OF_7 = {
  devices:
    '<device xsi:type="VirtualWDT"><key>18000</key><controllerKey>100</controllerKey><runOnBoot>false</runOnBoot><running>false</running></device><device xsi:type="VirtualPrecisionClock"><key>19000</key><controllerKey>100</controllerKey></device>',
};
const OF_8 = {
  ...OF_7,
  before: '<autoCoresPerSocket>false</autoCoresPerSocket>',
  ofDevice:
    '<numaNode>0</numaNode><deviceGroupInfo><groupInstanceKey>1</groupInstanceKey><sequenceId>0</sequenceId></deviceGroupInfo>',
  after:
    '<motherboardLayout>i440bxHostBridge</motherboardLayout><simultaneousThreads>1</simultaneousThreads>',
};

/**
 * Releases with their hardware versions and the fields that each added to `VirtualHardware`, `VirtualDevice`, `VirtualDisk` and
 * `VirtualNVMEController`: the "Since" of the API reference, as govmomi 0.55 has it in `vim25/types`.
 */
export const RELEASES: readonly Release[] = [
  { ...NOTHING_NEW, release: '6.7', version: 'vmx-14' },
  { ...NOTHING_NEW, ...OF_7, release: '7.0', version: 'vmx-17' },
  { ...NOTHING_NEW, ...OF_7, release: '7.0 U1', version: 'vmx-18' },
  {
    ...NOTHING_NEW,
    ...OF_7,
    release: '7.0 U2',
    version: 'vmx-19',
    ofDisk:
      '<independentFilters xsi:type="VirtualMachineIndependentFilterSpec"><filterName>f</filterName></independentFilters>',
  },
  { ...NOTHING_NEW, ...OF_8, release: '8.0', version: 'vmx-20' },
  {
    ...NOTHING_NEW,
    ...OF_8,
    release: '8.0 U2',
    version: 'vmx-21',
    ofDisk: '<vDiskVersion>1</vDiskVersion><guestReadOnly>false</guestReadOnly>',
    ofNvme: '<sharedBus>physicalSharing</sharedBus>',
  },
];

/** A machine of that release: a disk on SCSI that stands on another one, and one on NVMe, a network card, a virtual TPM and a snapshot. */
export function machineReply({ version, before, devices, ofDevice, ofDisk, ofNvme, after }: Release): string {
  return vcenterReply(`<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects>
<obj type="VirtualMachine">vm-42</obj>
<propSet><name>name</name><val xsi:type="xsd:string">web</val></propSet>
<propSet><name>config.version</name><val xsi:type="xsd:string">${version}</val></propSet>
<propSet><name>config.changeTrackingEnabled</name><val xsi:type="xsd:boolean">true</val></propSet>
<propSet><name>config.hardware</name><val xsi:type="VirtualHardware"><numCPU>4</numCPU><numCoresPerSocket>2</numCoresPerSocket>${before}<memoryMB>2048</memoryMB><virtualICH7MPresent>false</virtualICH7MPresent><virtualSMCPresent>false</virtualSMCPresent>
<device xsi:type="ParaVirtualSCSIController"><key>1000</key><controllerKey>100</controllerKey><unitNumber>3</unitNumber><busNumber>0</busNumber><device>2000</device><hotAddRemove>true</hotAddRemove><sharedBus>noSharing</sharedBus><scsiCtlrUnitNumber>7</scsiCtlrUnitNumber></device>
<device xsi:type="VirtualNVMEController"><key>31000</key><controllerKey>100</controllerKey><unitNumber>30</unitNumber><busNumber>0</busNumber><device>32000</device>${ofNvme}</device>${devices}
<device xsi:type="VirtualDisk"><key>2000</key><deviceInfo><label>Hard disk 1</label><summary>1,024 KB</summary></deviceInfo>
<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[vmfs 1] web/web-000001.vmdk</fileName><datastore type="Datastore">datastore-11</datastore><backingObjectId></backingObjectId><diskMode>persistent</diskMode><split>false</split><writeThrough>false</writeThrough><thinProvisioned>true</thinProvisioned><uuid>6000C296-0001</uuid><contentId>ab</contentId><changeId>52 de c0/17</changeId>
<parent><fileName>[vmfs 1] web/web.vmdk</fileName><datastore type="Datastore">datastore-11</datastore><diskMode>persistent</diskMode><uuid>6000C296-0001</uuid></parent><deltaDiskFormat>seSparseFormat</deltaDiskFormat><digestEnabled>false</digestEnabled><deltaGrainSize>8</deltaGrainSize><sharing>sharingNone</sharing></backing>
<controllerKey>1000</controllerKey><unitNumber>0</unitNumber>${ofDevice}<capacityInKB>1024</capacityInKB><capacityInBytes>1048576</capacityInBytes><shares><shares>1000</shares><level>normal</level></shares><diskObjectId>1-2000</diskObjectId>${ofDisk}</device>
<device xsi:type="VirtualDisk"><key>32000</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[vmfs 1] web/web_1.vmdk</fileName><diskMode>persistent</diskMode><uuid>6000C296-0002</uuid><changeId>52 aa/3</changeId><sharing>sharingNone</sharing></backing><controllerKey>31000</controllerKey><unitNumber>1</unitNumber>${ofDevice}<capacityInKB>2048</capacityInKB><capacityInBytes>2097152</capacityInBytes>${ofDisk}</device>
<device xsi:type="VirtualVmxnet3"><key>4000</key><backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>VM Network</deviceName><network type="Network">network-5</network></backing><connectable><connected>true</connected></connectable><controllerKey>100</controllerKey><unitNumber>7</unitNumber>${ofDevice}<addressType>assigned</addressType><macAddress>00:50:56:00:00:01</macAddress></device>
<device xsi:type="VirtualTPM"><key>11000</key></device>${after}</val></propSet>
<propSet><name>snapshot</name><val xsi:type="VirtualMachineSnapshotInfo"><currentSnapshot type="VirtualMachineSnapshot">snapshot-3</currentSnapshot><rootSnapshotList><snapshot type="VirtualMachineSnapshot">snapshot-3</snapshot><vm type="VirtualMachine">vm-42</vm><name>mine</name><description></description><id>3</id><createTime>2026-11-20T10:00:00.5Z</createTime><state>poweredOn</state><quiesced>false</quiesced><replaySupported>false</replaySupported></rootSnapshotList></val></propSet>
</objects></returnval></RetrievePropertiesExResponse>`);
}
