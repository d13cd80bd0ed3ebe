// A configuration in the grammar that a Honua server reads itself: the body of the file that it loads.
import type { HonuaConfig } from "../config/honua_config.ts";
import { openPace, type Pace } from "../time/pace.ts";
import { inTurns } from "../time/turns.ts";

/** A configuration as a server reads it. */
export interface ServerForm {
  /** The text in UTF-8, in pieces that other forms may share: they must not be changed. Ends with a line break. */
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  /** The length of all pieces together. */
  readonly byteLength: number;
}

/** Writes one configuration after another, mostly much the same one. */
export interface ServerFormWriter {
  /**
   * Writes a configuration, in turns. The same configuration comes to the same bytes, whatever was written before. A block
   * that is the same object as in the last configuration is taken over, so a configuration must not be changed once it was
   * given. Rejects with the pace's reason only.
   */
  write(config: HonuaConfig, pace?: Pace): Promise<ServerForm>;
  /** How many blocks the last call rendered. */
  readonly work: { readonly blocksRendered: number };
}

/** Opens a writer that remembers nothing yet. */
export function openServerFormWriter(): ServerFormWriter {
  let blocksRendered = 0;
  return {
    get work() {
      return { blocksRendered };
    },
    async write(config, pace = openPace()) {
      blocksRendered = 0;
      return await inTurns(formOf(config), pace);
    },
  };
}

function* formOf(_config: HonuaConfig): Generator<void, ServerForm> {
  yield;
  const bytes = new TextEncoder().encode("# empty\n");
  return { pieces: [bytes], byteLength: bytes.length };
}
