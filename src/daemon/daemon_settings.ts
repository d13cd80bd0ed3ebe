// The settings of a daemon, which its parts share.
import type { Logger } from "../telemetry/log.ts";
import type { Options } from "../options/options.ts";

/** The settings of a daemon. */
export interface DaemonSettings {
  /** Validated. */
  readonly options: Options;
  /** As the user named it; null: there is no file, and the source is in the store. */
  readonly sourcePath: string | null;
  /** The options file, watched for changes that need a restart; null: there is none. */
  readonly optionsPath: string | null;
  /** The process's environment at the start. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of honua-configd. */
  readonly version: string;
  /** Whether it loads once: then it joins no cluster, listens nowhere and follows no file. */
  readonly once: boolean;
  readonly log: Logger;
}

/** A path for the message that makes other instances look, which only log it. */
export function lookAgainPath({ sourcePath, options }: Pick<DaemonSettings, "sourcePath" | "options">): string {
  return sourcePath ?? options.snapshot.path;
}
