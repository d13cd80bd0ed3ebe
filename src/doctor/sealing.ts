// The key ring, and whether it opens the sources of the history: a key that is missing shows here before a rollback
// needs it.
import { historyDirectory } from "../releases/history_directory.ts";
import { keyRingFile, ringModeTrouble } from "../releases/key_ring.ts";
import { historyTextKey, listHistory, readHistoryText, type TextRead } from "../releases/source_history.ts";
import { newestOf } from "../releases/stored_text.ts";
import { DEFAULT_MAX_BYTES } from "../source/source_file.ts";
import { section, type Subject, type Within } from "./examination.ts";
import { error, type Judgement, note, ok, warning } from "./finding.ts";
import { kindOf } from "./machine.ts";
import { credentialIn } from "./unit.ts";

/** Leaves time to judge the texts that were opened. */
const SHARE = 0.7;

/** `ring` is null if `Store:KeyFile` is not set, `texts` if the history cannot be listed, although it is a directory. */
async function readSealed(subject: Subject, { limitMilliseconds }: Within) {
  const { options: { store: { keyFile }, state, snapshot }, credentialDirectories, machine } = subject;
  const path = keyFile && (await credentialIn(credentialDirectories, keyFile, machine) ?? keyFile);
  const keyRing = path === null ? null : keyRingFile(path);
  const directory = historyDirectory(state.directory, snapshot.path);
  const end = Date.now() + limitMilliseconds * SHARE;
  const looked = await machine.look(directory.path);
  // state/files reports what else is there.
  const isOther = looked.ok && kindOf(looked.file) !== "directory";
  const texts = isOther ? [] : await listHistory(directory);
  const opened: { readonly key: string | null; readonly read: TextRead }[] = [];
  for (const text of texts?.toSorted((a, b) => b.writtenAt - a.writtenAt) ?? []) {
    // Only the newest are opened if there is no time for more.
    if (Date.now() >= end) break;
    const key = await historyTextKey(directory, text);
    const read = await readHistoryText(directory, text.hash, { maxTextBytes: DEFAULT_MAX_BYTES, keyRing });
    opened.push({ key, read });
  }
  return { ring: await keyRing?.read() ?? null, texts: texts && { count: texts.length, opened } };
}

type Texts = NonNullable<Awaited<ReturnType<typeof readSealed>>["texts"]>;

export const sealing = section("The key ring", readSealed, {
  "store/keys": ({ ring }) => {
    if (ring === null) return null;
    if (!ring.ok) {
      const canAdd = /: ENOENT$| has no key: /.test(ring.message);
      return failed(
        ring.message,
        `Put the key ring of another instance there${canAdd ? ", or honua-configd key add" : ""}`,
      );
    }
    const { path, keys } = ring.ring;
    const count = keys.length === 1 ? "a key" : `${keys.length} keys`;
    const trouble = ringModeTrouble(ring.ring);
    return [
      ok(`The key ring ${path} has ${count}; ${newestOf(ring.ring).id} seals`),
      ...trouble === null ? [] : [warning(trouble, `chmod g-w,o= ${path}`)],
    ];
  },
  "history/sources": ({ ring, texts }) => {
    if (texts === null) return note("The history cannot be listed", "Ask as root");
    // store/keys reports a key ring that this user cannot read.
    return texts.count > 0 && (ring === null || ring.ok || !isForbidden(ring.message)) && judgeTexts(texts);
  },
});

/** Permissions are judged for the daemon's user, which may differ from the doctor's. */
function isForbidden(message: string): boolean {
  return message.includes("EACCES");
}

function failed(message: string, todo: string): Judgement {
  return isForbidden(message) ? note(message, "Ask as root") : error(message, todo);
}

function judgeTexts({ count, opened }: Texts): Judgement {
  const all = opened.length < count ? `the newest ${opened.length} of ${count}` : `${count}`;
  // One that an eviction has removed meanwhile is no trouble.
  const unread = opened.flatMap(({ read }) => read.ok || read.reason === "missing" ? [] : [read]);
  const first = unread.find(({ reason }) => reason === "sealed") ?? unread[0];
  if (first === undefined) {
    const keys = [...Map.groupBy(opened, ({ key }) => key)];
    const named = keys.map(([key, { length }]) => `${key === null ? "not sealed" : `sealed with ${key}`}: ${length}`);
    return ok(`Sources of the history: ${all} can be read (${named.join(", ")})`);
  }
  const todo = first.reason === "sealed"
    ? "Put the key back into the key ring, from another instance or a copy"
    : "A rollback there needs the reserve or Redis: look at the disk, and remove the file if it is damaged";
  return failed(`Sources of the history: ${unread.length} of ${all} cannot be read: ${first.message}`, todo);
}
