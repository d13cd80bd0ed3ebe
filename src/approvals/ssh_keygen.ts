// Runs ssh-keygen of OpenSSH, which makes and verifies the signatures: no cryptography of our own decides about a
// configuration.
import { firstFile } from "../host/program_search.ts";
import { type ProgramEnd, runProgramToEnd } from "../host/program_run.ts";

/** The paths of ssh-keygen(1) on Debian and others. */
export const SSH_KEYGEN_PATHS: readonly string[] = [
  "/usr/bin/ssh-keygen",
  "/bin/ssh-keygen",
  "/usr/local/bin/ssh-keygen",
];

/** The advice if it is missing. */
export const NO_SSH_KEYGEN = "is not on this host: install the client of OpenSSH (openssh-client)";

/** A verification takes some 10 ms; only an overloaded host takes long. */
const LIMIT_MILLISECONDS = 5_000;

/** Principals of one line of an allowed signers file are the longest output. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/** Runs ssh-keygen with a text on its standard input. */
export type SshKeygen = (args: readonly string[], input: string) => Promise<ProgramEnd>;

/** Runs the host's own ssh-keygen. */
export const hostSshKeygen: SshKeygen = async (args, input) => {
  const path = firstFile(SSH_KEYGEN_PATHS);
  if (path === null) return { ok: false, reason: NO_SSH_KEYGEN };
  const bounds = { limitMilliseconds: LIMIT_MILLISECONDS, maxOutputBytes: MAX_OUTPUT_BYTES };
  return await runProgramToEnd({ path, args, input, ...bounds });
};
