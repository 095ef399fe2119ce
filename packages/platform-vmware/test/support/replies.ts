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
