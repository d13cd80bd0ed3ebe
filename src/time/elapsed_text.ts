// Lengths of time in words for a quick look: one number and one unit, rounded down.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `59 s`, `3 min`, `47 h`, `2 d`; a negative length counts as none. */
export function durationText(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min`;
  if (length < 2 * DAY) return `${Math.floor(length / HOUR)} h`;
  return `${Math.floor(length / DAY)} d`;
}

/** How long ago an ISO 8601 time was: `12 s ago`. A time after `now`, from a clock that differs, is shown as such. */
export function agoText(at: string, now: number): string {
  const age = now - Date.parse(at);
  if (Number.isNaN(age)) return "at an unknown time";
  return age > -MINUTE ? `${durationText(age)} ago` : `${durationText(-age)} ahead of this clock`;
}

/** The time since an ISO 8601 time: `for 12 s`. */
export function forText(since: string, now: number): string {
  const age = now - Date.parse(since);
  return Number.isNaN(age) ? "for an unknown time" : `for ${durationText(age)}`;
}
