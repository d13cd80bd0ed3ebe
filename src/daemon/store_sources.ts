// Sources of releases in the cluster's store. While anything is skipped, an announcement puts its text there, so that a
// host whose source is skipped can run the head although it never ran it before. With a key ring the text is sealed.
import type { Announcement } from "../agreement/announcing.ts";
import type { Notifier } from "../cluster/notifier.ts";
import type { PutSourceAnswer } from "../cluster/stored_source.ts";
import { joinedBytes } from "../host/joined_bytes.ts";
import type { KeyRingFile } from "../releases/key_ring.ts";
import type { TextRead } from "../releases/source_history.ts";
import { readStoredForm, storedForm } from "../releases/stored_text.ts";
import { DEFAULT_MAX_BYTES } from "../source/source_file.ts";
import type { Logger } from "../telemetry/log.ts";

/**
 * Reads the text of a release from the store. Its content is not believed before it is compiled.
 *
 * @param keyRing null: none.
 */
export async function fetchText(
  notifier: Pick<Notifier, "source">,
  hash: string,
  keyRing: KeyRingFile | null,
): Promise<TextRead> {
  const answer = await notifier.source(hash);
  if (!answer.ok) return { ok: false, reason: "unreadable", message: answer.reason };
  if (answer.source === null) {
    const message = `neither the history of this host nor Redis has the source of release ${hash.slice(0, 12)}`;
    return { ok: false, reason: "missing", message };
  }
  const { format, bytes } = answer.source;
  const read = await readStoredForm(new Uint8Array(bytes), { hash, keyRing }, DEFAULT_MAX_BYTES);
  if (!read.ok) return { ...read, message: `The source of ${hash} in Redis ${read.message}` };
  return { ok: true, format, bytes: read.bytes };
}

/**
 * Whether another host may need the text of the announced hash: its own source is skipped, and it never ran the hash.
 */
export function needsText({ skips, undoes }: Pick<Announcement, "skips" | "undoes">): boolean {
  return undoes.length > 0 || skips.length > 0;
}

/** The parts that a text is put into the store with. */
export interface TextOffer {
  readonly notifier: Pick<Notifier, "putSource">;
  /** Seals texts; null: none. */
  readonly keyRing: KeyRingFile | null;
  textOf(hash: string): Promise<TextRead>;
}

/** Puts the text of a hash into the store. */
export async function putText(hash: string, { notifier, keyRing, textOf }: TextOffer): Promise<PutSourceAnswer> {
  const text = await textOf(hash);
  if (!text.ok) return { ok: false, reason: text.message };
  const form = await storedForm(text.bytes, { hash, keyRing });
  if (!form.ok) return { ok: false, reason: form.message };
  return await notifier.putSource(hash, { format: text.format, bytes: joinedBytes(form.bytes) });
}

/**
 * Puts the text of an announced release into the store if a host may need it, and returns whether it may. A failure is
 * logged and keeps nothing from being announced: hosts that have the text follow anyway.
 */
export async function offerText(
  announcement: Announcement,
  { log, isShared, ...offer }: TextOffer & {
    readonly log: Pick<Logger, "warning">;
    /** Whether hosts of this fleet take texts from the store although nothing is skipped. */
    readonly isShared: boolean;
  },
): Promise<boolean> {
  if (!isShared && !needsText(announcement)) return false;
  const put = await putText(announcement.hash, offer);
  if (!put.ok) {
    log.warning(`The source of the release could not be put into Redis: hosts without it do not follow: ${put.reason}`);
  }
  return true;
}
