// All checks, in the order in which their findings are told: what is said first is mostly why something later is wrong.
import { clockCheck, parserCheck, procCheck, setprivCheck } from "./host_checks.ts";
import { daemonCheck, unitCheck } from "./unit_checks.ts";
import type { Check, Subject } from "./examination.ts";
import { firstProcessCheck, hooksCheck } from "./hook_checks.ts";
import { optionsFileCheck, secretFilesCheck, userCheck } from "./options_checks.ts";
import { redisCheck } from "./redis_checks.ts";
import { serverFormCheck } from "./server_form_checks.ts";
import { serverUnitsCheck } from "./server_unit_checks.ts";
import {
  snapshotDirectoryCheck,
  snapshotFileCheck,
  snapshotFileSystemCheck,
  snapshotLockCheck,
  socketDirectoryCheck,
  stateDirectoryCheck,
} from "./snapshot_checks.ts";
import {
  singleMountsCheck,
  sourceCheck,
  sourceFileSystemCheck,
  sourceNameCheck,
  sourcePermissionsCheck,
} from "./source_checks.ts";
import { watcherCheck } from "./watcher_checks.ts";

/** What needs no valid options. */
export const HOST_CHECKS: readonly Check<Pick<Subject, "machine" | "unit">>[] = [
  parserCheck,
  procCheck,
  setprivCheck,
  unitCheck,
];

/** All. */
export const CHECKS: readonly Check[] = [
  userCheck,
  optionsFileCheck,
  secretFilesCheck,
  sourceNameCheck,
  sourceCheck,
  sourcePermissionsCheck,
  sourceFileSystemCheck,
  singleMountsCheck,
  watcherCheck,
  snapshotDirectoryCheck,
  snapshotFileCheck,
  snapshotFileSystemCheck,
  serverFormCheck,
  snapshotLockCheck,
  stateDirectoryCheck,
  socketDirectoryCheck,
  redisCheck,
  clockCheck,
  ...HOST_CHECKS,
  daemonCheck,
  hooksCheck,
  serverUnitsCheck,
  firstProcessCheck,
];
