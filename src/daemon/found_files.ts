// Logs which snapshot and server form a start found, and whether it kept them.
import type { Options } from "../options/options.ts";
import type { Logger } from "../telemetry/log.ts";
import { describeFault } from "../snapshot/snapshot.ts";
import type { Existing, ExistingServerForm, OpenedStore } from "../snapshot/store.ts";

/** Logs the found files. A missing file is logged by the first look, which writes it. */
export function logFoundFiles(
  log: Pick<Logger, "information" | "warning" | "error">,
  { path, serverPath }: Pick<Options["snapshot"], "path" | "serverPath">,
  { existing, existingServerForm, stale }: Pick<OpenedStore, "existing" | "existingServerForm" | "stale">,
): void {
  const logFault = (name: string, path: string, existing: Existing | ExistingServerForm) => {
    if (existing.state === "newer-format") {
      log.warning(`The ${name} has a newer format than this version knows: it is replaced by the next one`, { path });
    } else if (existing.state === "damaged") {
      const { fault, setAsideAs } = existing;
      const outcome = setAsideAs === null ? "it could not be set aside and stays where it is" : "it was set aside";
      log.error(`The ${name} ${describeFault(fault)}: ${outcome}`, { path, setAsideAs });
    }
  };
  const header = existing.state === "in-force" ? existing.header : null;
  if (header !== null) log.information("The snapshot is whole and stays in force", { path, hash: header.hash });
  logFault("snapshot", path, existing);
  if (serverPath !== null && existingServerForm !== null) {
    logFault("server form", serverPath, existingServerForm);
    const isOther = existingServerForm.state === "in-force" &&
      existingServerForm.header.contentHash !== header?.contentHash;
    if (isOther) log.warning("The server form is that of another snapshot: it is replaced", { path: serverPath });
  }
  for (const path of stale.removed) log.information("Removed a temporary file that a crash had left", { path });
  for (const path of stale.left) log.warning("A temporary file that a crash left cannot be removed", { path });
}
