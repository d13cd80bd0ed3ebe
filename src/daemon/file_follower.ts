// Follows the files that a reload depends on: every change of the source or an environment file results in a hint,
// after quiet time. A change of the options file is only recorded, because it needs a restart.
import type { BlockParser } from "../document/hcl/block_parser.ts";
import { DEFAULT_LIMITS } from "../document/hcl/parser.ts";
import type { HintReason } from "../reload/state.ts";
import { type ChangeSign, watchFiles } from "../source/file_watcher.ts";
import { formatOf } from "../compile.ts";
import { environmentFilePath } from "../source/inputs.ts";
import { debounce } from "../source/debounce.ts";
import type { EventRecorder } from "./event_recorder.ts";
import type { DaemonSettings } from "./daemon_settings.ts";

/** The receivers of the changes. */
export interface FollowTools {
  /** Records changes of the options file, and trouble. */
  readonly recorder: EventRecorder;
  /** Started when a file changes, before the quiet time ends. */
  readonly parser: BlockParser;
  /** Asks for a look. */
  hint(reason: HintReason): void;
}

/** Watches the source, the environment files and the options file; null: watching is off. */
export async function followFiles(settings: DaemonSettings, tools: FollowTools): Promise<AsyncDisposable | null> {
  const { options, sourcePath, optionsPath, log } = settings;
  const { recorder, parser, hint } = tools;
  const { enableFileWatching, debounceMilliseconds, pollSeconds, logChangeEvents, environmentFiles } =
    options.configurationWatcher;
  if (!enableFileWatching) {
    log.information("File watching disabled: SIGHUP and the admin interface reload", { path: sourcePath });
    return null;
  }
  // The parser takes a fifth of a second to start, which the quiet time hides. Without quiet time a start is no gain:
  // the load follows at once, and often asks nothing. With a long one the idle process would have ended before the
  // load.
  const isStartHidden = debounceMilliseconds > 0 && debounceMilliseconds < DEFAULT_LIMITS.idleMilliseconds;
  // JSON needs no parser.
  const isWarmed = isStartHidden && sourcePath !== null && formatOf(sourcePath) === "hcl";
  const changed = new Map<string, ChangeSign>();
  let isSilenceLogged = false;
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
  const paths = [sourcePath, ...environmentFiles.map(environmentFilePath), optionsPath]
    .filter((path): path is string => path !== null && path !== "");
  const watcher = await watchFiles(paths, {
    events: true,
    pollMilliseconds: pollSeconds * 1000,
    onHint: (path, sign) => {
      if (sign === "poll" && hasEvents && !isSilenceLogged) {
        isSilenceLogged = true;
        log.warning("A change came without an event: here polling finds changes that the file system does not report", {
          path,
        });
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
  const watching = sourcePath === null
    ? "The source is in the store (Source:From): of files only those of options and environment are watched"
    : "File watching enabled - configuration changes will be automatically detected and reloaded";
  log.information(watching, { path: sourcePath, debounceMilliseconds, pollSeconds });
  return {
    async [Symbol.asyncDispose]() {
      debouncer.close();
      await watcher[Symbol.asyncDispose]();
    },
  };
}
