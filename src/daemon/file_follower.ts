// Follows the files that a reload depends on: every change of the source or an environment file ends in a hint, after
// quiet time; a change of the options file is told, for it counts only after a restart.
import type { BlockParser } from "../document/blocks.ts";
import { DEFAULT_LIMITS } from "../document/parser.ts";
import type { HintReason } from "../reload/state.ts";
import { type ChangeSign, watchFiles } from "../source/file_watcher.ts";
import { formatOf } from "../snapshot/compile.ts";
import { environmentFilePath } from "../source/inputs.ts";
import { debounce } from "../source/debounce.ts";
import type { EventRecorder } from "./event_recorder.ts";
import type { DaemonSettings } from "./daemon_settings.ts";

/** What following needs. */
export interface FollowTools {
  /** Is told of the options file and of trouble. */
  readonly recorder: EventRecorder;
  /** Is told of work that may come. */
  readonly parser: BlockParser;
  /** Says "look again". */
  hint(reason: HintReason): void;
}

/** Watches the source, the environment files and the options file; null where watching is off. */
export async function followFiles(settings: DaemonSettings, tools: FollowTools): Promise<AsyncDisposable | null> {
  const { options, sourcePath, optionsPath, log } = settings;
  const { recorder, parser, hint } = tools;
  const { enableFileWatching, debounceMilliseconds, pollSeconds, logChangeEvents, environmentFiles } =
    options.configurationWatcher;
  if (!enableFileWatching) {
    log.information("File watching disabled: SIGHUP and the admin interface reload", { path: sourcePath });
    return null;
  }
  // A start takes a fifth of a second, which hides in the quiet time: but not where there is none, for the load asks in
  // the next moment and often nothing at all; nor where it is so long that the process would have been ended again.
  const isStartHidden = debounceMilliseconds > 0 && debounceMilliseconds < DEFAULT_LIMITS.idleMilliseconds;
  // JSON is read without it.
  const isWarmed = isStartHidden && formatOf(sourcePath) === "hcl";
  const changed = new Map<string, ChangeSign>();
  let toldOfSilence = false;
  let hasEvents = true;
  const debouncer = debounce({ quietMilliseconds: debounceMilliseconds }, () => {
    for (const path of changed.keys()) {
      if (path === optionsPath) recorder.optionsChanged(path);
      else if (logChangeEvents) log.information(`Configuration file changed: ${path}`);
    }
    const signs = [...changed].filter(([path]) => path !== optionsPath).map(([, sign]) => sign);
    changed.clear();
    if (signs.length > 0) hint(signs.every((sign) => sign === "poll") ? "poll" : "file");
  });
  const paths = [sourcePath, ...environmentFiles.map(environmentFilePath)];
  const watcher = await watchFiles(optionsPath ? [...paths, optionsPath] : paths, {
    events: true,
    pollMilliseconds: pollSeconds * 1000,
    onHint: (path, sign) => {
      if (sign === "poll" && hasEvents && !toldOfSilence) {
        toldOfSilence = true;
        log.warning("A change came without an event: here polling finds what the file system does not tell", { path });
      }
      if (changed.get(path) !== "event") changed.set(path, sign);
      if (path === sourcePath && isWarmed) parser.warm();
      debouncer.hint();
    },
    onTrouble: (reason) => {
      hasEvents = false;
      recorder.watcherFailed(reason, pollSeconds);
    },
    onRecovered: () => {
      hasEvents = true;
      recorder.watcherRecovered();
    },
  });
  log.information("File watching enabled - configuration changes will be automatically detected and reloaded", {
    path: sourcePath,
    debounceMilliseconds,
    pollSeconds,
  });
  return {
    async [Symbol.asyncDispose]() {
      debouncer.close();
      await watcher[Symbol.asyncDispose]();
    },
  };
}
