import type { Verb } from '../verb.ts';
import { backupBrowse } from './backup-browse.ts';
import { backupChain } from './backup-chain.ts';
import { backupConsolidate } from './backup-consolidate.ts';
import { backupDelete } from './backup-delete.ts';
import { backupExtract } from './backup-extract.ts';
import { backupHold } from './backup-hold.ts';
import { backupList } from './backup-list.ts';
import { backupMount } from './backup-mount.ts';
import { backupMounts } from './backup-mounts.ts';
import { backupNote } from './backup-note.ts';
import { backupShow } from './backup-show.ts';
import { backupStart } from './backup-start.ts';
import { backupUnhold } from './backup-unhold.ts';
import { backupUnmount } from './backup-unmount.ts';
import { copy } from './copy.ts';
import { doctor } from './doctor.ts';
import { exportAdd } from './export-add.ts';
import { exportList } from './export-list.ts';
import { exportRemove } from './export-remove.ts';
import { exportServe } from './export-serve.ts';
import { imageCheck } from './image-check.ts';
import { imageCompare } from './image-compare.ts';
import { imageConvert } from './image-convert.ts';
import { imageInfo } from './image-info.ts';
import { imageMap } from './image-map.ts';
import { jobsCancel } from './jobs-cancel.ts';
import { jobsList } from './jobs-list.ts';
import { prune } from './prune.ts';
import { reconcile } from './reconcile.ts';
import { repositoryInit } from './repository-init.ts';
import {
  repositoryKeyAdd,
  repositoryKeyList,
  repositoryKeyRemove,
  repositoryKeyRotate,
} from './repository-key.ts';
import { repositoryRebuildCatalog } from './repository-rebuild-catalog.ts';
import { repositoryRebuildIndex } from './repository-rebuild-index.ts';
import { repositoryRenewLocks } from './repository-renew-locks.ts';
import { repositoryUsage } from './repository-usage.ts';
import { repositoryValidate } from './repository-validate.ts';
import { restoreResume } from './restore-resume.ts';
import { restoreRollback } from './restore-rollback.ts';
import { restoreShow } from './restore-show.ts';
import { restoreStart } from './restore-start.ts';
import { serverStart } from './server-start.ts';
import { tokenCreate } from './token-create.ts';
import { tokenList } from './token-list.ts';
import { tokenRevoke } from './token-revoke.ts';
import { verify } from './verify.ts';
import { vmwareVms } from './vmware-vms.ts';

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [
  repositoryInit,
  repositoryUsage,
  repositoryValidate,
  repositoryRebuildCatalog,
  repositoryRebuildIndex,
  repositoryRenewLocks,
  repositoryKeyList,
  repositoryKeyAdd,
  repositoryKeyRemove,
  repositoryKeyRotate,
  backupStart,
  backupList,
  backupShow,
  backupChain,
  backupBrowse,
  backupExtract,
  backupMount,
  backupMounts,
  backupUnmount,
  backupDelete,
  backupConsolidate,
  backupHold,
  backupUnhold,
  backupNote,
  restoreStart,
  restoreShow,
  restoreResume,
  restoreRollback,
  verify,
  copy,
  prune,
  reconcile,
  exportAdd,
  exportList,
  exportRemove,
  exportServe,
  imageInfo,
  imageConvert,
  imageCheck,
  imageMap,
  imageCompare,
  vmwareVms,
  serverStart,
  tokenCreate,
  tokenList,
  tokenRevoke,
  jobsList,
  jobsCancel,
  doctor,
];
