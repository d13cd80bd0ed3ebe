// Reaches the history of a host: asks the daemon, and if it does not answer, reads the files that it left.
import { type HistoryDirectory, historyDirectory } from "../releases/history_directory.ts";
import { readReleaseFile } from "../releases/release_file.ts";
import type { KeptReleases } from "../releases/release.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { type AdminClient, unavailable, withAdminClient } from "./admin_client.ts";
import type { ExitCode } from "./exit_codes.ts";
import { findStatePlace, type StatePlace, type StatePlaceRequest } from "./state_place.ts";
import type { Terminal } from "./terminal.ts";

/** The end of a request to the daemon: the command's exit code, or in one line why nothing answered. */
export type Asked = { readonly code: ExitCode } | { readonly noAnswer: string };

/** The releases on the disk of this host. */
export interface HistoryOnDisk {
  readonly kept: KeptReleases;
  readonly directory: HistoryDirectory;
}

/** The two ways of a command to the history. */
export interface HistoryWays {
  /** `place` is null if the daemon's options cannot be read, or the daemon is another host's. */
  ask(client: AdminClient, place: FoundPlace | null): Promise<Asked>;
  read(found: HistoryOnDisk, place: FoundPlace): Promise<ExitCode>;
}

/** The state of the daemon on this host. */
export type FoundPlace = Extract<StatePlace, { ok: true }>;

/** Asks the daemon; reads the disk if it is this host's and does not answer. */
export async function reachHistory(
  request: StatePlaceRequest,
  terminal: Terminal,
  { ask, read }: HistoryWays,
): Promise<ExitCode> {
  const { address } = request;
  // A socket by itself does not say in which directory its daemon keeps its state.
  const isLocal = address.url === null && (address.socket === null || request.set.length > 0);
  // The daemon may answer even if this user cannot read its options.
  const complaints: string[] = [];
  const quiet = { ...terminal, error: (text: string) => void complaints.push(text) };
  const found = isLocal ? await findStatePlace(request, quiet) : null;
  const place = found?.ok ? found : null;
  return await withAdminClient(place?.address ?? address, terminal, async (client) => {
    const asked = await ask(client, place);
    if ("code" in asked) return asked.code;
    if (place === null) {
      for (const complaint of complaints) terminal.error(complaint);
      return unavailable(asked.noAnswer, terminal);
    }
    const directory = historyDirectory(place.directory, "");
    const { kept, trouble } = await readReleaseFile(directory);
    terminal.error(`${asked.noAnswer}\n`);
    const shown = terminalText(directory.path);
    if (kept === null) {
      const advice = trouble?.endsWith("EACCES") ? ": run this as root" : "";
      return unavailable(
        trouble === null ? `No history of releases was found in ${shown}` : trouble + advice,
        terminal,
      );
    }
    if (trouble !== null) terminal.error(`${trouble}\n`);
    terminal.error(`The daemon left this history in ${shown}:\n`);
    return await read({ kept, directory }, place);
  });
}
