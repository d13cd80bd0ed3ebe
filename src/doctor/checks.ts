// The table of checks. The order is that of the findings: an early trouble is often the reason of a later one.
import * as adminInterface from "./admin_interface.ts";
import type { Host, Section } from "./examination.ts";
import * as hooks from "./hooks.ts";
import * as host from "./host.ts";
import * as options from "./options.ts";
import { redis } from "./redis.ts";
import { sealing } from "./sealing.ts";
import { servers } from "./server_units.ts";
import * as snapshot from "./snapshot.ts";
import * as source from "./source.ts";

/** These need no valid options. */
export const HOST_CHECKS: readonly Section<unknown, Host>[] = [host.parser, host.ownMemory, host.setpriv, host.unit];

export const CHECKS: readonly Section[] = [
  options.settings,
  options.optionsFile,
  options.secretFiles,
  options.signers,
  options.sshKeygen,
  sealing,
  source.source,
  source.permissions,
  source.fileSystem,
  source.mountedFiles,
  snapshot.snapshotDirectory,
  snapshot.snapshotFile,
  snapshot.writer,
  snapshot.space,
  snapshot.serverForm,
  snapshot.serverDirectory,
  snapshot.stateDirectory,
  snapshot.stateFiles,
  snapshot.socketDirectory,
  adminInterface.certificate,
  adminInterface.listener,
  redis,
  host.clock,
  ...HOST_CHECKS,
  host.daemon,
  hooks.programs,
  hooks.pidFiles,
  hooks.processes,
  hooks.units,
  hooks.firstProcess,
  servers,
];
