// The releases in the answer of `honua-configd status`: the reason why the source is not in force, the advice, and the
// releases that wait for a person or a check.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { causeText } from "../releases/release_text.ts";
import { isShown, progressText } from "../rollout/progress_text.ts";
import { agoText, durationText } from "../time/elapsed_text.ts";
import { posixQuoted } from "./shell_quote.ts";
import type { Status } from "./status.ts";
import { shortHash } from "./table.ts";

/**
 * The first line of a status while the source is held: the release in force, and by whom, when and why the source was
 * taken back.
 */
export function heldText(
  { active, release, hold }: Pick<Status, "active" | "release" | "hold">,
  { kind, hash: own, by, at, reason, why }: NonNullable<Status["held"]>,
  now: number,
): string {
  const hash = active === null ? "nothing" : shortHash(active.hash);
  const number = release === null ? "" : ` (release ${release.number})`;
  if (by === null || at === null || reason === null) return `Held: ${hash}${number} is in force; ${terminalText(why)}`;
  const who = terminalText(by);
  if (kind === "skipped" && own === active?.hash) {
    return `Still in force: ${hash}${number}, which ${who} rolled back ${agoText(at, now)}: ${terminalText(reason)}`;
  }
  const what = kind === "frozen"
    ? `${who} holds changes${hold === null ? "" : ` until ${terminalText(hold.until)}`}`
    : `${who} rolled the file's configuration back ${agoText(at, now)}`;
  return `Held: ${hash}${number} is in force; ${what}: ${terminalText(reason)}`;
}

/** The rows about releases, below the row of the active snapshot. */
export function releaseRows(status: Status, now: number): [string, string][] {
  const { release, held, hold, confirmation, bake, rollout } = status;
  const rows: [string, string][] = [];
  if (held !== null) rows.push(["To do", adviceText(status, held)]);
  if (release !== null) rows.push(["Release", releaseText(release)]);
  const undo = undoText(status, now);
  if (undo !== null) rows.push(["To undo", undo]);
  if (bake !== null) rows.push(["Health", bakeText(bake, release?.state === "failed", now)]);
  if (rollout !== null && isShown(rollout)) {
    rows.push(["Rollout", `of ${shortHash(rollout.hash)}: ${terminalText(progressText(rollout))}`]);
  }
  if (confirmation !== null) {
    const left = leftText(confirmation.deadline, now);
    rows.push(["Confirm", `${left} left, then the change goes back: honua-configd confirm keeps it`]);
  }
  if (hold !== null) {
    const { until, author, reason } = hold;
    const left = `for ${leftText(until, now)} more, by ${terminalText(author)}: ${terminalText(reason)}`;
    rows.push(["Hold", `${left} (honua-configd release-hold ends it)`]);
  }
  return rows;
}

/** With the path of the source, so that the line can be pasted. */
function adviceText({ source }: Status, { kind, advice }: NonNullable<Status["held"]>): string {
  const isOfFile = kind === "skipped" || kind === "overtaken" || kind === "taken-back";
  if (!isOfFile || source === null) return terminalText(advice);
  return terminalText(advice.replaceAll(/ FILE\b/g, () => ` ${posixQuoted(source)}`));
}

/**
 * For this long after an edit the status shows the command of a rollback: later the edit is hardly the cause of a
 * problem.
 */
const UNDO_MILLISECONDS = 24 * 3_600_000;

/** The way back from a new edit, or from a snapshot that was lost; null: nothing new is in force, or a rollback would undo something else. */
function undoText({ active, release, held, mode, undo }: Status, now: number): string | null {
  if (active === null && undo.to !== null) {
    return `honua-configd rollback --reason TEXT puts release ${undo.to} in force, until the source is valid`;
  }
  if (release === null || held !== null || undo.to === null) return null;
  const isEdit = ["file", "operator", "force", "cluster"].includes(release.cause);
  if (!isEdit || !(now - Date.parse(release.at) < UNDO_MILLISECONDS)) return null;
  const where = mode === "cluster" ? " goes back here and on all other instances" : " goes back";
  return `honua-configd rollback --reason TEXT${where}`;
}

function releaseText({ number, cause, author, reason, state }: NonNullable<Status["release"]>): string {
  const by = terminalText(causeText({ cause, author }));
  return `${number}, ${terminalText(state.replace("-", " "))}, by ${by}${
    reason === null ? "" : `: ${terminalText(reason)}`
  }`;
}

function bakeText({ endsAt, failures }: NonNullable<Status["bake"]>, isFailed: boolean, now: number): string {
  if (isFailed) {
    const left = endsAt === null ? "" : `: it succeeds, for ${leftText(endsAt, now)} more`;
    return `asked again, and healthy when that succeeds for a whole bake${left}`;
  }
  if (endsAt === null) return "checks begin when the hooks are done";
  const failed = failures === 0 ? "no failure" : `${failures} ${failures === 1 ? "failure" : "failures"} in a row`;
  // A candidate is watched for longer than its own bake.
  if (Date.parse(endsAt) <= now) return `watched while its rollout is under way, ${failed}`;
  return `watched for ${leftText(endsAt, now)} more, ${failed}`;
}

function leftText(time: string, now: number): string {
  const left = Date.parse(time) - now;
  return Number.isNaN(left) ? "an unknown time" : durationText(left);
}
