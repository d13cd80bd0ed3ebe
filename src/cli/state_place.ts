// Finds the state of the daemon on this host without asking it: by the options of the command line, else by those of
// the unit that it runs as.
import { dirname, resolve } from "node:path";
import { renderText } from "../diagnostic/render.ts";
import { hostMachine } from "../doctor/machine.ts";
import { credentialDirectoriesOf, credentialIn, INSTALLATION, readUnit, readUnitSettings } from "../doctor/unit.ts";
import type { AdminFlags } from "./admin_address.ts";
import type { ExitCode } from "./exit_codes.ts";
import { environmentFilePath } from "../source/inputs.ts";
import { requestedOptions } from "./prepared.ts";
import type { Terminal } from "./terminal.ts";

export interface StatePlaceRequest {
  readonly address: AdminFlags;
  /** The arguments of `--set`. */
  readonly set: readonly string[];
  /** The unit that the daemon runs as. Its options count if the command line has none. */
  readonly unit: string;
}

const UNIT_LIMIT_MILLISECONDS = 5_000;

/** The daemon's state on this host, or the exit code of a command whose options are wrong. */
export type StatePlace =
  | {
    readonly ok: true;
    /** `State:Directory`. */
    readonly directory: string;
    readonly address: AdminFlags;
    /** Of the daemon, as far as it is known without asking it. */
    readonly environment: Readonly<Record<string, string>>;
    /** `ConfigurationWatcher:EnvironmentFiles`, absolute. */
    readonly environmentFiles: readonly string[];
    /** The path of the key ring of `Store:KeyFile`; null: none. */
    readonly keyFile: string | null;
  }
  | { readonly ok: false; readonly code: ExitCode };

/** Finds the directory and the daemon by the options of the command line, else by those of the unit. */
export async function findStatePlace(
  { address, set, unit }: StatePlaceRequest,
  terminal: Terminal,
): Promise<StatePlace> {
  const ofUnit = address.optionsFile === null && set.length === 0 ? await unitSettings(unit, terminal) : null;
  const environment = ofUnit?.environment ?? terminal.environment;
  const optionsFile = ofUnit?.optionsFile ?? address.optionsFile;
  const read = await requestedOptions({ config: null, optionsFile, settings: [], set }, environment);
  if (!read.ok) {
    terminal.error(renderText(read.diagnostics, { sources: new Map(), colour: terminal.colourError, frames: false }));
    return read;
  }
  const { state, snapshot, admin, configurationWatcher } = read.options;
  const directory = resolve(ofUnit?.workingDirectory ?? ".", state.directory ?? dirname(snapshot.path));
  const isNamed = address.url !== null || address.socket !== null;
  const at = isNamed ? address : { ...address, optionsFile: null, socket: admin.socket };
  const environmentFiles = configurationWatcher.environmentFiles.map((written) => {
    const path = resolve(ofUnit?.workingDirectory ?? ".", environmentFilePath(written));
    return written.startsWith("-") ? `-${path}` : path;
  });
  const credentials = credentialDirectoriesOf(unit, environment, INSTALLATION);
  const named = read.options.store.keyFile;
  const keyFile = named &&
    (await credentialIn(credentials, named, hostMachine) ?? resolve(ofUnit?.workingDirectory ?? ".", named));
  return { ok: true, directory, address: at, environment, environmentFiles, keyFile };
}

async function unitSettings(name: string, { environment }: Terminal) {
  const unit = await readUnit(hostMachine, name, AbortSignal.timeout(UNIT_LIMIT_MILLISECONDS));
  return await readUnitSettings(unit, environment, hostMachine, INSTALLATION);
}
