// The key ring, and whether it opens the sources of the history: a key that is missing shows here before a rollback
// needs it.
import { dirname, join } from "node:path";
import { historyDirectory } from "../releases/history_directory.ts";
import { type KeyRingFile, keyRingFile, type KeyRingRead } from "../releases/key_ring.ts";
import { historyTextKey, listHistory, readHistoryText, type TextRead } from "../releases/source_history.ts";
import { newestOf } from "../releases/stored_text.ts";
import { DEFAULT_MAX_BYTES } from "../source/source_file.ts";
import { type Check, check, facts, type Subject } from "./examination.ts";
import { error, type Judgement, note, ok, warning } from "./finding.ts";
import { modeText } from "./permissions.ts";

/** Leaves time to judge the texts that were opened. */
const SHARE = 0.7;

/** The facts about the key ring and the history. */
interface SealingFacts {
  /** Null: `Store:KeyFile` is not set. */
  readonly ring: KeyRingRead | null;
  /** Null: the history cannot be listed. */
  readonly texts: Opened | null;
}

/** The outcome for the texts; only the newest are opened if there is no time for more. */
interface Opened {
  readonly count: number;
  readonly opened: number;
  /** How many texts each key sealed; null: not sealed. */
  readonly keys: ReadonlyMap<string | null, number>;
  readonly failed: readonly Extract<TextRead, { ok: false }>[];
}

export const sealing = facts("store/keys", "The key ring", async (subject: Subject, within): Promise<SealingFacts> => {
  const path = await keyFileOf(subject);
  const keyRing = path === null ? null : keyRingFile(path);
  return {
    ring: await keyRing?.read() ?? null,
    texts: await openTexts(subject, keyRing, within.limitMilliseconds * SHARE),
  };
});

/** A bare name is a credential's if there is such a credential (systemd.exec(5)). */
async function keyFileOf({ options: { store: { keyFile } }, credentialDirectories, machine }: Subject) {
  if (keyFile === null || keyFile.includes("/")) return keyFile;
  for (const path of credentialDirectories.map((directory) => join(directory, keyFile))) {
    if ((await machine.look(path)).ok) return path;
  }
  return keyFile;
}

async function openTexts({ options, machine }: Subject, keyRing: KeyRingFile | null, limitMilliseconds: number) {
  const { state, snapshot } = options;
  const directory = historyDirectory(state.directory ?? dirname(snapshot.path), "");
  const end = machine.now() + limitMilliseconds;
  const texts = await listHistory(directory);
  if (texts === null) return null;
  const keys = new Map<string | null, number>();
  const failed: Opened["failed"][number][] = [];
  let opened = 0;
  for (const text of texts.toSorted((a, b) => b.writtenAt - a.writtenAt)) {
    if (machine.now() >= end) break;
    const key = await historyTextKey(directory, text);
    keys.set(key, (keys.get(key) ?? 0) + 1);
    const read = await readHistoryText(directory, text.hash, { maxTextBytes: DEFAULT_MAX_BYTES, keyRing });
    // One that an eviction has removed meanwhile is no trouble.
    if (!read.ok && read.reason !== "missing") failed.push(read);
    opened++;
  }
  return { count: texts.length, opened, keys, failed };
}

export const SEALING_CHECKS: readonly Check[] = [
  check("store/keys", sealing, ({ ring }) => {
    if (ring === null) return null;
    if (!ring.ok) {
      if (isForbidden(ring.message)) return note("The key ring cannot be judged by this user", "Ask as root");
      return error(ring.message, "Put the key ring of another instance there, or honua-configd key add");
    }
    const { path, keys, mode } = ring.ring;
    const what = `The key ring ${path} has ${keys.length === 1 ? "a key" : `${keys.length} keys`}`;
    const judgement = ok(`${what}; ${newestOf(ring.ring).id} seals`);
    // options/secrets judges the permissions of everyone.
    if ((mode & 0o020) === 0) return judgement;
    return [
      judgement,
      warning(`A group can replace the keys in ${path} (mode ${modeText(mode)})`, `chmod g-w ${path}`),
    ];
  }),
  check("history/sources", sealing, ({ ring, texts }) => {
    if (ring?.ok === false && isForbidden(ring.message)) return null;
    if (texts === null) return note("The history cannot be listed", "Ask as root");
    return texts.count === 0 ? null : judgeTexts(texts);
  }),
];

/** Permissions are judged for the daemon's user, which may differ from the doctor's. */
function isForbidden(message: string): boolean {
  return message.includes("EACCES");
}

function judgeTexts({ count, opened, keys, failed }: Opened): Judgement {
  const [first] = failed.toSorted((a, b) => Number(b.reason === "sealed") - Number(a.reason === "sealed"));
  const all = opened < count ? `the newest ${opened} of ${count}` : `${count}`;
  if (first === undefined) {
    const named = [...keys].map(([id, count]) => `${id === null ? "not sealed" : `sealed with ${id}`}: ${count}`);
    return ok(`Sources of the history: ${all} can be read (${named.join(", ")})`);
  }
  if (isForbidden(first.message)) return note("The sources of the history cannot be read by this user", "Ask as root");
  const what = `Sources of the history: ${failed.length} of ${all} cannot be read: ${first.message}`;
  const todo = first.reason === "sealed"
    ? "Put the key back into the key ring, from another instance or a copy"
    : "A rollback there needs the reserve or Redis: look at the disk, and remove the file if it is damaged";
  return error(what, todo);
}
