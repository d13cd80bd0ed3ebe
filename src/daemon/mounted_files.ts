// Finds files that are mounted by themselves, so that the daemon may never see their edits, and logs each of them once.
import { credentialPath } from "../host/credential.ts";
import { type SingleMount, singleMounts } from "../host/single_mount.ts";
import { environmentFilePath } from "../source/inputs.ts";
import { withinLimit } from "../time/limit.ts";
import type { DaemonSettings } from "./daemon_settings.ts";

/** The files that are mounted by themselves. Disposing of it ends the looks. */
export interface MountedFiles extends AsyncDisposable {
  /** As the last look found them. */
  known(): readonly SingleMount[];
  /** Looks now, or shares the look that is under way. */
  look(): Promise<readonly SingleMount[]>;
}

/** Other parts report a file system that does not answer. */
const LOOK_LIMIT_MILLISECONDS = 1_000;

/** Opens the files that the settings name; none is known as mounted before the first look. */
export function mountedFiles(settings: DaemonSettings): MountedFiles {
  const { log } = settings;
  const paths = filesOf(settings);
  let known: readonly SingleMount[] = [];
  let looking: Promise<readonly SingleMount[]> | null = null;
  let isClosed = false;
  const look = async () => {
    const looked = await withinLimit(singleMounts(paths), LOOK_LIMIT_MILLISECONDS);
    if (!looked.ok) return known;
    const found = looked.value;
    for (const { what, todo } of found) if (!known.some((one) => one.what === what)) log.warning(`${what}: ${todo}`);
    return known = found;
  };
  return {
    known: () => known,
    async look() {
      if (isClosed) return known;
      return await (looking ??= look().finally(() => looking = null));
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await looking;
    },
  };
}

/** Every file that is read again when it changes, and the options file, whose change is logged. */
function filesOf({ options, sourcePath, optionsPath, environment }: DaemonSettings): string[] {
  const { admin, highAvailability: { redisPasswordFile, tls }, configurationWatcher, approvals, store } = options;
  const secrets = [admin.tokenFile, redisPasswordFile, store.keyFile]
    .map((one) => one && credentialPath(one, environment));
  const certificates = [admin.tls.certificateFile, admin.tls.keyFile, tls.caFile, tls.certificateFile];
  const environmentFiles = configurationWatcher.environmentFiles.map(environmentFilePath);
  const signers = [approvals.allowedSigners, approvals.revokedKeys];
  return [sourcePath, ...environmentFiles, optionsPath, ...secrets, ...certificates, tls.keyFile, ...signers]
    .filter((one): one is string => one !== null && one !== "");
}
