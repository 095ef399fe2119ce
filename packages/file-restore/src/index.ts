export type { ByteSource } from './bytes/byte-source.ts';
export {
  type ExtractRequest,
  type ExtractResult,
  type ExtractServices,
  extractToFile,
} from './extract/extract-to-file.ts';
export { FindingList } from './extract/finding-list.ts';
export { createFileRestore, type FileRestore, type FileRestoreServices } from './file-restore.ts';
export type {
  DirectoryEntry,
  DirectoryPage,
  FilePiece,
  FileStat,
  FileSystemReader,
  FileType,
  NodeId,
  OwnerCheck,
  PageOptions,
} from './file-system-reader.ts';
export { type FileRestoreOptions, fileRestoreOptions } from './options.ts';
export { decodeName, encodeName } from './paths/entry-name.ts';
export type { OnFinding } from './paths/walk-tree.ts';
export {
  BrowseSession,
  type FolderPage,
  type ListedEntry,
  type VolumeWay,
} from './session/browse-session.ts';
export type { OpenedFiles, OpenFiles } from './session/open-files.ts';
export {
  type BrowsedVolume,
  type FoundFile,
  type OpenVolume,
  openPointFiles,
  PointFiles,
  type VolumeAccess,
  type WayChoice,
} from './session/point-files.ts';
export { openPointVolumes, type PointVolume, type PointVolumes } from './session/point-volumes.ts';
export type { Volume } from './volumes/volume.ts';
