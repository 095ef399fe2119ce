export { collect } from './collect.ts';
export {
  type BlockDeviceSubject,
  blockDeviceConformance,
} from './conformance/block-device/block-device-conformance.ts';
export { blockReaderConformance } from './conformance/block-device/block-reader-conformance.ts';
export type {
  BlockReaderCapabilities,
  BlockReaderSubject,
} from './conformance/block-device/block-reader-subject.ts';
export { blockWriterConformance } from './conformance/block-device/block-writer-conformance.ts';
export type {
  BlockWriterCapabilities,
  BlockWriterSubject,
  WriterFixture,
} from './conformance/block-device/block-writer-subject.ts';
export { blockIoDriverConformance } from './conformance/block-io-driver/block-io-driver-conformance.ts';
export type {
  BlockIoDriverCapabilities,
  BlockIoDriverFixture,
  BlockIoDriverSubject,
} from './conformance/block-io-driver/block-io-driver-subject.ts';
export type { ConformanceCase, Runner } from './conformance/case.ts';
export { chunkerConformance } from './conformance/chunker/chunker-conformance.ts';
export type { ChunkerFixture, ChunkerSubject } from './conformance/chunker/chunker-subject.ts';
export { converterConformance } from './conformance/converter/converter-conformance.ts';
export type { ConverterFixture, ConverterSubject } from './conformance/converter/converter-subject.ts';
export {
  type FormatReaderCapabilities,
  type FormatReaderSubject,
  formatReaderConformance,
} from './conformance/format/format-reader-conformance.ts';
export {
  type FormatWriterSubject,
  formatWriterConformance,
} from './conformance/format/format-writer-conformance.ts';
export {
  type JournalFixture,
  type JournalSubject,
  journalConformance,
} from './conformance/journal/journal-conformance.ts';
export {
  type ObjectStoreCase,
  type ObjectStoreContext,
  type ObjectStoreSubject,
  objectStoreConformance,
} from './conformance/object-store/object-store-conformance.ts';
export { replicaConformance } from './conformance/replica/replica-conformance.ts';
export type { ReplicaFixture, ReplicaSubject } from './conformance/replica/replica-subject.ts';
export { repositoryConformance } from './conformance/repository/repository-conformance.ts';
export type {
  RepositoryFixture,
  RepositorySubject,
  StoredObject,
} from './conformance/repository/repository-subject.ts';
export { storedFiles } from './conformance/repository/stored-files.ts';
export { sourceConformance } from './conformance/source/source-conformance.ts';
export type { SourceFixture, SourceSubject } from './conformance/source/source-subject.ts';
export { targetConformance } from './conformance/target/target-conformance.ts';
export type { TargetFixture, TargetSubject } from './conformance/target/target-subject.ts';
export { DiskContent } from './memory/disk/disk-content.ts';
export { createMemoryDisk, type MemoryDisk, type MemoryDiskOptions } from './memory/disk/memory-disk.ts';
export { type MemoryReaderOptions, openMemoryReader } from './memory/disk/memory-reader.ts';
export { type MemoryWriterOptions, openMemoryWriter } from './memory/disk/memory-writer.ts';
export { createMemoryFileSystem, type MemoryFileSystem } from './memory/files/memory-file-system.ts';
export { MemoryHypervisor } from './memory/hypervisor/memory-hypervisor.ts';
export { MemoryMachine, type MemoryMachineOptions } from './memory/hypervisor/memory-machine.ts';
export { TrackedDisk } from './memory/hypervisor/tracked-disk.ts';
export { createMemoryConverter } from './memory/memory-converter.ts';
export { createMemoryDriver, type MemoryDriver, type MemoryEndpoint } from './memory/memory-driver.ts';
export { createMemoryJournal, type JournalStorage } from './memory/memory-journal.ts';
export {
  createMemoryRepository,
  type MemoryRepository,
  type MemoryRepositoryOptions,
} from './memory/repository/memory-repository.ts';
export { MemoryStore } from './memory/repository/memory-store.ts';
export { memoryRepositoryCapabilities } from './memory/repository/repository-capabilities.ts';
export { storedObjects } from './memory/repository/stored-objects.ts';
export {
  createMemorySource,
  type MemorySource,
  type MemorySourceOptions,
} from './memory/source/memory-source.ts';
export { memorySourceCapabilities } from './memory/source/source-capabilities.ts';
export {
  createMemoryTarget,
  type MemoryTarget,
  type MemoryTargetOptions,
} from './memory/target/memory-target.ts';
export { memoryTargetCapabilities } from './memory/target/target-capabilities.ts';
export { createTestClock, type TestClock } from './memory/test-clock.ts';
export { createTestFence, type TestFence } from './memory/test-fence.ts';
export { overlay } from './overlay.ts';
export { samplePoint } from './sample-point.ts';
export { seededBytes, seededInteger, seededRandom } from './seeded.ts';
export { lyingReader, READER_LIES, type ReaderLie } from './wrappers/blocks/lying-reader.ts';
export { clockDelay, type Delay, slowReader, slowWriter } from './wrappers/blocks/with-delay.ts';
export {
  type BlockFault,
  type BlockOperation,
  readerWithFaults,
  writerWithFaults,
} from './wrappers/blocks/with-faults.ts';
export { type CountingFileSystem, countingFileSystem } from './wrappers/files/counting-file-system.ts';
export {
  type CrashingFileSystem,
  type CrashOptions,
  crashingFileSystem,
  ProcessDied,
} from './wrappers/files/crashing-file-system.ts';
export { type DropSync, droppingSyncFileSystem } from './wrappers/files/dropping-sync-file-system.ts';
export { type FileFault, faultyFileSystem, fullAfter } from './wrappers/files/faulty-file-system.ts';
export {
  CHANGING_OPERATIONS,
  describeOperation,
  type FileOperation,
  type FileOperationKind,
  isChange,
} from './wrappers/files/file-operation.ts';
export { type Interceptor, interceptFileSystem } from './wrappers/files/intercept-file-system.ts';
export { type NfsRules, nfsRulesFileSystem } from './wrappers/files/nfs-rules-file-system.ts';
