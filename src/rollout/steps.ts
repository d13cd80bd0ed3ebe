// The steps of a rollout as people write them: `3` hosts, `25%` of them, or `+1` host after the other.

/** One item of `Rollout:Steps`. */
export type Step =
  | { readonly kind: "hosts"; readonly hosts: number }
  | { readonly kind: "percent"; readonly percent: number }
  /** This many more each time, until all are in. */
  | { readonly kind: "more"; readonly hosts: number };

const FORM = /^(?:([1-9]\d{0,2}|1000)|([1-9]\d?|100)%|\+([1-9]\d{0,2}|1000))$/;

/** The form of an item in words that follow "must be". */
export const STEP_FORMS =
  'a number of hosts from 1 to 1000 ("1"), a percentage of them ("25%"), or a number more each time ("+1")';

/** Parses one item; null: it is not one. */
export function parseStep(text: string): Step | null {
  const [, hosts, percent, more] = FORM.exec(text) ?? [];
  if (hosts !== undefined) return { kind: "hosts", hosts: Number(hosts) };
  if (percent !== undefined) return { kind: "percent", percent: Number(percent) };
  return more === undefined ? null : { kind: "more", hosts: Number(more) };
}

/**
 * How many of `hosts` each step lets in: ascending, at least one at first, and all at last. A step that lets in nobody
 * new is left out.
 */
export function countsOf(steps: readonly Step[], hosts: number): readonly number[] {
  const counts: number[] = [];
  const add = (count: number) => {
    const bounded = Math.min(Math.max(1, count), hosts);
    if (bounded > (counts.at(-1) ?? 0)) counts.push(bounded);
  };
  for (const step of steps) {
    if (step.kind === "hosts") add(step.hosts);
    else if (step.kind === "percent") add(Math.ceil(hosts * step.percent / 100));
    else for (let count = (counts.at(-1) ?? 0) + step.hosts; count < hosts; count += step.hosts) add(count);
  }
  add(hosts);
  return counts;
}
