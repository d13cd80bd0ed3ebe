// Keeps sources in Redis, each under its hash for 30 days. Any client can write there, so a value of another form
// counts as no source. Each transfer has its own connection.
import { Buffer } from "node:buffer";
import type { Notifier } from "../notifier.ts";
import { MAX_SOURCE_BYTES, refusalOf, type StoredSource } from "../stored_source.ts";
import type { Attempt } from "./attempts.ts";
import type { Keys } from "./redis_scripts.ts";
import { NO_REDIS, RedisTrouble, replyCode } from "./redis_trouble.ts";

/** How long a host may be away and still find the source of a rollback. */
const LIFE_MILLISECONDS = 30 * 24 * 60 * 60 * 1000;

/** The first byte of a value. */
const TAGS = { hcl: "h", json: "j" } as const;

/** Makes the functions of a notifier that put and read sources. */
export function sourcesIn({ sourcePrefix }: Keys, attempt: Attempt): Pick<Notifier, "putSource" | "source"> {
  return {
    async putSource(hash, source) {
      const refusal = refusalOf(source);
      if (refusal !== null) return refusal;
      const value = Buffer.concat([Buffer.from(TAGS[source.format]), source.bytes]);
      const outcome = await attempt("writes", async (session) => {
        const reply = await session.transfer("set", `${sourcePrefix}${hash}`, value, "PX", LIFE_MILLISECONDS);
        if (String(reply) !== "OK") throw new RedisTrouble(NO_REDIS);
      });
      return outcome.ok ? { ok: true } : outcome;
    },
    async source(hash) {
      const outcome = await attempt("reads", async (session) => {
        try {
          // One byte more than a source has shows that it is not one.
          return parseSource(await session.transfer("getrange", `${sourcePrefix}${hash}`, 0, MAX_SOURCE_BYTES + 1));
        } catch (error) {
          if (error instanceof RedisTrouble && replyCode(error.cause) === "WRONGTYPE") return null;
          throw error;
        }
      });
      return outcome.ok ? { ok: true, source: outcome.value } : outcome;
    },
  };
}

function parseSource(reply: unknown): StoredSource | null {
  if (!(reply instanceof Uint8Array)) throw new RedisTrouble(NO_REDIS);
  const tag = String.fromCharCode(...reply.subarray(0, 1));
  const bytes = reply.subarray(1);
  if (bytes.length > MAX_SOURCE_BYTES) return null;
  const format = tag === TAGS.hcl ? "hcl" : tag === TAGS.json ? "json" : null;
  // A copy, since the reply is a part of a larger buffer from the network.
  return format === null ? null : { format, bytes: new Uint8Array(bytes) };
}
