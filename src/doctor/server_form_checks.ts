// The server form: whether it is whole and that of the snapshot beside it, and can be replaced where it belongs. The
// file is read and left as it is.
import { dirname } from "node:path";
import { readSealedFile } from "../snapshot/examiner.ts";
import { verifyServerForm } from "../snapshot/server_form.ts";
import { verifyInTurns } from "../snapshot/snapshot.ts";
import type { Check } from "./examination.ts";
import { error, type Finding } from "./finding.ts";
import { examineDirectory, examineFile, examineFileSystem, targetOf, type WrittenFile } from "./snapshot_checks.ts";

const SERVER_FORM: WrittenFile = { name: "server form", prefix: "server-form", setting: "Snapshot:ServerPath" };

/** The server form, and its directory if it has one of its own. */
export const serverFormCheck: Check = {
  id: "server-form/file",
  about: "The server form",
  async examine(subject) {
    const { options: { snapshot: { path, serverPath } }, machine } = subject;
    if (serverPath === null) return [];
    const { findings, proof } = await examineFile(SERVER_FORM, subject, serverPath, (bytes) => verifyServerForm(bytes));
    const pairing = proof === null ? [] : await judgePair(path, proof.header);
    return [...findings, ...pairing, ...await examinePlace()];

    async function examinePlace(): Promise<readonly Finding[]> {
      const directory = dirname(await targetOf(serverPath!));
      if (directory === dirname(await targetOf(path))) return [];
      const can = `The daemon can write in ${directory}`;
      return [
        ...await examineDirectory("server-form/directory", subject, directory, can),
        await examineFileSystem(SERVER_FORM, machine, serverPath!),
      ];
    }
  },
};

/** Judges whether the server form is that of the snapshot, as far as that one can be read. */
async function judgePair(path: string, header: { hash: string; contentHash: string }): Promise<Finding[]> {
  const found = await readSealedFile(path, (bytes) => verifyInTurns(bytes)).catch(() => null);
  if (found?.state !== "file" || !found.verification.ok) return [];
  const { hash, contentHash } = found.verification.header;
  if (hash === header.hash && contentHash === header.contentHash) return [];
  const what = "The server form is that of another snapshot than the one beside it";
  return [error("server-form/file", what, "Start the daemon, or reload it: it writes both anew")];
}
