// What a daemon is started with.
import type { Logger } from "../telemetry/log.ts";
import type { Options } from "../options/options.ts";

/** What a daemon is started with. */
export interface DaemonSettings {
  /** Validated options. */
  readonly options: Options;
  /** The source, as it was named. */
  readonly sourcePath: string;
  /** The options file, watched for changes that want a restart; null where there is none. */
  readonly optionsPath: string | null;
  /** The process's environment, as it was at start. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of honua-configd. */
  readonly version: string;
  /** Whether it only loads: then it joins no cluster, listens nowhere and follows no file. */
  readonly once: boolean;
  /** Where it says what happens. */
  readonly log: Logger;
}
